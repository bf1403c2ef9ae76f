"""What is computed from columns: over the rows themselves, or over many resamples of them.

Each statistic takes the table and one array of row numbers for each group of questions that the
measure is about. The last axis of these is the sample; what comes before it is kept. The result
is nan where it is undefined.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from eval.measures.table import Table

Indices = NDArray[np.intp]
Statistic = Callable[..., Any]
"""`statistic(table, indices, …)`, an array of the shape that the indices have before their last."""

BINS = 10


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of a column."""

    column: str

    def __call__(self, table: Table, rows: Indices) -> Any:
        """Return it over these rows."""
        return table[self.column][rows].mean(axis=-1)


@dataclass(frozen=True, slots=True)
class Ratio:
    """The sum of one column over that of another; nan where that is 0."""

    part: str
    whole: str

    def __call__(self, table: Table, rows: Indices) -> Any:
        """Return it over these rows."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return table[self.part][rows].sum(axis=-1) / table[self.whole][rows].sum(axis=-1)


@dataclass(frozen=True, slots=True)
class Quantile:
    """The nearest-rank quantile of a column: of n sorted, the one at ceil(share * n)."""

    column: str
    share: float

    def __call__(self, table: Table, rows: Indices) -> Any:
        """Return it over these rows."""
        values = table[self.column][rows]
        return np.quantile(values, self.share, axis=-1, method="inverted_cdf")


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
    2010). Of questions of equal confidence it is that of their mean, in whatever order they come.
    """
    confidence = table["confidence"][rows]
    order = np.argsort(-confidence, axis=-1)
    ordered = np.take_along_axis(confidence, order, axis=-1)
    wrong = _mean_of_ties(1 - np.take_along_axis(table["right"][rows], order, axis=-1), ordered)
    return wrong.cumsum(axis=-1) / np.arange(1, rows.shape[-1] + 1)


def _mean_of_ties(values: NDArray[np.float64], keys: NDArray[np.float64]) -> Any:
    """Return `values` with the mean of its run for each; a run has equal keys, which are sorted."""
    starts = np.ones(keys.shape, dtype=bool)
    starts[..., 1:] = keys[..., 1:] != keys[..., :-1]
    run = starts.ravel().cumsum() - 1  # each row starts a run of its own
    means = np.bincount(run, values.ravel()) / np.bincount(run)
    return means[run].reshape(values.shape)


def aurc(table: Table, rows: Indices) -> Any:
    """Return the area under the risk-coverage curve (Geifman & El-Yaniv, 2017)."""
    return risk_coverage(table, rows).mean(axis=-1)


def bin_of(confidence: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return in which of ten bins of equal width each confidence lies, 0 to 9."""
    return np.minimum((confidence * BINS).astype(np.intp), BINS - 1)


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """The expected calibration error over ten bins of equal width (Guo et al., 2017).

    The mean, over all questions, of the distance between a bin's mean confidence and its share
    of right answers. A sample's is too high on average: chance alone puts a bin off.
    """

    def __call__(self, table: Table, rows: Indices) -> Any:
        """Return it over these rows."""
        return self._error(table["confidence"][rows], table["right"][rows])

    def by_chance(self, table: Table, rows: Indices, samples: int) -> NDArray[np.float64]:
        """Return the errors of so many samples in which confidence is the probability of right.

        Consistency resampling (Bröcker & Smith, 2007), seeded.
        """
        confidence = np.broadcast_to(table["confidence"][rows], (samples, len(rows)))
        right = np.random.default_rng(0).uniform(size=confidence.shape) < confidence
        errors: NDArray[np.float64] = self._error(confidence, right)
        return errors

    def _error(self, confidence: NDArray[np.float64], right: NDArray[Any]) -> Any:
        bins = bin_of(confidence)
        gaps = [
            abs(((confidence - right) * (bins == number)).sum(axis=-1)) for number in range(BINS)
        ]
        return sum(gaps) / confidence.shape[-1]
