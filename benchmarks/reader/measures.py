"""Figures of the reader: how it separates questions and how it ranks passages."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.measures.formulas import auroc
from eval.measures.measure import interval
from eval.measures.table import Table

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def separation(scores: Floats, answerable: NDArray[np.bool_]) -> Figure:
    """Return the AUROC of what is answerable, or answered, against the rest."""
    table = Table({"confidence": scores})
    groups = np.flatnonzero(answerable), np.flatnonzero(~answerable)
    return Figure(float(auroc(table, *groups)), *interval(auroc, table, groups))


def success(ranks: Sequence[int], k: int) -> float:
    """Return the share of questions with something relevant among the first k; 0 is no rank."""
    return float(np.mean([0 < rank <= k for rank in ranks]))
