"""Gold questions: what one is, the JSONL file of them, and where quotes stand in the documents."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)

from eval.records import Kind, Split
from index.errors import PinciteError
from index.records import Document, Span
from index.structure.wording import plain_words
from index.terminal import one_line
from qa.records import Place
from qa.verify.nearest import nearest

PACKAGED_GOLD = Path(__file__).parent / "gold" / "seeds.jsonl"
_FORM = "one JSON object with id, question and quotes, and kind where there are none"
_SHOWN = 70
_BEFORE = 25


class GoldError(PinciteError):
    """A file of questions cannot be used; the message names the file, the line and the remedy."""


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """Where an answer stands: `document.text[span.start:span.end]`."""

    document_id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what answers it: stretches of documents, or whole documents.

    `documents` gives the relevance, 1 and up, of each relevant document by its id. Both it and
    `spans` are empty for an unanswerable question, and where nothing of the gold stands in the
    documents any more. `origin` names file and line, for errors.
    """

    id: str
    text: str
    kind: Kind
    origin: str
    split: Split = "report"
    spans: tuple[GoldSpan, ...] = ()
    documents: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions to ask in order; `name` and `sha256` are those of their file or folder."""

    name: str
    sha256: str
    questions: tuple[Question, ...]


Row = TypeVar("Row", bound=BaseModel)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_not_blank)]

_PLAIN = {
    "missing": "is missing",
    "extra_forbidden": "is no field of it",
    "json_invalid": "is not JSON",
    "model_type": "is not a JSON object",
    "model_attributes_type": "is not a JSON object",
    "string_type": "must be text in quotation marks",
}
"""What is wrong, by pydantic's name for it, where pydantic speaks to programmers."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """A file's rows by line number, from 1, and the SHA-256 of the file when it was read."""

    path: Path
    sha256: str
    by_line: Mapping[int, Row]

    def error(self, line: int, what: str) -> GoldError:
        """Return an error about a line."""
        return line_error(self.path, line, what)


def line_error(path: Path, line: int, what: str) -> GoldError:
    """Return an error that names the file and the line."""
    return GoldError(f"{path}, line {line}: {what}")


def read_lines(path: Path) -> tuple[str, dict[int, str]]:
    """Return a file's SHA-256 and its lines by number, without blank ones.

    Raises GoldError for a file that cannot be read, is not UTF-8 or is empty.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GoldError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise line_error(path, line, "is not UTF-8; save the file as UTF-8.") from error
    # Not splitlines(): a JSON string may hold U+2028, which that would split at.
    lines = {number: line for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    if not lines:
        raise GoldError(f"{path} is empty: check that it is the right file.")
    return hashlib.sha256(content).hexdigest(), lines


def read_rows(path: Path, kind: type[Row], form: str) -> Rows[Row]:
    """Read rows of one kind; `form` says, in errors, what a line is made of. Raises GoldError."""
    sha256, lines = read_lines(path)
    rows = {number: _row(path, number, line, kind, form) for number, line in lines.items()}
    return Rows(path, sha256, rows)


def refuse_repeats(rows: Rows[Row], value_of: Callable[[Row], str], what: str) -> None:
    """Raise GoldError for the first line that repeats a value; `what` names the value."""
    seen: dict[str, int] = {}
    for line, row in rows.by_line.items():
        value = value_of(row)
        if (first := seen.setdefault(value, line)) != line:
            shown = value if len(value) <= 80 else f"{value[:80]}…"
            fault = f"{what} “{shown}” is that of line {first}, too; change or remove one."
            raise rows.error(line, fault)


def _row(path: Path, number: int, line: str, kind: type[Row], form: str) -> Row:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        what = _PLAIN.get(first["type"], first["msg"].removeprefix("Value error, ")).rstrip(".?")
        named = f"{place} " if first["type"] in _PLAIN and place else f"{place}: " if place else ""
        raise line_error(path, number, f"{named}{what}. A line is {form}; correct it.") from error


class GoldQuote(BaseModel):
    """A passage that answers by itself: an exact substring of the document called `source`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Line
    quote: Annotated[str, AfterValidator(_not_blank)]


class GoldRow(BaseModel):
    """One line of a gold file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Line
    question: Line
    kind: Kind
    split: Split = "report"
    quotes: tuple[GoldQuote, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _quotes_make_answerable(cls, row: Any) -> Any:
        if isinstance(row, dict) and "kind" not in row and row.get("quotes"):
            return row | {"kind": "answerable"}
        return row

    @model_validator(mode="after")
    def _quotes_fit_kind(self) -> "GoldRow":
        if self.kind == "answerable" and not self.quotes:
            raise ValueError("an answerable question needs at least one quote")
        if self.kind != "answerable" and self.quotes:
            raise ValueError(f"a {self.kind} question has no quotes; is it answerable?")
        return self


def read_gold(path: Path) -> Rows[GoldRow]:
    """Read and validate a gold file; blank lines are passed over.

    Raises GoldError for a file that cannot be read or has no question, and for the first
    line that is not a GoldRow or repeats the id or the question of a line before it.
    """
    gold = read_rows(path, GoldRow, _FORM)
    refuse_repeats(gold, lambda row: row.id, "the id")
    refuse_repeats(
        gold, lambda row: " ".join(plain_words(row.question)) or row.question, "the question"
    )
    return gold


@dataclass(frozen=True, slots=True)
class Located:
    """The questions of a gold file, as far as some documents hold their quotes.

    `missing` has, by line, the quotes that do not stand in the source they name. An answerable
    question all of whose quotes are missing has no span.
    """

    gold: Rows[GoldRow]
    questions: QuestionSet
    missing: Mapping[int, tuple[GoldQuote, ...]]
    by_source: Mapping[str, Sequence[Document]]

    @property
    def gone(self) -> Mapping[str, int]:
        """The line of each answerable question, by its id, of which no quote stands."""
        return {
            question.id: line
            for line, question in zip(self.gold.by_line, self.questions.questions, strict=True)
            if question.kind == "answerable" and not question.spans
        }

    def missing_since(self, earlier: "Located", line: int) -> str:
        """Return why the first quote of a line is missing that stood in `earlier`, "" if none."""
        missing_then = earlier.missing.get(line, ())
        new = (quote for quote in self.missing.get(line, ()) if quote not in missing_then)
        return next(map(self.why_missing, new), "")

    def why_missing(self, quote: GoldQuote) -> str:
        """Return where a missing quote should stand, and what stands there."""
        gone = quote.source not in self.by_source
        what = f"{quote.source} is gone" if gone else f"its quote is no longer in {quote.source}"
        instead = _instead(quote, self.by_source)
        return f"{what}: {instead}" if instead else what


def locate(gold: Rows[GoldRow], documents: Iterable[Document]) -> QuestionSet:
    """Find every place where a quote stands in the source it names.

    Raises GoldError for a source that is not among `documents` and for a quote that does
    not stand in its source; the message shows the text that comes nearest to it.
    """
    located = locate_what_stands(gold, documents)
    for line, (quote, *_) in located.missing.items():
        if quote.source not in located.by_source:
            raise gold.error(line, _no_such_source(gold, quote.source, located.by_source))
        raise gold.error(
            line,
            f"the quote does not stand in {quote.source}; {_instead(quote, located.by_source)}; "
            "correct it, or index the file anew if it changed.",
        )
    return located.questions


def locate_what_stands(gold: Rows[GoldRow], documents: Iterable[Document]) -> Located:
    """Find every place where a quote stands in the source it names, and which stand nowhere."""
    by_source: dict[str, list[Document]] = {}
    for document in documents:
        by_source.setdefault(document.source, []).append(document)
    questions: list[Question] = []
    missing: dict[int, tuple[GoldQuote, ...]] = {}
    for line, row in gold.by_line.items():
        spans = {
            quote: [
                span
                for document in by_source.get(quote.source, ())
                for span in _occurrences(quote.quote, document)
            ]
            for quote in row.quotes
        }
        questions.append(
            Question(
                id=row.id,
                text=row.question,
                kind=row.kind,
                origin=f"{gold.path}, line {line}",
                split=row.split,
                spans=tuple(dict.fromkeys(chain.from_iterable(spans.values()))),
            )
        )
        if nowhere := tuple(quote for quote in row.quotes if not spans[quote]):
            missing[line] = nowhere
    asked = QuestionSet(one_line(gold.path.name), gold.sha256, tuple(questions))
    return Located(gold, asked, missing, by_source)


def _occurrences(quote: str, document: Document) -> Iterator[GoldSpan]:
    start = document.text.find(quote)
    while start >= 0:
        yield GoldSpan(document.id, Span(start, start + len(quote)))
        start = document.text.find(quote, start + 1)


def _no_such_source(
    gold: Rows[GoldRow], source: str, by_source: Mapping[str, Sequence[Document]]
) -> str:
    if gold.path == PACKAGED_GOLD:
        return f"{source} is not in the store; name questions about its documents with --gold."
    name = source.rpartition("/")[2]
    alike = [other for other in by_source if other.rpartition("/")[2] == name]
    if alike:
        return f"{source} is not in the store; did you mean {alike[0]}?"
    return (
        f"{source} is not in the store; index it with `pincite index`, or "
        "choose with --store and --gold a store and questions that belong together."
    )


def _instead(quote: GoldQuote, by_source: Mapping[str, Sequence[Document]]) -> str:
    """Return where else the quote stands, or what its source has instead; "" without either."""
    for source, others in by_source.items():
        if any(quote.quote in document.text for document in others):
            return f"it stands in {source}"
    own = by_source.get(quote.source)
    return _nearest(quote.quote, own) if own else ""


def _nearest(quote: str, documents: Iterable[Document]) -> str:
    """Return what stands there instead, written as in the gold file."""
    closest = nearest(quote, [Place(own, Span(0, len(own.text))) for own in documents])
    if closest is None:
        return f"nothing there is like {_shown(quote)}"
    there, (start, end) = closest.place.text, closest.place.span
    pairs = enumerate(zip(quote, there, strict=False))
    differs_at = next((at for at, (wanted, stands) in pairs if wanted != stands), 0)
    beginning = max(0, differs_at - _BEFORE)
    what = (
        f"it has {_shown(quote[beginning:])} where the nearest text there, at {start}-{end}, has "
        f"{_shown(there[beginning:])}"
    )
    if beginning == 0 and len(there) <= _SHOWN:
        return what
    return f"{what}; the whole of that is {json.dumps(there, ensure_ascii=False)}"


def _shown(text: str) -> str:
    """Return the beginning of a text in JSON, where blanks and line ends can be told apart."""
    return json.dumps(text[:_SHOWN] + "…" * (len(text) > _SHOWN), ensure_ascii=False)
