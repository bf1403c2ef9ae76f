"""What is found out at a stage, and how places and quotes are named in it."""

from dataclasses import dataclass

from qa.records import Place

_SHORT = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of an expected quote at one stage.

    `passed` is None where it did not get so far. `rank` counts from 1; `score` is a cosine or
    made of such. `needed` is what it takes to pass: a score, or where only a rank is given, a rank.
    """

    passed: bool | None
    detail: str
    rank: int | None = None
    score: float | None = None
    needed: float | None = None


NOT_REACHED = Finding(passed=None, detail="")


def passes(
    detail: str, rank: int | None = None, score: float | None = None, needed: float | None = None
) -> Finding:
    """Return that the quote passed a stage."""
    return Finding(passed=True, detail=detail, rank=rank, score=score, needed=needed)


def lost(
    detail: str, rank: int | None = None, score: float | None = None, needed: float | None = None
) -> Finding:
    """Return that the quote did not pass a stage."""
    return Finding(passed=False, detail=detail, rank=rank, score=score, needed=needed)


def named(place: Place) -> str:
    """Return the name of a place: its source and its offsets."""
    return f"{place.document.source}:{place.span.start}-{place.span.end}"


def shortened(text: str) -> str:
    """Return the first words of a text between quotation marks."""
    words = " ".join(text.split())
    return f"“{words[:_SHORT].rstrip()}…”" if len(words) > _SHORT else f"“{words}”"
