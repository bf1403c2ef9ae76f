"""Questions with all that answers them, and how well a listing matches."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.sets.layouts import locate_spans, read_spans
from index.records import Document, Span
from qa.engine import Engine
from qa.records import Listing

FILES = Path(__file__).parent / "files"
GOLD = Path(__file__).parent / "gold.jsonl"
_SHARE = 0.5
"""An answer is listed if quotes hold so much of it; a quote answers if it holds so much of one."""

Place = tuple[str, Span]
"""A document's id, and a stretch of its text."""


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """A question and the places of all its answers; `kind` is the part of a set it belongs to."""

    id: str
    kind: str
    text: str
    answers: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """How a listing matches: answers, those of them that are listed, quotes, those that answer."""

    answers: int
    found: int
    quotes: int
    right: int
    missed: tuple[Place, ...] = field(default=(), compare=False)

    @property
    def recall(self) -> float:
        """The share of answers that are listed; 1 where there are none."""
        return self.found / self.answers if self.answers else 1.0

    @property
    def precision(self) -> float:
        """The share of quotes that answer; 1 where nothing is listed."""
        return self.right / self.quotes if self.quotes else 1.0


def own_questions(documents: Iterable[Document]) -> list[ListQuestion]:
    """Return the questions about `files/`."""
    by_name: dict[str, list[Document]] = {}
    for document in documents:
        by_name.setdefault(document.source.rsplit("/", 1)[-1], []).append(document)
    lines = GOLD.read_text(encoding="utf-8").splitlines()
    return [_question(json.loads(line), by_name) for line in lines]


def _question(row: Mapping[str, Any], documents: Mapping[str, Sequence[Document]]) -> ListQuestion:
    answers: list[Place] = []
    for name, numbers in row.get("rows", {}).items():
        answers += (
            (document.id, Span(0, len(document.text)))
            for document in documents[name]
            if document.row_number in numbers
        )
    for name, quotes in row.get("quotes", {}).items():
        (document,) = documents[name]
        for quote in quotes:
            start = document.text.index(quote)
            answers.append((document.id, Span(start, start + len(quote))))
    return ListQuestion(row["id"], row["id"].split("-")[0], row["question"], tuple(answers))


def span_questions(folder: Path, documents: Iterable[Document], least: int) -> list[ListQuestion]:
    """Return the questions of a set of spans that have at least so many answers."""
    asked = locate_spans(folder, read_spans(folder), documents).questions
    return [
        ListQuestion(
            each.id, folder.name, each.text, tuple((s.document_id, s.span) for s in each.spans)
        )
        for each in asked
        if len(each.spans) >= least
    ]


def listed(engine: Engine, question: ListQuestion) -> Listing:
    """Return all that an engine lists."""
    listing = engine.ask(question.text, list_all=True).listing
    if listing is None:
        raise AssertionError("asked for a listing, and got none")
    return listing


def match(question: ListQuestion, listing: Listing) -> Matched:
    """Compare a listing with the answers; what stands in `also_in` is listed, too."""
    quotes = [
        [
            (quote.citation.document.id, quote.citation.span),
            *((place.document.id, place.span) for place in quote.citation.also_in),
        ]
        for quote in listing.quotes
    ]
    places = [place for quote in quotes for place in quote]
    missed = tuple(
        answer for answer in question.answers if _held(answer, places) < _SHARE * _length(answer)
    )
    right = sum(
        any(
            _held(place, [answer]) >= _SHARE * min(_length(answer), _length(place))
            for place in quote
            for answer in question.answers
        )
        for quote in quotes
    )
    answers = len(question.answers)
    return Matched(answers, answers - len(missed), len(quotes), right, missed)


def _held(place: Place, others: Sequence[Place]) -> int:
    """Return how many characters of a place are in others."""
    document, (start, end) = place
    characters = {
        at
        for other, span in others
        if other == document
        for at in range(max(start, span.start), min(end, span.end))
    }
    return len(characters)


def _length(place: Place) -> int:
    return place[1].end - place[1].start
