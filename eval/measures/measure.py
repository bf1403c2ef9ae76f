"""What a measure is: a formula, and the questions it is about."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eval.measures.formulas import CalibrationError, Indices, Mean, Ratio, Statistic
from eval.measures.table import Table
from eval.records import Estimate

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


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure about some questions.

    `groups` are the columns of the table that choose them; each is resampled by itself.
    `is_share`: it lies in 0..1.
    """

    name: str
    label: str
    groups: tuple[str, ...]
    statistic: Statistic
    better: Literal["higher", "lower", "neither"] = "higher"
    is_share: bool = True
    digits: int = 3

    def rows(self, table: Table) -> list[Indices]:
        """Return the rows of the questions it is about, group by group."""
        return [table.rows(group) for group in self.groups]

    @property
    def column(self) -> str | None:
        """The column with each question's value, where the figure is the mean of these."""
        return self.statistic.column if isinstance(self.statistic, Mean) else None

    def value(self, table: Table) -> float | None:
        """Return the figure, None where it is undefined: no such question, nothing cited."""
        groups = self.rows(table)
        if not all(map(len, groups)):
            return None
        value = float(self.statistic(table, *groups))
        return None if math.isnan(value) else value

    def estimate(self, table: Table) -> Estimate | None:
        """Return the figure with its interval, None where it is undefined."""
        value, groups = self.value(table), self.rows(table)
        if value is None:
            return None
        counts = [len(self._counted(table, rows)) for rows in groups]
        if isinstance(self.statistic, CalibrationError):
            low, high = calibration_interval(self.statistic, table, groups[0], value)
        else:
            low, high = interval(self.statistic, table, groups)
        if self.is_share and math.isclose(low, high):
            low, high = limits_of_unanimous(value, min(counts))
        return Estimate(value, low, high, sum(counts))

    def _counted(self, table: Table, rows: Indices) -> Indices:
        """Return the rows that the figure is made of: for a ratio those with something below."""
        if isinstance(self.statistic, Ratio):
            return rows[table[self.statistic.whole][rows] > 0]
        return rows
