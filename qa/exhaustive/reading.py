"""Many passages, read for all that answers: which windows, in which order, and when to stop.

Windows are read in batches, the most promising first. Reading stops where so many in a row hold
nothing that the rest will hold little, as a person stops who goes through a list of hits.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from qa.answer.decision import read_windows
from qa.answer.units import LISTED, LISTED_NOT_READ, ReadUnit, ReadWindow, probability, read_units
from qa.question.query import Query
from qa.read.reading import Reader
from qa.read.windows import Window, windows_by_promise
from qa.retrieve.near_duplicates import Families, Group

MOST_PASSAGES = 400
"""Passages that each search gives."""
MOST_WINDOWS = 400
MOST_SECONDS = 10.0
MOST_IN_VAIN = 60
"""After so many windows in a row that hold nothing, no more are read."""
LEAST_CONFIDENCE = 0.15
"""From this confidence on a quote is listed."""
_BATCH = 20


@dataclass(slots=True)
class WideReading:
    """What is read of many passages. `bound` says which bound was met, "" for none."""

    groups: Sequence[Group]
    waiting: list[Window]
    bound: str
    windows: list[ReadWindow] = field(default_factory=list)
    units: list[ReadUnit] = field(default_factory=list)

    @classmethod
    def of(cls, query: Query, families: Families, without: Collection[str]) -> "WideReading":
        """Choose what to read; nothing of the files `without`, whose rows were listed already."""
        groups = list(_groups(families, without))
        bests = [group.best for group in groups]
        windows = windows_by_promise(bests, query.coverage, MOST_WINDOWS + 1)
        waiting = windows[:MOST_WINDOWS]
        of_passages = len({window.passage for window in waiting})
        cut = bool(waiting) and (
            len(windows) > MOST_WINDOWS or len(families.candidates) >= MOST_PASSAGES
        )
        return cls(groups, waiting, _nearest_only(of_passages) if cut else "")

    def read(self, query: Query, reader: Reader | None) -> None:
        """Read on until nothing is left, too much was read in vain, or time is up."""
        started, in_vain = time.monotonic(), 0
        for at in range(0, len(self.waiting), _BATCH):
            if time.monotonic() - started > MOST_SECONDS:
                of_passages = len({window.passage for window in self.waiting[:at]})
                self.bound = _nearest_only(of_passages)
                return
            windows = self.waiting[at : at + _BATCH]
            reading = reader.read(query.read, windows) if reader else None
            seen = read_windows(query, self.groups, windows, reading)
            weights = LISTED if reader else LISTED_NOT_READ
            units = read_units(query.read, seen, query.coverage, reader, weights)
            self.windows += seen
            self.units += units
            good = any(probability(unit.log_odds) >= LEAST_CONFIDENCE for unit in units)
            in_vain = 0 if good else in_vain + len(windows)
            if in_vain >= MOST_IN_VAIN:
                return


def _groups(families: Families, without: Collection[str]) -> Iterator[Group]:
    """Yield the groups of near-duplicates; a row of a file stands for itself."""
    for group in families.groups(len(families.candidates)):
        rows = [each for each in group.duplicates if each.document.row_number is not None]
        others = [each for each in group.duplicates if each.document.row_number is None]
        for each in (Group(group.best, others), *map(Group, rows)):
            if each.best.document.source not in without:
                yield each


def _nearest_only(passages: int) -> str:
    return f"only the nearest {passages} passages were read"
