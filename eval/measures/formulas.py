"""What is computed from columns, and its 95 % interval over resamples of the rows.

Each statistic takes the table and one array of row numbers for each group of questions that the
measure is about. The last axis of these is the sample; what comes before it stays. The result is
nan where it is undefined.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.measures.table import Table

Indices = NDArray[np.intp]
Statistic = Callable[..., Any]
"""`statistic(table, indices, …)`, an array of the shape that the indices have before their last."""

BINS = 10
LEVEL = 0.95
RESAMPLES = 2000
_CHANCE_SAMPLES = 500
_BATCH_CELLS = 500_000


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
    from scipy.stats import rankdata  # here and not above: `pincite index` need not wait for it

    above = rankdata(both, axis=-1)[..., :n].sum(axis=-1) - n * (n + 1) / 2
    return above / (n * m)


def risk_coverage(table: Table, rows: Indices) -> Any:
    """Return the risk if only the k questions of highest confidence are answered, k = 1, 2, ….

    The risk is the share of these whose answer is not right (El-Yaniv & Wiener, 2010). Questions
    of equal confidence each count as their mean, so that their order does not matter.
    """
    confidence = table["confidence"][rows]
    order = np.argsort(-confidence, axis=-1)
    ordered = np.take_along_axis(confidence, order, axis=-1)
    wrong = _mean_of_ties(1 - np.take_along_axis(table["right"][rows], order, axis=-1), ordered)
    return wrong.cumsum(axis=-1) / np.arange(1, rows.shape[-1] + 1)


def _mean_of_ties(values: NDArray[np.float64], keys: NDArray[np.float64]) -> Any:
    """Replace each value by the mean over the run of equal keys that it stands in."""
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


def calibration_error(table: Table, rows: Indices) -> Any:
    """Return the expected calibration error over ten bins of equal width (Guo et al., 2017).

    The mean, over all questions, of the distance between a bin's mean confidence and its share
    of right answers. A sample's is too high on average: chance alone puts a bin off.
    """
    return _distance(table["confidence"][rows], table["right"][rows])


def _distance(confidence: NDArray[np.float64], right: NDArray[Any]) -> Any:
    bins = bin_of(confidence)
    gaps = [abs(((confidence - right) * (bins == number)).sum(axis=-1)) for number in range(BINS)]
    return sum(gaps) / confidence.shape[-1]


def calibration_interval(table: Table, rows: Indices, value: float) -> tuple[float, float]:
    """Return the 95 % interval of a calibration error, whose resamples are too high.

    Its lower end is 0 where chance alone would put perfect confidence as far off (one-sided test,
    by consistency resampling: Bröcker & Smith 2007). Else it is that of the basic bootstrap, which
    takes a resample to be as far above the sample as that is above the truth (Davison & Hinkley
    1997, section 5.2).
    """
    _, high = interval(calibration_error, table, [rows])
    confidence = np.broadcast_to(table["confidence"][rows], (_CHANCE_SAMPLES, len(rows)))
    right = np.random.default_rng(0).uniform(size=confidence.shape) < confidence
    by_chance = float(np.quantile(_distance(confidence, right), LEVEL))
    least = 0.0 if value <= by_chance else max(0.0, 2 * value - high)
    return min(value, least), max(value, high)


def interval(statistic: Statistic, table: Table, groups: Sequence[Indices]) -> tuple[float, float]:
    """Return the 95 % interval of a statistic over the groups' rows."""
    return _limits(_resampled(statistic, [table], groups)[0])


def difference(
    statistic: Statistic, now: Table, before: Table, groups: Sequence[Indices]
) -> tuple[float, float]:
    """Return the 95 % interval of the difference between two runs on the same rows.

    Paired: both runs are resampled alike, so what makes questions hard or easy cancels out.
    """
    after, first = _resampled(statistic, [now, before], groups)
    return _limits(after - first)


def limits_of_unanimous(value: float, questions: int, least: float = 0.0) -> tuple[float, float]:
    """Return the 95 % interval of a mean whose questions all have the same value.

    Resampling tells nothing here: every resample is the same. But no more than some share of other
    questions can have another value, at worst `least` or 1: the exact binomial limits say how
    many (Clopper & Pearson, 1934). Of two groups that are compared, the smaller one counts.
    """
    others = 1 - float(((1 - LEVEL) / 2) ** (1 / questions))
    return value - (value - least) * others, value + (1 - value) * others


def _resampled(
    statistic: Statistic, tables: Sequence[Table], groups: Sequence[Indices]
) -> list[NDArray[np.float64]]:
    """Return the statistic of each table over the same resamples of the groups' rows."""
    chance = np.random.default_rng(0)
    batch = max(1, _BATCH_CELLS // sum(map(len, groups)))
    values: list[list[Any]] = [[] for _ in tables]
    for start in range(0, RESAMPLES, batch):
        count = min(batch, RESAMPLES - start)
        drawn = [chance.choice(group, (count, len(group))) for group in groups]
        for own, table in zip(values, tables, strict=True):
            own.append(statistic(table, *drawn))
    return [np.concatenate(own) for own in values]


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return float(low), float(high)
