"""Where an expected quote stands in the corpus: in which documents, and in which passages."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from index.records import ChunkedDocument, Document, Passage, Span
from index.store.snapshot import Snapshot
from qa.errors import QuoteError
from qa.records import Place
from qa.verify.nearest import fold, fold_quote

MAX_QUOTE_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Expected:
    """A place where the expected quote stands, and a passage that holds some of it, if any does.

    It is not `verbatim` where blanks, letter case or the shape of quotation marks differ.
    `passages` are all that hold some of it, in order. `skipped` are the reasons why some of it is
    in no passage.
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


def checked_quote(quote: str) -> str:
    """Return a quote without blanks around it. Raises QuoteError if it cannot be looked for."""
    quote = quote.strip()
    if not quote:
        raise QuoteError("The expected quote is empty: give words of a document with --expect.")
    if any("\ud800" <= character <= "\udfff" for character in quote):
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
    verbatim = [
        _in_passages(chunked, span, verbatim=True)
        for chunked in snapshot.chunked.values()
        for span in _occurrences(quote, chunked.document)
    ]
    folded_quote = fold_quote(quote)
    return verbatim or [
        _in_passages(chunked, span, verbatim=False)
        for chunked in snapshot.chunked.values()
        for span in fold(chunked.document.text).find(folded_quote)
    ]


def _occurrences(quote: str, document: Document) -> Iterator[Span]:
    start = document.text.find(quote)
    while start >= 0:
        yield Span(start, start + len(quote))
        start = document.text.find(quote, start + len(quote))


def _in_passages(chunked: ChunkedDocument, span: Span, *, verbatim: bool) -> tuple[Expected, ...]:
    place = Place(chunked.document, span)
    first = bisect_right(chunked.passages, span.start, key=lambda passage: passage.end)
    passages = tuple(takewhile(lambda each: each.start < span.end, chunked.passages[first:]))
    whole = passages and _shared(passages[0].span, span) == span.end - span.start
    skipped = () if whole else _reasons(chunked, span)
    by_share = sorted(passages, key=lambda passage: -_shared(passage.span, span))
    return tuple(
        Expected(place, verbatim, passages, passage, skipped) for passage in by_share or (None,)
    )


def _reasons(chunked: ChunkedDocument, span: Span) -> tuple[str, ...]:
    skipped = (each for each in chunked.skipped if span.overlaps(Span(each.start, each.end)))
    return tuple(dict.fromkeys(each.reason for each in skipped))


def _shared(first: Span, second: Span) -> int:
    return min(first.end, second.end) - max(first.start, second.start)
