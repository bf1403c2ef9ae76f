"""What is computed from columns: over the rows themselves, or over many resamples of them.

Each statistic takes the table and one array of row numbers for each group of questions that the
measure is about. The last axis of these is the sample; what comes before it is kept. The result
is nan where it is undefined.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from eval.measures.table import Table

Indices = NDArray[np.intp]
Statistic = Callable[..., Any]
"""`statistic(table, indices, …)`, an array of the shape that the indices have before their last."""

BINS = 10


def mean(column: str) -> Statistic:
    """Return the mean of a column."""
    return lambda table, rows: table[column][rows].mean(axis=-1)


def ratio(part: str, whole: str) -> Statistic:
    """Return the sum of one column over that of another; nan where that is 0."""

    def statistic(table: Table, rows: Indices) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            return table[part][rows].sum(axis=-1) / table[whole][rows].sum(axis=-1)

    return statistic


def quantile(column: str, share: float) -> Statistic:
    """Return the nearest-rank quantile of a column: of n sorted, the one at ceil(share * n)."""
    return lambda table, rows: np.quantile(
        table[column][rows], share, axis=-1, method="inverted_cdf"
    )


def auroc(table: Table, positive: Indices, negative: Indices) -> Any:
    """Return how often a positive's confidence is above a negative's, a tie counting half.

    The area under the ROC curve, by the Mann-Whitney statistic (Hanley & McNeil, 1982).
    """
    confidence = table["confidence"]
    both = np.concatenate([confidence[positive], confidence[negative]], axis=-1)
    n, m = positive.shape[-1], negative.shape[-1]
    above = rankdata(both, axis=-1)[..., :n].sum(axis=-1) - n * (n + 1) / 2
    return above / (n * m)


def risk_coverage(table: Table, rows: Indices) -> Any:
    """Return the risk if only the k questions of highest confidence are answered, k = 1, 2, ….

    The risk is the share of the answered ones whose answer is not right (El-Yaniv & Wiener,
    2010).
    """
    order = np.argsort(-table["confidence"][rows], axis=-1, kind="stable")
    wrong = 1 - np.take_along_axis(table["right"][rows], order, axis=-1)
    return wrong.cumsum(axis=-1) / np.arange(1, rows.shape[-1] + 1)


def aurc(table: Table, rows: Indices) -> Any:
    """Return the area under the risk-coverage curve (Geifman & El-Yaniv, 2017)."""
    return risk_coverage(table, rows).mean(axis=-1)


def bin_of(confidence: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return in which of ten bins of equal width each confidence lies, 0 to 9."""
    return np.minimum((confidence * BINS).astype(np.intp), BINS - 1)


def calibration_error(table: Table, rows: Indices) -> Any:
    """Return the expected calibration error over ten bins of equal width (Guo et al., 2017).

    The mean, over all questions, of the distance between a bin's mean confidence and its share
    of right answers.
    """
    confidence, right = table["confidence"][rows], table["right"][rows]
    bins = bin_of(confidence)
    gaps = [abs(((confidence - right) * (bins == each)).sum(axis=-1)) for each in range(BINS)]
    return sum(gaps) / rows.shape[-1]
