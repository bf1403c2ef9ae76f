"""`pincite feedback`: what people said of answers, and gold questions out of it."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.gold import GoldQuote, GoldRow
from index.errors import PinciteError
from index.files import write_whole
from index.records import ChunkedDocument, Document
from index.store import open_store
from index.store.protocols import Snapshot, Store
from index.store.records import Feedback, RatedQuote
from index.structure.wording import plain_words
from index.terminal import WRONG_USAGE, note, one_line
from qa.options import STORE, JsonOption, with_settings
from qa.settings import Settings

MOVED_WORDS = 5
"""What a quote needs to be recognised where it does not stand at its offsets."""

_RATED_BOTH_WAYS = "there are thumbs up and down: keep the quotes that answer, and set kind"
_RIGHTLY_ABSTAINED = "rightly not answered: set kind to near-miss, or far-off for another subject"
_GONE = (
    "found helpful, but no document has what was cited any more, or it is too short to be told: "
    "give quotes that answer"
)
_UNCITED = "found helpful, but what was cited was not given with it: give quotes that answer"
_WRONGLY_ABSTAINED = "not answered, and that was no help: give quotes that answer, or set kind"
_NO_HELP = "answered with words that were no help: give quotes that answer, or set kind"

_Draft = dict[str, Any]
"""A question that a person has to complete, as a line that a gold file's reader refuses."""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def _feedback(context: typer.Context) -> None:
    """What people said of answers (POST /v1/feedback), and gold questions out of it."""
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(WRONG_USAGE)


@app.command("list")
@with_settings(*STORE)
def list_command(
    settings: Settings,
    as_json: JsonOption = False,
) -> None:
    """List what is kept, in the order in which it came."""
    entries = _store(settings).feedback.all()
    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], indent=2, ensure_ascii=False))
        return
    outcomes = {True: "answered", False: "abstained", None: "-"}
    for entry in entries:
        thumb = "up" if entry.helpful else "down"
        head = f"{entry.id}  {entry.created[:16]}Z  {thumb:4}  {outcomes[entry.answered]:9}"
        print(f"{head}  {one_line(entry.question)}")
        if entry.comment:
            print(f"  {one_line(entry.comment)}")
    note(f"Entries: {len(entries)}")


@app.command("gold")
@with_settings(*STORE)
def gold_command(
    settings: Settings,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A new gold file.", show_default="standard output"),
    ] = None,
    drafts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A new file for the questions that a person has to complete."
        ),
    ] = None,
) -> None:
    """Make gold questions of answers that were found helpful, for `pincite eval --gold FILE`.

    Their quotes are the cited words, as far as they stand in the documents. All other questions
    are drafts: each says what a person has to do to make a gold question of it.
    """
    for path in filter(None, (output, drafts)):
        _refuse_existing(path)
    target = _store(settings)
    entries = target.feedback.all()
    snapshot = target.open()
    rows: list[GoldRow] = []
    unfinished: list[_Draft] = []
    for same in _by_question(entries):
        question = _question(same, snapshot)
        if isinstance(question, GoldRow):
            rows.append(question)
        else:
            unfinished.append(question)
        if len(same) > 1:
            ups = sum(entry.helpful for entry in same)
            thumbs = f"{ups} up, {len(same) - ups} down" if 0 < ups < len(same) else "all alike"
            note(f"“{one_line(same[0].question)}” was rated {len(same)} times, {thumbs}.")
    gold = "".join(_line(row.model_dump(exclude={"split"})) for row in rows)
    if output and gold:
        _write(output, gold)
    else:
        print(gold, end="")
    summary = f"{len(entries)} entries of feedback, {len(rows)} gold questions"
    if unfinished:
        if drafts:
            _write(drafts, "".join(map(_line, unfinished)))
        written = f", in {drafts}" if drafts else ": --drafts FILE writes them"
        summary += f", {len(unfinished)} for a person to complete{written}"
    note(f"{summary}.")
    if output and not gold:
        why = "there is no feedback"
        if entries:
            why = "no question was rated helpful only and has quotes that still stand"
        note(f"{output} was not written: {why}.")


@app.command("remove")
@with_settings(*STORE)
def remove_command(
    settings: Settings,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Which.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All there is.")] = False,
) -> None:
    """Forget entries."""
    if bool(ids) == everything:
        raise typer.BadParameter("give ids, or --all", param_hint="ID")
    removed = _store(settings).feedback.remove(None if everything else ids)
    note(f"Entries removed: {removed}")


def _store(settings: Settings) -> Store:
    store = open_store(settings.location)
    store.standing()  # raises StoreError where there is no store
    return store


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise PinciteError(f"{path} is there already: name a new file, or remove that one.")


def _write(path: Path, content: str) -> None:
    try:
        write_whole(path, content.encode())
    except OSError as error:
        raise PinciteError(f"{path} cannot be written: {error.strerror}.") from error


def _line(content: Mapping[str, Any]) -> str:
    return f"{json.dumps(content, ensure_ascii=False)}\n"


def _by_question(entries: Iterable[Feedback]) -> Iterable[list[Feedback]]:
    """Group entries on the same question, as its words tell."""
    by_words: dict[str, list[Feedback]] = {}
    for entry in entries:
        key = " ".join(plain_words(entry.question)) or entry.question
        by_words.setdefault(key, []).append(entry)
    return by_words.values()


def _question(same: Sequence[Feedback], snapshot: Snapshot) -> GoldRow | _Draft:
    """Return what the entries on one question make of it."""
    name, question = f"feedback-{same[0].id}", same[0].question
    helpful = [entry for entry in same if entry.helpful]
    cited = [quote for entry in helpful for quote in entry.citations]
    quotes = tuple(dict.fromkeys(_standing(cited, snapshot)))
    if quotes and len(helpful) == len(same):
        return GoldRow(id=name, question=question, kind="answerable", quotes=quotes)
    abstained = all(entry.answered is False for entry in helpful or same)
    if len(helpful) not in (0, len(same)):
        to_do = _RATED_BOTH_WAYS
    elif not helpful:
        to_do = _WRONGLY_ABSTAINED if abstained else _NO_HELP
    elif cited:
        to_do = _GONE
    else:
        to_do = _RIGHTLY_ABSTAINED if abstained else _UNCITED
    given = [quote.model_dump() for quote in quotes]
    return {"id": name, "question": question, "kind": "draft", "quotes": given, "note": to_do}


def _standing(cited: Iterable[RatedQuote], snapshot: Snapshot) -> Iterator[GoldQuote]:
    for quote in cited:
        if document := _holder(quote, snapshot):
            yield GoldQuote(source=document.source, quote=quote.cited_text)


def _holder(quote: RatedQuote, snapshot: Snapshot) -> Document | None:
    """Return the document that a quote stands in: its own or, if it is gone from there, another.

    Anybody may send any words as a quote, and gold counts wherever it stands. So a few words are
    not enough unless they are the sentences that the offsets name.
    """
    own = snapshot.chunked(quote.document_id)
    if own and _is_as_cited(quote, own):
        return own.document
    if len(plain_words(quote.cited_text)) < MOVED_WORDS:
        return None
    if own and quote.cited_text in own.document.text:
        return own.document
    documents = (chunked.document for chunked in snapshot.documents())
    return next((each for each in documents if quote.cited_text in each.text), None)


def _is_as_cited(quote: RatedQuote, own: ChunkedDocument) -> bool:
    """Tell whether a quote is whole sentences of a passage, at its offsets."""
    return own.document.text[quote.start : quote.end] == quote.cited_text and any(
        any(sentence.start == quote.start for sentence in passage.sentences)
        and any(sentence.end == quote.end for sentence in passage.sentences)
        for passage in own.passages
    )
