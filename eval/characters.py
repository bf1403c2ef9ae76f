"""Counting characters that two sets of spans share."""

from collections.abc import Iterable

from eval.questions import GoldSpan
from eval.records import Overlap
from index.records import Span


def overlap(gold: Iterable[GoldSpan], shown: Iterable[GoldSpan]) -> Overlap:
    """Return how many characters of the documents are in `gold`, in `shown`, and in both.

    A character counts once, however many spans it is in.
    """
    gold_runs, shown_runs = _runs(gold), _runs(shown)
    both = sum(
        _shared(runs, shown_runs.get(document_id, [])) for document_id, runs in gold_runs.items()
    )
    return Overlap(_length(gold_runs), _length(shown_runs), both)


def _runs(spans: Iterable[GoldSpan]) -> dict[str, list[Span]]:
    """Return, by document, the union of its spans as spans in order that do not touch."""
    runs: dict[str, list[Span]] = {}
    for document_id, span in sorted((each.document_id, each.span) for each in spans):
        own = runs.setdefault(document_id, [])
        if own and span.start <= own[-1].end:
            own[-1] = Span(own[-1].start, max(own[-1].end, span.end))
        else:
            own.append(span)
    return runs


def _shared(first: list[Span], second: list[Span]) -> int:
    return sum(max(0, min(a.end, b.end) - max(a.start, b.start)) for a in first for b in second)


def _length(runs: dict[str, list[Span]]) -> int:
    return sum(span.end - span.start for own in runs.values() for span in own)
