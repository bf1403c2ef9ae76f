"""Many passages, read for all that answers: which windows, in which order, and when to stop.

Windows are read in batches, the most promising first. Reading stops where so many in a row hold
nothing that the rest will hold little, as a person stops who goes through a list of hits. Then the
likeliest sentences are read alone: a window that answers has sentences that do not.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from qa.answer.decision import read_windows
from qa.answer.quotes import Quote
from qa.answer.units import (
    LISTED,
    LISTED_NOT_READ,
    ReadUnit,
    ReadWindow,
    alone,
    probability,
    read_units,
)
from qa.exhaustive.columns import MONTHS
from qa.question.query import Query
from qa.read.reading import Reader
from qa.read.windows import Window, windows_by_promise
from qa.retrieve.near_duplicates import Families, Group

MOST_PASSAGES = 400
"""Passages that each search gives."""
MOST_WINDOWS = 400
MOST_UNITS = 400
MOST_IN_VAIN = 60
"""After so many windows in a row that hold nothing, no more are read."""
LEAST_CONFIDENCE = 0.15
"""From this confidence on a quote is listed."""
LEAST_TO_THE_POINT = 0.1
"""And from this one, if it holds what is asked for."""
_NEAR, _SURE = 0.2, 0.7
"""The shares of the best quote's confidence that a quote needs, and that is enough by itself."""
_AGREE, _POWER = 0.6, 3
"""A term is asked for that quotes hold which have this share of all confidence, raised to a power
so that the best decide."""
_ASKS_FOR_DATES = re.compile(r"\bdates\b", re.IGNORECASE)
_MONTH = rf"\b(?:{'|'.join(MONTHS)})\w*\.?"
_HOLDS_DATE = re.compile(
    rf"\d(?:st|nd|rd|th|\.)? (?:of )?{_MONTH}|{_MONTH} \d|\d[-./]\d\d?[-./]|\b(?:1[89]|20)\d\d\b",
    re.IGNORECASE,
)
_BATCH = 20
_CONSTANT, _BEHIND, _ALONE = 0.05, 0.75, 0.25
"""The weights, in the log-odds that a sentence answers, of how far it is behind the best one, and
of its logit where it is read alone. Fitted on half of the questions that benchmarks/lists has."""


@dataclass(slots=True)
class WideReading:
    """What is read of many passages; `is_cut` if reading stopped where more was promising.

    `units_are_cut` tells that more sentences may answer than are judged one by one.
    """

    groups: Sequence[Group]
    waiting: list[Window]
    is_cut: bool
    windows: list[ReadWindow] = field(default_factory=list)
    units: list[ReadUnit] = field(default_factory=list)
    units_are_cut: bool = False

    @classmethod
    def of(cls, query: Query, families: Families, without: Collection[str]) -> "WideReading":
        """Choose what to read; nothing of the files `without`, whose rows were listed already."""
        groups = list(_groups(families, without))
        bests = [group.best for group in groups]
        windows = windows_by_promise(bests, query.coverage, MOST_WINDOWS + 1)
        is_cut = len(windows) > MOST_WINDOWS or len(families.candidates) >= MOST_PASSAGES
        return cls(groups, windows[:MOST_WINDOWS], bool(windows) and is_cut)

    def read(self, query: Query, reader: Reader | None, seen: Sequence[ReadWindow]) -> None:
        """Read on until nothing is left, or too much was read in vain.

        `seen` was read for the short answer: what is best may be in a file that is left out here.
        """
        in_vain, weights = 0, LISTED if reader else LISTED_NOT_READ
        best = read_units(query.read, seen, query.coverage, reader, weights)[:1]
        for at in range(0, len(self.waiting), _BATCH):
            windows = self.waiting[at : at + _BATCH]
            reading = reader.read(query.read, windows) if reader else None
            read = read_windows(query, self.groups, windows, reading)
            units = read_units(query.read, read, query.coverage, reader, weights)
            self.windows += read
            self.units += units
            in_vain = 0 if any(map(_is_listed, units)) else in_vain + len(windows)
            if in_vain >= MOST_IN_VAIN:
                self.is_cut = False
                break
        if reader and self.units:
            best_log_odds = max(unit.log_odds for unit in (*best, *self.units))
            self._read_alone(query, reader, best_log_odds)

    def _read_alone(self, query: Query, reader: Reader, best: float) -> None:
        """Read the likeliest sentences, rows and items one by one, until a batch holds nothing."""
        likeliest = sorted(self.units, key=lambda unit: -unit.log_odds)
        self.units = []
        for at in range(0, min(len(likeliest), MOST_UNITS), _BATCH):
            batch = likeliest[at : at + _BATCH]
            reading = reader.read(query.read, [alone(unit.read, unit.unit) for unit in batch])
            for unit, logit in zip(batch, reading.answerability.tolist(), strict=True):
                log_odds = _CONSTANT + _BEHIND * (unit.log_odds - best) + _ALONE * logit
                self.units.append(replace(unit, log_odds=log_odds))
            if not any(map(_is_listed, self.units[at:])):
                return
        self.units_are_cut = len(likeliest) > MOST_UNITS

    def told(self, passages: int) -> str:
        """Return how many of all `passages` were read, as a sentence without its point."""
        read = len({window.candidate.passage.id for window in self.windows})
        return f"the nearest {read:,} of {passages:,} passages were read"


def to_the_point(query: Query, found: Sequence[Quote]) -> list[Quote]:
    """Return the quotes that hold what is asked for, or stand under it.

    That is the rarest term of the question that the likeliest quotes agree on, if they do, and a
    date where dates are asked for. Quotes that are nearly as likely as the best need no term.
    """
    if _ASKS_FOR_DATES.search(query.read):
        found = [each for each in found if _HOLDS_DATE.search(each.text)]
    best = max((each.score for each in found), default=0.0)
    likely = [each for each in found if each.score >= max(LEAST_CONFIDENCE, _NEAR * best)]
    votes = [(query.coverage.held_in(each.key.text), each.score**_POWER) for each in likely]
    needed = _AGREE * sum(vote for _, vote in votes)
    agreed = [
        (term.weight, number)
        for number, term in enumerate(query.terms)
        if votes and sum(vote for held, vote in votes if held >> number & 1) >= needed
    ]
    if not agreed:
        return likely
    _, number = max(agreed)
    return [
        each
        for each in found
        if (each in likely and each.score >= _SURE * best)
        or (each.score >= _NEAR * best and _held_with_above(query, each) >> number & 1)
    ]


def _held_with_above(query: Query, quote: Quote) -> int:
    return query.coverage.held_in(f"{quote.key.read.window.above} {quote.text}")


def _is_listed(unit: ReadUnit) -> bool:
    return probability(unit.log_odds) >= LEAST_CONFIDENCE


def _groups(families: Families, without: Collection[str]) -> Iterator[Group]:
    """Yield the groups of near-duplicates; a row of a file stands for itself."""
    for group in families.groups(len(families.candidates)):
        rows = [each for each in group.duplicates if each.document.row_number is not None]
        others = [each for each in group.duplicates if each.document.row_number is None]
        for each in (Group(group.best, others), *map(Group, rows)):
            if each.best.document.source not in without:
                yield each
