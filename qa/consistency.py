"""Does an answer hold together? What its JSON says of itself, checked without any document."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from qa.claims import AnswerClaims, CitedSpan, PassageClaim


class CitingSpan(Protocol):
    """A stretch `[start, end)` of an answer's text, and the numbers of what it cites."""

    @property
    def start(self) -> int:
        """Its first code point."""

    @property
    def end(self) -> int:
        """The one after its last."""

    @property
    def citations(self) -> Sequence[int]:
        """What it cites."""


def span_faults(
    text: str, spans: Sequence[CitingSpan], cited: Mapping[int, str]
) -> Iterator[tuple[str, str]]:
    """Yield what of an answer's text was looked at, and what is wrong with it, "" if nothing.

    Each span has to equal all that it cites (`cited`, words by number), in order, with
    nothing but blanks before, between and after.
    """
    end = 0
    for span in spans:
        what = f"answer {span.start}-{span.end}"
        if text[end : span.start].strip():
            yield what, "there are words before it that nothing is cited for"
        else:
            yield what, _span_fault(text, end, span, cited)
        end = max(end, span.end)
    yield f"answer after {end}", "nothing is cited for it" if text[end:].strip() else ""


def faults(claims: AnswerClaims) -> list[str]:
    """Return what does not fit together in an answer, a line each: where, and what is wrong."""
    found = [*_answer_faults(claims)]
    for number, citation in enumerate(claims.citations, 1):
        found += _count_faults(f"citation {number}", citation)
    for rank, passage in enumerate(claims.passages, 1):
        found += _count_faults(f"passage {rank}", passage)
        for mark in passage.highlights:
            if not 0 <= mark.start < mark.end <= len(passage.cited_text):
                found.append(f"passage {rank}: highlight {mark.start}-{mark.end} is not in it")
    return found


def _answer_faults(claims: AnswerClaims) -> Iterator[str]:
    numbers = [each.number for each in claims.citations if each.number is not None]
    yield from (
        f"citation {number}: more than one has this number"
        for number in dict.fromkeys(numbers)
        if numbers.count(number) > 1
    )
    if claims.answered is False and (claims.answer or claims.citations):
        yield "answered: false, but there is an answer or a citation"
    if claims.answered and not claims.citations:
        yield "answered: true, but there are no citations"
    if claims.answered and not claims.answer:
        yield "answered: true, but there is no answer"
    if claims.answer:
        cited = {each.number: each.cited_text for each in claims.citations if each.number}
        looked_at = span_faults(claims.answer.text, claims.answer.spans, cited)
        yield from (f"{what}: {fault}" for what, fault in looked_at if fault)
        used = {number for span in claims.answer.spans for number in span.citations}
        yield from (
            f"citation {each.number}: nothing in the answer rests on it"
            for each in claims.citations
            if each.number not in used
        )


def _count_faults(what: str, claim: CitedSpan | PassageClaim) -> Iterator[str]:
    if claim.also_in_count is not None and claim.also_in_count < len(claim.also_in):
        yield f"{what}: also_in_count is less than the places in also_in"


def _span_fault(text: str, end: int, span: CitingSpan, cited: Mapping[int, str]) -> str:
    if not end <= span.start < span.end <= len(text):
        return "it is not a stretch of the answer's text after the one before"
    if not span.citations:
        return "it cites nothing"
    for number in span.citations:
        if number not in cited:
            return f"there is no citation {number}"
        if text[span.start : span.end] != cited[number]:
            return f"its words are not those of citation {number}"
    return ""
