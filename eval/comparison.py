"""Two runs on the same questions: which figures differ, which questions got better and worse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal

from eval.errors import BaselineError
from eval.measures import GUARDED, MEASURES
from eval.measures.bootstrap import difference
from eval.measures.measure import Measure
from eval.measures.table import Table
from eval.records import Result, Run, Settings

_WORTH = {"right": 2, "abstained": 2, "off the gold": 1, "missed": 1, "false answer": 0}
_NOT_CONDITIONS = {"date"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure over the questions that both runs asked, and the 95 % interval of `now - before`.

    `verdict` is "better" or "worse" only where that interval leaves out 0.
    """

    name: str
    before: float
    now: float
    low: float
    high: float
    questions: int
    verdict: Literal["better", "worse", "same"]
    guarded: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose outcome differs."""

    before: Result
    now: Result


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of a run's figures and questions since the `baseline`.

    `alone` are the ids of questions that only one of both asked, or that have another gold
    now; `conditions` are the settings that differ, with what they were and are.
    """

    baseline: Settings
    differences: tuple[Difference, ...]
    better: tuple[Change, ...]
    worse: tuple[Change, ...]
    alone: tuple[str, ...]
    conditions: Mapping[str, tuple[str, str]]

    @property
    def losses(self) -> tuple[Difference, ...]:
        """The guarded measures that got significantly worse."""
        return tuple(d for d in self.differences if d.guarded and d.verdict == "worse")


def compare(run: Run, baseline: Run) -> Comparison:
    """Compare a run with an earlier one, question by question.

    Raises BaselineError if they have no question in common.
    """
    before = {result.id: result for result in baseline.results}
    pairs = [
        Change(before[now.id], now)
        for now in run.results
        if now.id in before and _asks_the_same(now, before[now.id])
    ]
    if not pairs:
        raise BaselineError(
            f"The baseline, made on {baseline.settings.data}, has no question in common with "
            f"{run.settings.data}: name one that was made on the same questions."
        )
    paired = {pair.now.id for pair in pairs}
    ids = dict.fromkeys([*before, *(result.id for result in run.results)])
    return Comparison(
        baseline=baseline.settings,
        differences=tuple(_differences(pairs)),
        better=tuple(pair for pair in pairs if _worth(pair.now) > _worth(pair.before)),
        worse=tuple(pair for pair in pairs if _worth(pair.now) < _worth(pair.before)),
        alone=tuple(each for each in ids if each not in paired),
        conditions=_conditions(run.settings, baseline.settings),
    )


def _asks_the_same(now: Result, before: Result) -> bool:
    return (now.question, now.kind, now.gold) == (before.question, before.kind, before.gold)


def _differences(pairs: Sequence[Change]) -> list[Difference]:
    now = Table.of([pair.now for pair in pairs])
    before = Table.of([pair.before for pair in pairs])
    found = (_difference(measure, now, before) for measure in MEASURES)
    return [each for each in found if each]


def _difference(measure: Measure, now: Table, before: Table) -> Difference | None:
    values = measure.value(before), measure.value(now)
    if values[0] is None or values[1] is None:
        return None
    groups = measure.rows(now)
    low, high = difference(measure.statistic, now, before, groups)
    sign = {"higher": 1, "lower": -1, "neither": 0}[measure.better]
    certain = sign * ((low > 0) - (high < 0))
    return Difference(
        name=measure.name,
        before=values[0],
        now=values[1],
        low=low,
        high=high,
        questions=sum(map(len, groups)),
        verdict="better" if certain > 0 else "worse" if certain < 0 else "same",
        guarded=measure.name in GUARDED,
    )


def _worth(result: Result) -> tuple[int, float]:
    """Return what a question's outcome is worth: first the verdict, then the rank."""
    first = result.ranking.first if result.ranking else None
    return _WORTH[result.verdict], 1 / first if first else 0.0


def _conditions(now: Settings, before: Settings) -> dict[str, tuple[str, str]]:
    values = {
        field.name: (str(getattr(before, field.name)), str(getattr(now, field.name)))
        for field in fields(Settings)
        if field.name not in _NOT_CONDITIONS
    }
    return {name: both for name, both in values.items() if both[0] != both[1]}
