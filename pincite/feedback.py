"""`pincite feedback`: what people said of answers, and gold questions out of it."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.gold import GoldQuote, GoldRow
from index.errors import PinciteError
from index.records import ChunkedDocument, Document
from index.store.feedback import Feedback, FeedbackFolder, RatedQuote
from index.store.objects import write_atomically
from index.store.snapshot import Snapshot, open_snapshot
from index.store.store import Store
from index.terminal import WRONG_USAGE, note, one_line
from qa.cli import StoreOption
from qa.question.wording import plain_words
from qa.settings import load_settings

MOVED_WORDS = 5
"""What a quote needs to be recognised where it does not stand at its offsets."""

_RATED_BOTH_WAYS = "there are thumbs up and down: keep the quotes that answer, and set kind"
_RIGHTLY_ABSTAINED = "rightly not answered: set kind to near-miss, or far-off for another subject"
_LOST = (
    "found helpful, but no document has what was cited any more, or it is too short to be told: "
    "give quotes that answer"
)
_UNCITED = "found helpful, but what was cited was not given with it: give quotes that answer"
_WRONGLY_ABSTAINED = "not answered, and that was no help: give quotes that answer, or set kind"
_NO_HELP = "answered with words that were no help: give quotes that answer, or set kind"

_DONE = {True: "answered", False: "abstained", None: "-"}

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def _feedback(context: typer.Context) -> None:
    """What people said of answers (POST /v1/feedback), and gold questions out of it."""
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(WRONG_USAGE)


@app.command("list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    store: StoreOption = None,
) -> None:
    """List what is kept, in the order in which it came."""
    entries = _feedback_in(_store(store)).all()
    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], indent=2, ensure_ascii=False))
        return
    for entry in entries:
        thumb = "up" if entry.helpful else "down"
        head = f"{entry.id}  {entry.created[:16]}Z  {thumb:4}  {_DONE[entry.answered]:9}"
        print(f"{head}  {one_line(entry.question)}")
        if entry.comment:
            print(f"  {one_line(entry.comment)}")
    note(f"Entries: {len(entries)}")


@app.command("gold")
def gold_command(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="A new gold file.", show_default="standard output"
        ),
    ] = None,
    drafts: Annotated[
        Path | None,
        typer.Option(
            "--drafts",
            metavar="FILE",
            help="A new file for the questions that a person has to complete.",
        ),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Make gold questions of answers that were found helpful, for `pincite eval --gold FILE`.

    Their quotes are the cited words, as far as they stand in the documents. All other questions
    are drafts: each says what a person has to do to make a gold question of it.
    """
    for path in filter(None, (output, drafts)):
        _refuse_existing(path)
    target = _store(store)
    entries = _feedback_in(target).all()
    harvest = _harvest(entries, open_snapshot(target))
    for remark in harvest.remarks:
        note(remark)
    gold = "".join(_line(row.model_dump(exclude={"split"})) for row in harvest.rows)
    if output and gold:
        _write(output, gold)
    else:
        print(gold, end="")
    told = f"{len(entries)} entries of feedback, {len(harvest.rows)} gold questions"
    if harvest.drafts:
        if drafts:
            _write(drafts, "".join(map(_line, harvest.drafts)))
        written = f", in {drafts}" if drafts else ": --drafts FILE writes them"
        told += f", {len(harvest.drafts)} for a person to complete{written}"
    note(f"{told}.")


@app.command("remove")
def remove_command(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Which.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All there is.")] = False,
    store: StoreOption = None,
) -> None:
    """Forget entries."""
    if bool(ids) == everything:
        raise typer.BadParameter("give ids, or --all", param_hint="ID")
    removed = _feedback_in(_store(store)).remove(None if everything else ids)
    note(f"Entries removed: {removed}")


def _store(folder: Path | None) -> Store:
    store = Store(load_settings(store=folder).store)
    store.pointer()  # where there is no store, that is said
    return store


def _feedback_in(store: Store) -> FeedbackFolder:
    return FeedbackFolder(store.folder)


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise PinciteError(f"{path} is there already: name a new file, or remove that one.")


def _write(path: Path, content: str) -> None:
    try:
        write_atomically(path, content.encode())
    except OSError as error:
        raise PinciteError(f"{path} cannot be written: {error.strerror}.") from error


def _line(content: Mapping[str, Any]) -> str:
    return f"{json.dumps(content, ensure_ascii=False)}\n"


_Draft = dict[str, Any]
"""A question that a person has to complete, and how, as a line that a gold file's reader refuses;
its quotes are those that may stay."""


@dataclass(frozen=True, slots=True)
class _Harvest:
    """What became of feedback: a row or a draft for each question, and remarks, a line each."""

    rows: list[GoldRow]
    drafts: list[_Draft]
    remarks: list[str]


def _harvest(entries: Iterable[Feedback], snapshot: Snapshot) -> _Harvest:
    """Make gold questions of helpful answers; quotes are what of them stands in the snapshot.

    Entries on the same question, which is told by its words, become one.
    """
    harvest = _Harvest([], [], [])
    for same in _by_question(entries).values():
        question = _question(same, snapshot)
        if isinstance(question, GoldRow):
            harvest.rows.append(question)
        else:
            harvest.drafts.append(question)
        if len(same) > 1:
            ups = sum(entry.helpful for entry in same)
            thumbs = f"{ups} up, {len(same) - ups} down" if 0 < ups < len(same) else "all alike"
            asked = one_line(same[0].question)
            harvest.remarks.append(f"“{asked}” was rated {len(same)} times, {thumbs}.")
    return harvest


def _by_question(entries: Iterable[Feedback]) -> Mapping[str, list[Feedback]]:
    by_words: dict[str, list[Feedback]] = {}
    for entry in entries:
        by_words.setdefault(" ".join(plain_words(entry.question)) or entry.question, []).append(
            entry
        )
    return by_words


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
        to_do = _LOST
    else:
        to_do = _RIGHTLY_ABSTAINED if abstained else _UNCITED
    given = [quote.model_dump() for quote in quotes]
    return {"id": name, "question": question, "kind": "draft", "quotes": given, "note": to_do}


def _standing(cited: Iterable[RatedQuote], snapshot: Snapshot) -> Iterator[GoldQuote]:
    """Yield the quotes that can be gold, with the document that each stands in now."""
    for quote in cited:
        if document := _holder(quote, snapshot):
            yield GoldQuote(source=document.source, quote=quote.cited_text)


def _holder(quote: RatedQuote, snapshot: Snapshot) -> Document | None:
    """Return the document that a quote stands in: its own or, where that has it no more, another.

    Anybody may send any words as a quote, and as gold they count wherever they stand: so where
    they are not the sentences that the offsets name, a few of them are not enough.
    """
    own = snapshot.chunked.get(quote.document_id)
    if own and _is_as_cited(quote, own):
        return own.document
    if len(plain_words(quote.cited_text)) < MOVED_WORDS:
        return None
    if own and quote.cited_text in own.document.text:
        return own.document
    documents = (chunked.document for chunked in snapshot.chunked.values())
    holders = (document for document in documents if quote.cited_text in document.text)
    return min(holders, key=lambda document: document.source, default=None)


def _is_as_cited(quote: RatedQuote, own: ChunkedDocument) -> bool:
    """Tell whether a quote is whole sentences of a passage, at its offsets."""
    return own.document.text[quote.start : quote.end] == quote.cited_text and any(
        any(sentence.start == quote.start for sentence in passage.sentences)
        and any(sentence.end == quote.end for sentence in passage.sentences)
        for passage in own.passages
    )
