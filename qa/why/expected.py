"""Where an expected quote stands in the corpus: in which documents, and in which passages."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from math import inf
from typing import Self

from index.records import ChunkedDocument, Document, Passage, Span
from index.store.snapshot import Snapshot
from qa.answer.quotes import Decision, decide
from qa.answer.tracing import Trace
from qa.engine import MAX_TOP_K, Engine
from qa.errors import QuoteError
from qa.records import Answer, Citation, Place
from qa.retrieve.candidates import Candidate
from qa.retrieve.near_duplicates import Group
from qa.verify.nearest import fold, fold_quote

MAX_QUOTE_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Expected:
    """A place where the expected quote stands.

    It is not `verbatim` where blanks, letter case or the shape of quotation marks differ.
    `passages` are those that hold some of it, in order; `passage` is the one whose way through
    the stages is followed. `skipped` are the reasons why some of it is in no passage.
    """

    place: Place
    verbatim: bool
    passages: tuple[Passage, ...]
    passage: Passage | None
    skipped: tuple[str, ...]

    @property
    def passage_id(self) -> str:
        """The passage's id; empty where no passage holds any of it."""
        return self.passage.id if self.passage else ""

    @property
    def held(self) -> int:
        """How many of its characters the passage holds."""
        return _shared(self.passage.span, self.place.span) if self.passage else 0


def checked(quote: str) -> str:
    """Return a quote without blanks around it. Raises QuoteError if it cannot be looked for."""
    quote = quote.strip()
    if not quote:
        raise QuoteError("The expected quote is empty: give words of a document with --expect.")
    if any("\ud800" <= each <= "\udfff" for each in quote):
        raise QuoteError("The expected quote is not valid Unicode: it holds half a character.")
    if len(quote) > MAX_QUOTE_CHARS:
        raise QuoteError(
            f"The expected quote has {len(quote)} characters; shorten it to {MAX_QUOTE_CHARS} "
            "at most."
        )
    return quote


def places_of(quote: str, snapshot: Snapshot) -> list[tuple[Expected, ...]]:
    """Return every place of a quote, by source and position; none of them overlap.

    A place is given once for each passage that holds some of it, the one that holds most
    first. Where no document has the very words, those that differ in blanks, letter case or
    the shape of quotation marks count.
    """
    found = [
        _followed(chunked, span, verbatim=True)
        for chunked in snapshot.chunked.values()
        for span in _occurrences(quote, chunked.document)
    ]
    wanted = fold_quote(quote)
    return found or [
        _followed(chunked, span, verbatim=False)
        for chunked in snapshot.chunked.values()
        for span in fold(chunked.document.text).find(wanted)
    ]


def _occurrences(quote: str, document: Document) -> Iterator[Span]:
    start = document.text.find(quote)
    while start >= 0:
        yield Span(start, start + len(quote))
        start = document.text.find(quote, start + len(quote))


def _followed(chunked: ChunkedDocument, span: Span, *, verbatim: bool) -> tuple[Expected, ...]:
    place = Place(chunked.document, span)
    first = bisect_right(chunked.passages, span.start, key=lambda each: each.end)
    passages = tuple(takewhile(lambda each: each.start < span.end, chunked.passages[first:]))
    whole = passages and _shared(passages[0].span, span) == span.end - span.start
    skipped = () if whole else _reasons(chunked, span)
    by_share = sorted(passages, key=lambda passage: -_shared(passage.span, span))
    followed: list[Passage | None] = [*by_share] or [None]
    return tuple(Expected(place, verbatim, passages, each, skipped) for each in followed)


def _reasons(chunked: ChunkedDocument, span: Span) -> tuple[str, ...]:
    skipped = (each for each in chunked.skipped if span.overlaps(Span(each.start, each.end)))
    return tuple(dict.fromkeys(each.reason for each in skipped))


def _shared(first: Span, second: Span) -> int:
    return min(first.end, second.end) - max(first.start, second.start)


@dataclass(frozen=True, slots=True)
class Considered:
    """A question's way through the stages. Keys are passage ids, ranks count from 1.

    `dense` has the rank and cosine of every passage there is, `lexical` the rank and score of each
    that holds a word of the question. `fused` ranks what was looked at, by both; `groups` has the
    group that a passage stands for or is folded into, with its rank after reading, of the `kept`
    ones. `read` has the best logit of each passage that was read. `decisions` are on
    `trace.ranked`, in order.
    """

    trace: Trace
    answer: Answer
    top_k: int
    threshold: float
    dense: Mapping[str, tuple[int, float]]
    lexical: Mapping[str, tuple[int, float]]
    fused: Mapping[str, tuple[int, Candidate]]
    kept: int
    groups: Mapping[str, tuple[int, Group]]
    read: Mapping[str, float]
    decisions: tuple[Decision, ...]

    @classmethod
    def of(cls, engine: Engine, question: str, top_k: int) -> Self:
        """Ask a question, showing `top_k` passages. Raises QuestionError."""
        trace = engine.trace(question)
        passages = engine.snapshot.passages
        nearest = engine.snapshot.dense.search(trace.query.vector, len(passages))
        terms = trace.query.searched if "lexical" in engine.stages else ()
        by_words = zip(*engine.lexicon.best(terms, len(passages)), strict=True)
        groups = trace.groups(MAX_TOP_K)
        logits: dict[str, float] = {}
        for each in trace.windows:
            name = each.candidate.passage.id
            logits[name] = max(logits.get(name, -inf), each.logit or 0.0)
        return cls(
            trace=trace,
            answer=engine.answer(trace, top_k),
            top_k=top_k,
            threshold=engine.rule.threshold,
            dense={passages[row].id: (rank, cos) for rank, (row, cos) in enumerate(nearest, 1)},
            lexical={
                passages[row].id: (rank, float(score))
                for rank, (row, score) in enumerate(by_words, 1)
            },
            fused={each.passage.id: (rank, each) for rank, each in enumerate(trace.candidates, 1)},
            kept=len(groups),
            groups={
                each.passage.id: (rank, group)
                for rank, group in enumerate(groups, 1)
                for each in (group.best, *group.duplicates)
            },
            read=logits,
            decisions=tuple(decide(trace.ranked)),
        )

    def folded(self, expected: Expected) -> Place | None:
        """Return what an also_in names of the passage, if that is folded into another one."""
        if expected.passage_id not in self.groups:
            return None
        _, group = self.groups[expected.passage_id]
        folded = zip(group.duplicates, group.also_in, strict=True)
        return next((at for each, at in folded if each.passage.id == expected.passage_id), None)

    def decisions_on(self, expected: Expected) -> list[tuple[int, Decision]]:
        """Return those on quotes from the passage that have some of what is expected, by rank."""
        return [
            (rank, decision)
            for rank, decision in enumerate(self.decisions, 1)
            if decision.quote.candidate.passage.id == expected.passage_id
            and any(part.overlaps(expected.place.span) for part in decision.quote.parts)
        ]

    def citations_of(self, expected: Expected) -> list[Citation]:
        """Return those that cite, from the passage, some of what is expected."""
        passage, place = expected.passage, expected.place
        return [
            citation
            for citation in self.answer.citations
            if passage is not None
            and citation.document.id == place.document.id
            and citation.span.overlaps(passage.span)
            and citation.span.overlaps(place.span)
        ]
