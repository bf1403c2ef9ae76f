"""Where an expected quote stands in the corpus: in which documents, and in which passages."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import takewhile

from index.records import ChunkedDocument, Passage, Span
from index.store.protocols import Snapshot
from qa.errors import QuoteError
from qa.records import Place
from qa.verify.nearest import fold, fold_quote

MAX_QUOTE_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Expected:
    """A place of the expected quote, and a passage that holds some of it, if any does.

    `verbatim` is False if blanks, letter case or the shape of quotation marks differ. `passages`
    are all that hold some of it, in order. `skipped` are the reasons why some of it is in none.
    """

    place: Place
    verbatim: bool
    passages: tuple[Passage, ...]
    passage: Passage | None
    skipped: tuple[str, ...]

    @property
    def passage_id(self) -> str:
        """The passage's id; empty if no passage holds any of it."""
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

    A place comes once for each passage that holds some of it, the one that holds most first. If
    no document has the very words, those that differ in blanks, letter case or the shape of
    quotation marks count.
    """
    words = re.compile(re.escape(quote))
    folded_quote = fold_quote(quote)
    verbatim = [
        _in_passages(chunked, Span(*found.span()), verbatim=True)
        for chunked in snapshot.documents()
        for found in words.finditer(chunked.document.text)
    ]
    return verbatim or [
        _in_passages(chunked, span, verbatim=False)
        for chunked in snapshot.documents()
        for span in fold(chunked.document.text).find(folded_quote)
    ]


def _in_passages(chunked: ChunkedDocument, span: Span, *, verbatim: bool) -> tuple[Expected, ...]:
    place = Place(chunked.document, span)
    first = bisect_right(chunked.passages, span.start, key=lambda passage: passage.end)
    passages = tuple(takewhile(lambda p: p.start < span.end, chunked.passages[first:]))
    is_whole = passages and _shared(passages[0].span, span) == span.end - span.start
    overlapping = (s for s in chunked.skipped if span.overlaps(Span(s.start, s.end)))
    reasons = () if is_whole else tuple(dict.fromkeys(s.reason for s in overlapping))
    by_share = sorted(passages, key=lambda passage: -_shared(passage.span, span))
    return tuple(
        Expected(place, verbatim, passages, passage, reasons) for passage in by_share or (None,)
    )


def _shared(first: Span, second: Span) -> int:
    return min(first.end, second.end) - max(first.start, second.start)
