"""Which windows are worth reading: reading is what a question costs most."""

from collections.abc import Sequence

from index.terms import terms
from qa.coverage import Coverage
from qa.read.windows import Window, windows
from qa.retrieve.candidates import Candidate

PASSAGES = 12
"""Passages whose windows are considered."""
WINDOWS = 10
"""Windows that are read: docs/reader.md has the curve of quality over their number."""
SHARE_WEIGHT = 0.5


def windows_to_read(
    candidates: Sequence[Candidate], coverage: Coverage, most: int = WINDOWS
) -> list[Window]:
    """Return the `most` windows of the candidates that promise most, in the candidates' order."""
    best = windows_by_promise(candidates, coverage)[:most]
    return sorted(best, key=lambda window: (window.passage, window.span))


def windows_by_promise(candidates: Sequence[Candidate], coverage: Coverage) -> list[Window]:
    """Return all windows of the candidates, those that promise most first.

    A window promises its passage's score and half of the share of the question's words, by
    weight, that it holds together with what stands above it.
    """

    def promise(window: Window) -> float:
        return candidates[window.passage].score + SHARE_WEIGHT * share_of(window, coverage)

    made = windows((each.document, each.passage) for each in candidates)
    return sorted(made, key=promise, reverse=True)


def share_of(window: Window, coverage: Coverage) -> float:
    """Return the share of the question's words that a window and what is above it hold, 0..1."""
    return coverage.share(coverage.held(frozenset(terms(f"{window.above}\n{window.text}"))))
