"""The commands that answer: ask, why, verify."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from index.errors import PinciteError, SettingsError
from index.terminal import console, note, printable
from qa.errors import QuestionError
from qa.options import LANGUAGE_MODEL, MODELS, STORE, JsonOption, with_settings
from qa.records import Answer, Listing
from qa.settings import Settings

if TYPE_CHECKING:
    from index.store.location import Location
    from qa.engine import Engine
    from qa.written.writing import AnswerWriter

NO_ANSWER, CITATION_LOST = 3, 4
_MAX_ANSWER_FILE_BYTES = 64 * 1024 * 1024

FilterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="'FIELD=VALUE'",
        help="Answer only from documents that match: 'author=Jane', 'year>=2020' (also <=, >, <), "
        '\'path^=notes/\' (starts with), or JSON: \'{"author": {"in": ["Jane", "Bob"]}}\'. '
        "Keep the quotation marks: without them, shells take <, > and ^ for themselves. A number, "
        "true, false and a quoted text are read as in JSON. Fields are the documents' metadata, "
        "and id, source, path, title, media_type, modified. All of several filters must hold.",
    ),
]


@with_settings("top_k", "threshold", "without", *MODELS, *STORE, "read_from", *LANGUAGE_MODEL)
def ask_command(
    settings: Settings,
    question: Annotated[
        list[str] | None, typer.Argument(metavar="QUESTION", help="What you want to know.")
    ] = None,
    interactive: Annotated[
        bool,
        typer.Option(
            "--interactive",
            "-i",
            help="Ask one question after another, a line each. What one leaves out is taken from "
            "those before it; /new forgets them, and /quit or Ctrl-D ends.",
        ),
    ] = False,
    no_history: Annotated[
        bool, typer.Option("--no-history", help="With -i: ask each question by itself.")
    ] = False,
    as_json: JsonOption = False,
    short: Annotated[
        bool,
        typer.Option("--short", help="Print only the answer and where each part of it stands."),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each stage's ranks and scores.")
    ] = False,
    list_all: Annotated[
        bool, typer.Option("--all", help="List every sentence and row that answers.")
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="With --all: print a line of CSV for each.")
    ] = False,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="Have a language model write the answer from the passages (see --llm). A sentence "
            "is shown only if what it cites says it.",
        ),
    ] = False,
    show: Annotated[
        bool,
        typer.Option(
            "--open",
            help="Open the answer in your browser, with each quote marked in its document: on the "
            "page itself if it is a PDF.",
        ),
    ] = False,
    filters: FilterOption = None,
) -> None:
    """Answer a question from the documents, with citations. Exit code 3: no answer found.

    The nearest passages follow the answer. A terminal shows in bold what answers in them.
    """
    from qa.engine import Engine
    from qa.question.filters import read_filters, why_nothing_passes
    from qa.written.sources import MOST_SOURCES

    if not (question or interactive):
        raise QuestionError("There is no QUESTION: give one, or ask one after another with -i.")
    text = _one_question(question) if question else None
    _refuse(
        {
            "--no-history goes with -i.": no_history and not interactive,
            "--csv goes with --all, and without --json and -i.": as_csv
            and (as_json or interactive or not list_all),
            "--write does not go with --all: a written answer does not list all places.": write
            and list_all,
        }
    )
    language_model = _LanguageModel.opened(settings) if write else None
    most_passages = max(settings.top_k, MOST_SOURCES) if write else settings.top_k
    matching = read_filters(filters or ())
    engine = Engine.open(settings.location, **settings.for_engine)

    hinted: list[str] = []

    def ask(asked: str, history: Sequence[str] = ()) -> bool:
        answer = engine.ask(
            asked,
            most_passages,
            explain=explain,
            filters=matching,
            list_all=list_all,
            history=history,
        )
        if language_model and answer.answered:
            answer = language_model.write(answer, history, as_it_comes=not as_json)
        answer = replace(answer, hits=answer.hits[: settings.top_k])
        if as_csv and answer.listing:
            _print_csv(answer.listing)
        elif as_json:
            _print_json(answer, indent=None if interactive else 2)
        else:
            _print_text(answer, short=short)
        if answer.more and not hinted:
            hinted.append(asked)
            what = "More than this answers" if answer.answered else "Rows of a table match"
            note(f"{what}: ask with --all to list what does.")
        if show:
            read_scans(settings)
            _open_evidence(answer, engine, settings.location)
        if (
            matching
            and not answer.hits
            and (reason := why_nothing_passes(engine.snapshot, matching))
        ):
            note(reason)
        return bool(answer.listing.quotes if answer.listing else answer.answered)

    if interactive:
        from qa.conversation import converse
        from qa.question.follow_up import MOST_EARLIER

        most_earlier = 0 if no_history else MOST_EARLIER
        converse(ask, text, most_earlier, echo=not as_json)
        return
    raise typer.Exit(0 if ask(text or "") else NO_ANSWER)


@with_settings("top_k", "threshold", "without", *MODELS, *STORE, "read_from")
def why_command(
    settings: Settings,
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="What you asked.")],
    expect: Annotated[
        str, typer.Option("--expect", metavar="QUOTE", help="Words you expected to be cited.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Tell at which stage an expected quote was lost."""
    from qa.engine import Engine
    from qa.formats.why import print_report, why_json
    from qa.why.expected import checked_quote
    from qa.why.report import why

    text, quote = _one_question(question), checked_quote(expect)
    engine = Engine.open(settings.location, **settings.for_engine)
    report = why(engine, text, quote, settings.top_k)
    if as_json:
        print(json.dumps(why_json(report), ensure_ascii=False, indent=2))
    else:
        print_report(report, console())


@with_settings(*STORE)
def verify_command(
    settings: Settings,
    file: Annotated[str, typer.Argument(help="An answer's JSON, or - for standard input.")],
    as_json: JsonOption = False,
) -> None:
    """Check an answer against the sources as they are now. Exit code 4: not all of it holds."""
    from index.store import open_store
    from qa.formats.verdicts import VerificationJson, verdict_lines
    from qa.verify.answer_json import read_answer
    from qa.verify.checking import verify
    from qa.verify.relocation import SourceDocuments

    read_scans(settings)
    answer = read_answer(_read(file))
    target = open_store(settings.location)
    verification = verify(answer, SourceDocuments(target.open(), target.uploads))
    if as_json:
        print(VerificationJson.of(verification).model_dump_json(indent=2))
    else:
        print("\n".join(verdict_lines(verification)))
    raise typer.Exit(0 if verification.holds else CITATION_LOST)


@dataclass(slots=True)
class _LanguageModel:
    """Has answers written. Before the first, it tells what leaves this machine."""

    writer: "AnswerWriter"
    untold: str

    @classmethod
    def opened(cls, settings: Settings) -> Self:
        """Return the language model of the settings. Raises SettingsError if there is none."""
        from qa.written.opening import HOW_TO_SET, answer_writer, what_leaves

        writer = answer_writer(settings)
        if writer is None:
            raise SettingsError(HOW_TO_SET)
        return cls(writer, what_leaves(settings))

    def write(self, answer: Answer, history: Sequence[str], *, as_it_comes: bool) -> Answer:
        """Return an answer with what was written; print that, too, `as_it_comes`."""
        from qa.formats.terminal import print_written

        if self.untold:
            note(self.untold)
            self.untold = ""
        if as_it_comes:
            answer = print_written(answer, self.writer.write(answer, history), console())
        else:
            answer = self.writer.written(answer, history)
        if answer.written and answer.written.ended:
            note(answer.written.ended)
        return answer


def _print_csv(listing: Listing) -> None:
    """Print a list as CSV, and tell if a bound was met."""
    from qa.formats.listing import csv_of, summary

    written = csv_of(listing, "\n")
    print(printable(written) if sys.stdout.isatty() else written, end="")
    for remark in (*listing.remarks, *([summary(listing)] if listing.bounds else [])):
        note(remark)


def _print_json(answer: Answer, *, indent: int | None) -> None:
    from qa.formats.answer import AnswerJson

    print(AnswerJson.of(answer).model_dump_json(indent=indent))


def _print_text(answer: Answer, *, short: bool) -> None:
    from qa.formats.listing import print_listing
    from qa.formats.terminal import print_answer

    if answer.listing and answer.listing.quotes:
        print_listing(answer, answer.listing, console())
    else:
        print_answer(answer, console(), short=short)
        for bound in answer.listing.bounds if answer.listing else ():
            note(f"Nothing is listed: {bound}.")


def _open_evidence(answer: Answer, engine: "Engine", store: "Location") -> None:
    """Write the answer into an HTML file, tell where it is, and open it."""
    import webbrowser
    from contextlib import closing

    from index.pages import Pages
    from index.store import open_store
    from qa.formats.evidence import write_evidence

    with closing(Pages(open_store(store).uploads)) as pages:
        path = write_evidence(answer, engine.snapshot, pages)
    note(f"The answer with its places: {path}")
    webbrowser.open(path.as_uri())


def read_scans(settings: Settings) -> None:
    """Have scanned pages read if that is set. Raises SettingsError if it cannot be done."""
    from index.parsers.isolation import reading_process
    from index.parsers.pdf.scans import check_installed

    if settings.ocr:
        check_installed()
    reading_process.ocr = settings.ocr


def _refuse(rules: Mapping[str, bool]) -> None:
    """Raise QuestionError for the first rule, by what it says, that is broken."""
    for broken in filter(rules.get, rules):
        raise QuestionError(broken)


def _one_question(words: Sequence[str]) -> str:
    """Return the question. Raises QuestionError if the shell split it into several arguments."""
    if len(words) > 1:
        raise QuestionError(
            f'Put the question between quotation marks: "{" ".join(words)}" is one argument then.'
        )
    if not words[0].strip():
        raise QuestionError("The question is empty: say what you want to know.")
    return words[0]


def _read(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(_MAX_ANSWER_FILE_BYTES)
        with Path(file).open("rb") as opened:
            return opened.read(_MAX_ANSWER_FILE_BYTES)
    except OSError as error:
        raise PinciteError(f"{file} cannot be read: {error.strerror}.") from error
