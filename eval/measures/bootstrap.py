"""How far a figure might be off: the percentile bootstrap over questions, seeded.

Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. Each group of questions
that a measure is about is resampled by itself. Questions are taken to be independent, which
several on one document are not quite.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.measures.formulas import CalibrationError, Indices, Statistic
from eval.measures.table import Table

LEVEL = 0.95
RESAMPLES = 2000
_CHANCE_SAMPLES = 500
_BATCH_CELLS = 500_000
_SEED = 0


def interval(statistic: Statistic, table: Table, groups: Sequence[Indices]) -> tuple[float, float]:
    """Return the 95 % interval of a statistic over the groups' rows."""
    return _limits(resampled(statistic, [table], groups)[0])


def calibration_interval(
    error: CalibrationError, table: Table, rows: Indices, value: float
) -> tuple[float, float]:
    """Return the 95 % interval of a calibration error, whose resamples are too high.

    Its lower end is 0 where chance alone would put perfect confidence as far off (one-sided test),
    else that of the basic bootstrap, which takes a resample to be as far above the sample as that
    is above the truth (Davison & Hinkley 1997, section 5.2).
    """
    _, high = _limits(resampled(error, [table], [rows])[0])
    by_chance = float(np.quantile(error.by_chance(table, rows, _CHANCE_SAMPLES), LEVEL))
    least = 0.0 if value <= by_chance else max(0.0, 2 * value - high)
    return min(value, least), max(value, high)


def limits_of_unanimous(
    value: float, questions: int, least: float = 0.0, most: float = 1.0
) -> tuple[float, float]:
    """Return the 95 % interval of a mean whose questions all have the same value.

    It is the same in every resample, which tells nothing. But no more than some share of other
    questions can have another value, at worst `least` or `most`: so many as the exact binomial
    limits allow (Clopper & Pearson, 1934). Of two groups that are compared, the smaller one counts.
    """
    others = 1 - float(((1 - LEVEL) / 2) ** (1 / questions))
    return value - (value - least) * others, value + (most - value) * others


def difference(
    statistic: Statistic, now: Table, before: Table, groups: Sequence[Indices]
) -> tuple[float, float]:
    """Return the 95 % interval of the difference between two runs on the same rows.

    Paired: both runs are resampled alike, so what makes questions hard or easy cancels out.
    """
    after, first = resampled(statistic, [now, before], groups)
    return _limits(after - first)


def resampled(
    statistic: Statistic, tables: Sequence[Table], groups: Sequence[Indices]
) -> list[NDArray[np.float64]]:
    """Return the statistic of each table over the same 2000 resamples of the groups' rows."""
    chance = np.random.default_rng(_SEED)
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
