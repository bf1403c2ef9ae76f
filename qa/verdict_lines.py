"""What verifying gives, as a person reads it: a line each, and what there is instead below."""

from collections.abc import Iterator

from index.records import Span
from index.terminal import one_line
from qa.lost import Likeness
from qa.place_line import place_line
from qa.verify import Verdict, Verification

_MOST_SHOWN = 300


def verdict_lines(found: Verification) -> Iterator[str]:
    """Yield a line for each citation, and those on each other thing that does not hold."""
    if not found.citations:
        yield "no citations to check"
    for number, verdict in enumerate(found.citations, 1):
        yield f"[{number}] {_verdict(verdict)}"
        yield from _instead(verdict)
        yield from _lost_places(f"[{number}]", verdict)
    for rank, verdict in enumerate(found.passages, 1):
        if verdict.status != "valid":
            yield f"passage {rank}: {_verdict(verdict)}"
            yield from _instead(verdict)
        yield from _lost_places(f"passage {rank},", verdict)
    yield from map(one_line, found.faults)


def _lost_places(what: str, verdict: Verdict) -> Iterator[str]:
    for number, place in enumerate(verdict.also_in, 1):
        if place.status != "valid":
            yield f"{what} also_in {number}: {_verdict(place)}"


def _verdict(verdict: Verdict) -> str:
    claim, now = verdict.claim, verdict.span
    cited = Span(claim.start_char_index, claim.end_char_index)
    moved = f" (now at {now.start}-{now.end})" if now and now != cited else ""
    differs = f"  (another {', '.join(verdict.differs)})" if verdict.differs else ""
    if differs and verdict.status == "valid":
        differs = "  (the file was changed elsewhere)"
    return f"{verdict.status}{moved}  {_cited_place(verdict, cited)}{differs}"


def _cited_place(verdict: Verdict, cited: Span) -> str:
    """Return the place by the name of the file, if that is known or claimed, else by the id."""
    if verdict.document:
        return place_line(verdict.document, cited)
    claim = verdict.claim
    return one_line(f"{claim.source or claim.document_id}:{cited.start}-{cited.end}")


def _instead(verdict: Verdict) -> Iterator[str]:
    """Yield what there is instead of words that are lost, indented."""
    if verdict.nearest:
        yield one_line(f"    {_likeness(verdict.nearest)}")
    if verdict.found_in:
        places = ", ".join(place_line(place.document, place.span) for place in verdict.found_in)
        yield one_line(f"    the same words stand in {places}")
    if verdict.note:
        yield f"    {verdict.note}"


def _likeness(nearest: Likeness) -> str:
    words = " ".join(nearest.place.text.split())
    cut = f"{words[:_MOST_SHOWN]}…" if len(words) > _MOST_SHOWN else words
    start, end = nearest.place.span
    return f"nearest now, at {start}-{end}, {nearest.similarity:.0%} alike: “{cut}”"
