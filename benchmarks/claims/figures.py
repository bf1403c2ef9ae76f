"""How well a check tells supported claims from others, and the threshold that it does so at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.claims.by_hand import BY_HAND
from benchmarks.claims.evidence import Claim
from eval.measures.formulas import Indices, interval, limits_of_unanimous
from eval.measures.table import Table
from training.rows import share

Bools = NDArray[np.bool_]
MOST_SHOWN = 0.05
"""Of unsupported sentences: what the threshold is chosen for."""


@dataclass(frozen=True, slots=True)
class Halves:
    """Which claims choose thresholds, and which others report.

    Claims are divided by a hash of their words. Those by hand choose nothing.
    """

    first: Bools
    second: Bools
    by_hand: Bools

    @classmethod
    def of(cls, claims: Sequence[Claim]) -> "Halves":
        """Divide the claims."""
        by_hand = np.array([claim.origin == BY_HAND for claim in claims], np.bool_)
        first = np.array([share(f"half {claim.text}") < 0.5 for claim in claims], np.bool_)
        return cls(first & ~by_hand, ~first & ~by_hand, by_hand)


@dataclass(frozen=True, slots=True)
class Figure:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check does to some claims: the shares of both kinds that it shows.

    A figure is None where there are no such claims.
    """

    supported: int
    unsupported: int
    balanced_accuracy: Figure | None
    unsupported_shown: Figure | None
    supported_kept: Figure | None


def outcome(shown: Bools, supported: Bools) -> Outcome:
    """Return the figures of what is shown."""
    table = Table({"shown": shown.astype(np.float64)})
    good, bad = np.flatnonzero(supported), np.flatnonzero(~supported)
    both = _figure(_balanced, table, good, bad) if len(good) and len(bad) else None
    return Outcome(
        len(good),
        len(bad),
        both,
        _figure(_shown, table, bad) if len(bad) else None,
        _figure(_shown, table, good) if len(good) else None,
    )


def _shown(table: Table, rows: Indices) -> Any:
    return table["shown"][rows].mean(axis=-1)


def _balanced(table: Table, good: Indices, bad: Indices) -> Any:
    return (_shown(table, good) + 1 - _shown(table, bad)) / 2


def _figure(statistic: Any, table: Table, *groups: Indices) -> Figure:
    value = float(statistic(table, *groups))
    low, high = interval(statistic, table, groups)
    if low == high:
        low, high = limits_of_unanimous(value, min(map(len, groups)))
    return Figure(value, low, high)


def fairest(scores: NDArray[np.float64], supported: Bools) -> float:
    """Return the threshold of the highest balanced accuracy."""
    candidates = np.unique(scores)
    accuracies = [
        (scores[supported] >= each).mean() - (scores[~supported] >= each).mean()
        for each in candidates
    ]
    return float(candidates[int(np.argmax(accuracies))])


def strictest(scores: NDArray[np.float64], supported: Bools, most: float = MOST_SHOWN) -> float:
    """Return the lowest threshold at which at most that share of the unsupported is shown."""
    candidates = np.append(np.unique(scores[scores > 0]), np.inf)
    shown = np.array([(scores[~supported] >= each).mean() for each in candidates])
    return float(candidates[np.flatnonzero(shown <= most)[0]])


def shown_by_fitted(scores: NDArray[np.float64], supported: Bools, halves: Halves) -> Bools:
    """Return what is shown at the fairest threshold, each half's fitted on the other one.

    That of the claims by hand is fitted on both.
    """
    shown = np.zeros(len(scores), np.bool_)
    both = halves.first | halves.second
    for fit, use in (
        (halves.first, halves.second),
        (halves.second, halves.first),
        (both, halves.by_hand),
    ):
        if len(set(supported[fit])) > 1:
            shown[use] = scores[use] >= fairest(scores[fit], supported[fit])
    return shown
