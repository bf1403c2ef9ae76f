"""What a measure is: a formula, and the questions it is about."""

import math
from dataclasses import dataclass
from typing import Literal

from eval.measures.bootstrap import calibration_interval, interval, limits_of_unanimous
from eval.measures.formulas import CalibrationError, Indices, Mean, Ratio, Statistic
from eval.measures.table import Table
from eval.records import Estimate


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
