"""Two runs on the same questions: which figures differ, which questions got better and worse."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from eval.measures import GUARDED, MEASURES, Measure
from eval.measures.formulas import difference, limits_of_unanimous
from eval.measures.table import Table
from eval.records import Result, Run, Settings
from index.errors import PinciteError

_WORTH = {"right": 2, "abstained": 2, "off the gold": 1, "missed": 1, "false answer": 0}
FEWEST = 6
_LEVEL = 0.05


class BaselineError(PinciteError):
    """An earlier run cannot be compared with."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure over the questions that both runs asked, and the 95 % interval of `now - before`.

    `gained` and `lost` count the questions that changed, None for a measure that has no value for
    each question. `verdict` is "better" or "worse" only where the interval leaves out 0 and enough
    questions changed to tell: at least six and, for a measure of yes or no, so many more one way
    than the other that McNemar's exact test agrees (p <= .05). Else it is "too few".
    """

    name: str
    before: float
    now: float
    low: float
    high: float
    questions: int
    gained: int | None
    lost: int | None
    verdict: Literal["better", "worse", "same", "too few"]
    guarded: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose outcome differs."""

    before: Result
    now: Result


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of a run's figures and questions since the `baseline`.

    `missing` are the ids of the baseline's questions that were not asked or have other gold now,
    `added` those of questions that the baseline lacks. `conditions` are the settings that differ,
    with what they were and are.
    """

    baseline: Settings
    differences: tuple[Difference, ...]
    better: tuple[Change, ...]
    worse: tuple[Change, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    conditions: Mapping[str, tuple[str, str]]

    @property
    def losses(self) -> tuple[Difference, ...]:
        """The guarded measures that got significantly worse."""
        return tuple(d for d in self.differences if d.guarded and d.verdict == "worse")


def compare(run: Run, baseline: Run, *, of_one_file: bool = False) -> Comparison:
    """Compare a run with an earlier one, question by question.

    `of_one_file`: both asked the same gold file, so gold that a question lost is gone from the
    documents, and counts as a loss.
    Raises BaselineError if they have no question in common or were not measured alike.
    """
    _refuse_unlike(run.settings, baseline.settings)
    before = {result.id: result for result in baseline.results}
    pairs = [
        Change(before[now.id], now)
        for now in run.results
        if now.id in before and (of_one_file or _asked(now) == _asked(before[now.id]))
    ]
    if not pairs:
        raise BaselineError(
            f"The baseline, made on {baseline.settings.data}, has no question in common with "
            f"{run.settings.data}: name one that was made on the same questions."
        )
    paired = {pair.now.id for pair in pairs}
    return Comparison(
        baseline=baseline.settings,
        differences=tuple(_differences(pairs)),
        better=tuple(pair for pair in pairs if _worth(pair.now) > _worth(pair.before)),
        worse=tuple(pair for pair in pairs if _worth(pair.now) < _worth(pair.before)),
        missing=tuple(question for question in before if question not in paired),
        added=tuple(result.id for result in run.results if result.id not in paired | before.keys()),
        conditions=_conditions(run.settings, baseline.settings),
    )


def _refuse_unlike(now: Settings, before: Settings) -> None:
    for name in ("protocol", "options", "top_k"):
        then, this = getattr(before, name), getattr(now, name)
        if then != this:
            raise BaselineError(
                f"The baseline was measured with {name} = {then}, this run with {this}: their "
                "figures mean different things; make a baseline like this run."
            )


def _asked(result: Result) -> object:
    """Return what is asked; where the gold stands may change, when documents do."""
    gold = {(excerpt.source, excerpt.text) for excerpt in result.gold}
    return result.question, result.kind, gold


def _differences(pairs: Sequence[Change]) -> Iterator[Difference]:
    now = Table.of([pair.now for pair in pairs])
    before = Table.of([pair.before for pair in pairs])
    for measure in MEASURES:
        values = measure.value(before), measure.value(now)
        if values[0] is not None and values[1] is not None:
            yield _difference(measure, now, before, values[1], values[0])


def _difference(
    measure: Measure, now: Table, before: Table, value_now: float, value_before: float
) -> Difference:
    groups = measure.rows(now)
    low, high = difference(measure.statistic, now, before, groups)
    if measure.is_share and low == high != 0:  # all changed alike
        low, high = limits_of_unanimous(low, min(map(len, groups)), least=-1.0)
    sign = {"higher": 1, "lower": -1, "neither": 0}[measure.better]
    gained, lost, tell = _changes(measure, now, before, sign)
    certain = sign * ((low > 0) - (high < 0))
    verdict: Literal["better", "worse", "same", "too few"] = "same"
    if certain:
        verdict = "too few" if not tell else "better" if certain > 0 else "worse"
    return Difference(
        name=measure.name,
        before=value_before,
        now=value_now,
        low=low,
        high=high,
        questions=sum(map(len, groups)),
        gained=gained,
        lost=lost,
        verdict=verdict,
        guarded=measure.name in GUARDED,
    )


def _changes(
    measure: Measure, now: Table, before: Table, sign: int
) -> tuple[int | None, int | None, bool]:
    """Return how many questions a measure gained and lost, and whether these are enough."""
    if not sign:
        return None, None, True
    if measure.column is None:
        rows = np.unique(np.concatenate(measure.rows(now)))
        columns = now.columns.keys() - {"took_ms", "written_first_ms"}
        differ = [now[name][rows] != before[name][rows] for name in columns]
        return None, None, int(np.any(differ, axis=0).sum()) >= FEWEST
    (rows,) = measure.rows(now)
    values = now[measure.column][rows], before[measure.column][rows]
    change = sign * (values[0] - values[1])
    gained, lost = int((change > 0).sum()), int((change < 0).sum())
    yes_or_no = all(np.isin(column, (0, 1)).all() for column in values)
    tell = gained + lost >= FEWEST and not (yes_or_no and mcnemar(gained, lost) > _LEVEL)
    return gained, lost, tell


def mcnemar(gained: int, lost: int) -> float:
    """Return the p-value of McNemar's exact test, which expects as many gains as losses."""
    from scipy.stats import binomtest  # here and not above: `pincite index` need not wait for it

    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def _worth(result: Result) -> tuple[int, float]:
    """Return what a question's outcome is worth: first the verdict, then the rank."""
    first = result.ranking.first if result.ranking else None
    return _WORTH[result.verdict], 1 / first if first else 0.0


def _conditions(now: Settings, before: Settings) -> dict[str, tuple[str, str]]:
    names = [field.name for field in fields(Settings) if field.name != "date"]
    values = {name: (str(getattr(before, name)), str(getattr(now, name))) for name in names}
    return {name: both for name, both in values.items() if both[0] != both[1]}
