"""Gold questions: a JSONL file, validated line by line, and where its quotes stand."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)

from eval.errors import GoldError
from eval.records import Kind, Split
from index.records import Document, Span

PACKAGED_GOLD = Path(__file__).parent / "gold" / "seeds.jsonl"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_not_blank)]


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
    split: Split
    quotes: tuple[GoldQuote, ...]

    @model_validator(mode="after")
    def _quotes_fit_kind(self) -> "GoldRow":
        if self.kind == "answerable" and not self.quotes:
            raise ValueError("an answerable question needs at least one quote")
        if self.kind != "answerable" and self.quotes:
            raise ValueError(f"a {self.kind} question has no quotes; is it answerable?")
        return self


@dataclass(frozen=True, slots=True)
class GoldSet:
    """A validated gold file: its rows by line number (1-based), in order."""

    path: Path
    sha256: str
    rows: Mapping[int, GoldRow]

    def error(self, line: int, what: str) -> GoldError:
        """Return an error about a line."""
        return _error(self.path, line, what)


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """Where a quote stands: `document.text[span.start:span.end]` is the quote."""

    document_id: str
    span: Span


def read_gold(path: Path) -> GoldSet:
    """Read and validate a gold file; blank lines are passed over.

    Raises GoldError for a file that cannot be read or has no question, and for the first
    line that is not a GoldRow or repeats the id or the question of a line before it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GoldError(f"{path} cannot be read ({error.strerror}): check --gold.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _error(path, line, "is not UTF-8; save the file as UTF-8.") from error
    # Not splitlines(): a JSON string may hold U+2028, which that would split at.
    lines = {number: line for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    rows = {number: _row(path, number, line) for number, line in lines.items()}
    if not rows:
        raise GoldError(f"{path} holds no question: write one JSON object a line.")
    _refuse_repeats(path, rows)
    return GoldSet(path, hashlib.sha256(content).hexdigest(), rows)


def resolve(gold: GoldSet, documents: Iterable[Document]) -> dict[str, tuple[GoldSpan, ...]]:
    """Return, by question id, every place where a quote stands in the source it names.

    Raises GoldError for a source that is not among `documents` and for a quote that does
    not stand in its source.
    """
    by_source: dict[str, list[Document]] = {}
    for document in documents:
        by_source.setdefault(document.source, []).append(document)
    spans: dict[str, tuple[GoldSpan, ...]] = {}
    for line, row in gold.rows.items():
        found: dict[GoldSpan, None] = {}
        for quote in row.quotes:
            if quote.source not in by_source:
                raise gold.error(
                    line,
                    f"{quote.source} is not in the store; index it with `pincite index`, or "
                    "choose with --store and --gold a store and questions that belong together.",
                )
            places = [place for each in by_source[quote.source] for place in _places(quote, each)]
            if not places:
                raise gold.error(
                    line,
                    f"the quote {_short(quote.quote)} does not stand in {quote.source}; copy it "
                    "from there character by character, or index the file anew if it changed.",
                )
            found |= dict.fromkeys(places)
        spans[row.id] = tuple(found)
    return spans


def _row(path: Path, number: int, line: str) -> GoldRow:
    try:
        return GoldRow.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise _error(
            path,
            number,
            f"{place + ': ' if place else ''}{what}. A line is one JSON object with id, "
            "question, kind, split and quotes; correct it.",
        ) from error


def _refuse_repeats(path: Path, rows: Mapping[int, GoldRow]) -> None:
    ids: dict[str, int] = {}
    questions: dict[str, int] = {}
    for line, row in rows.items():
        first = ids.setdefault(row.id, line)
        if first != line:
            raise _error(path, line, f"the id {row.id} is that of line {first}, too; change one.")
        first = questions.setdefault(" ".join(row.question.casefold().split()), line)
        if first != line:
            raise _error(path, line, f"asks the same as line {first}; remove one of them.")


def _places(quote: GoldQuote, document: Document) -> Iterator[GoldSpan]:
    start = document.text.find(quote.quote)
    while start >= 0:
        yield GoldSpan(document.id, Span(start, start + len(quote.quote)))
        start = document.text.find(quote.quote, start + 1)


def _short(quote: str) -> str:
    words = " ".join(quote.split())
    return f"“{words[:60]}…”" if len(words) > 60 else f"“{words}”"


def _error(path: Path, line: int, what: str) -> GoldError:
    return GoldError(f"{path}, line {line}: {what}")
