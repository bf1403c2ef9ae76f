"""Where an expected quote stands in the corpus: in which documents, and in which passages."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from index.records import ChunkedDocument, Document, Passage, Span
from index.store.snapshot import Snapshot
from qa.errors import QuoteError
from qa.folding import fold, fold_quote
from qa.records import Place

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
