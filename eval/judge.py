"""An answer against the gold: which passages hold a quote, which citations overlap one."""

from collections.abc import Sequence

from eval.gold import GoldRow, GoldSpan
from eval.records import Result
from index.records import Span
from qa.records import Answer, Hit


def judge(row: GoldRow, spans: Sequence[GoldSpan], answer: Answer) -> Result:
    """Return what became of a question whose quotes stand at `spans`."""
    on_quote = sum(
        any(
            quote.document_id == citation.document.id
            and quote.span.overlaps(Span(citation.start, citation.end))
            for quote in spans
        )
        for citation in answer.citations
    )
    return Result(
        id=row.id,
        question=row.question,
        kind=row.kind,
        split=row.split,
        answered=answer.answered,
        confidence=answer.confidence,
        rank=first_rank(answer.hits, spans),
        cited=on_quote > 0 if row.kind == "answerable" else None,
        answer=answer.text,
        citations=tuple(f"{c.document.source}:{c.start}-{c.end}" for c in answer.citations),
        on_quote=on_quote,
        took_ms=answer.took_ms,
    )


def first_rank(hits: Sequence[Hit], spans: Sequence[GoldSpan]) -> int | None:
    """Return the 1-based rank of the first passage that holds a whole quote, None if none does."""
    return next((rank for rank, hit in enumerate(hits, 1) if holds_quote(hit, spans)), None)


def holds_quote(hit: Hit, spans: Sequence[GoldSpan]) -> bool:
    """Tell whether a quote lies within the passage, or within a place shown with it.

    A near-duplicate that was collapsed into the passage is shown as one of its `also_in`,
    so a quote that stands there was found, too.
    """
    shown = [(hit.document.id, hit.passage.span)]
    shown += [(place.document.id, place.span) for place in hit.also_in]
    return any(
        quote.document_id == document_id
        and span.start <= quote.span.start
        and quote.span.end <= span.end
        for quote in spans
        for document_id, span in shown
    )
