"""What every form of a report shows: the rows of its tables, in words and numbers."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import get_args

from rich import box
from rich.table import Table

from eval.comparison import Comparison, Difference
from eval.measures import BY_NAME, MEASURES
from eval.records import Estimate, Kind, Result, Run

FIRST = 3
"""An answerable question is listed as a miss if none of its first passages has gold."""

_ABSENT = "–"
_MEANINGS = {
    "nDCG": "how high what is relevant stands, 1 if on top",
    "MRR": "one over the rank of the first that is relevant",
    "success": "questions with something relevant in the first k",
    "recall": "of what is relevant, the share in the first k",
    "citation hit": "answerable questions with a citation on the gold",
    "citation precision": "of all their citations, the share on the gold",
    "cited text, recall": "of the gold's characters, the share that is cited",
    "cited text, precision": "of the characters cited, the share that is gold",
    "cited text, IoU": "characters both cited and gold, of those either",
    "highlighted text, recall": "the same of the highlights in all passages shown, "
    "which are more than an answer",
    "answer rate": "answerable questions that are answered",
    "false answers": "unanswerable questions that are answered",
    "AUROC": "how often an answerable question's confidence is above an unanswerable one's",
    "area under": "the share not right among the most confident k, mean over k: less is better",
    "calibration error": "how far confidence is from the share right",
}
"""By how a label begins."""


def kinds_line(run: Run) -> str:
    """Return how many questions there are of each kind, and from where far-off ones come."""
    kinds = count_kinds(result.kind for result in run.results)
    mixed_in = run.settings.options.get("far_off")
    return f"{len(run.results)} questions: {kinds}{f' ({mixed_in})' if mixed_in else ''}"


def count_kinds(kinds: Iterable[Kind]) -> str:
    """Return how many there are of each kind, in words."""
    counts = Counter(kinds)
    return ", ".join(f"{counts[kind]} {kind}" for kind in get_args(Kind) if counts[kind])


def measure_rows(run: Run) -> list[tuple[str, ...]]:
    """Return a label and its value in each part: questions by kind, then each defined measure."""
    counts = ("questions: answerable, near-miss, far-off", *(_counts(run, p) for p in run.measures))
    columns = run.measures.values()
    return [counts] + [
        (measure.label, *(_estimate(measure.name, own.get(measure.name)) for own in columns))
        for measure in MEASURES
        if any(measure.name in own for own in columns)
    ]


def _counts(run: Run, part: str) -> str:
    own = [result.kind for result in run.results if part in ("all", result.split)]
    return ", ".join(str(own.count(kind)) for kind in get_args(Kind)) if own else _ABSENT


def _estimate(name: str, estimate: Estimate | None) -> str:
    if estimate is None:
        return _ABSENT
    value, low, high = (
        number(name, limit) for limit in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} ({low}–{high})"


def number(name: str, value: float, *, sign: bool = False) -> str:
    """Return a value of the measure called `name` with as many digits as it deserves."""
    return f"{value:{'+' if sign else ''}.{BY_NAME[name].digits}f}"


def meaning(label: str) -> str:
    """Return in a few words what a measure of this label tells; "" if that is plain."""
    return next((words for start, words in _MEANINGS.items() if label.startswith(start)), "")


def moment(date: str) -> str:
    """Return a time in ISO 8601 as a person reads it."""
    return f"{datetime.fromisoformat(date):%Y-%m-%d %H:%M} UTC"


def difference_rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """Return for each measure: label, before, now, difference, questions gained and lost, verdict.

    The difference comes with its interval.
    """
    return [
        (
            BY_NAME[difference.name].label,
            number(difference.name, difference.before),
            number(difference.name, difference.now),
            _change(difference),
            "" if difference.gained is None else f"+{difference.gained} −{difference.lost}",
            _verdict(difference),
        )
        for difference in comparison.differences
    ]


def differences_table(comparison: Comparison, title: str | None = None) -> Table:
    """Return all differences of a comparison with their verdicts."""
    table = Table("measure", title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("before", "now", "difference (95 % interval)", "gained, lost"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("")
    for row in difference_rows(comparison):
        table.add_row(*row)
    return table


def _change(difference: Difference) -> str:
    values = (difference.now - difference.before, difference.low, difference.high)
    change, low, high = (number(difference.name, value, sign=True) for value in values)
    return f"{change} ({low} to {high})"


def _verdict(difference: Difference) -> str:
    if difference.verdict == "worse" and difference.guarded:
        return "regression"
    words = {"same": "", "too few": "too few changed to tell"}
    return words.get(difference.verdict, difference.verdict)


def comparison_line(comparison: Comparison) -> str:
    """Return in a sentence how the run compares."""
    losses = comparison.losses
    lost = ", ".join(BY_NAME[loss.name].label for loss in losses)
    asked = " in what both asked" if comparison.missing else ""
    verdict = f"Regression in {lost}" if losses else f"No regression{asked}"
    counts = f"{len(comparison.better)} questions better, {len(comparison.worse)} worse"
    missing = f", {len(comparison.missing)} missing now" if comparison.missing else ""
    added = f", {len(comparison.added)} new" if comparison.added else ""
    return f"{verdict}: {counts}{missing}{added}."


def offsets_line(run: Run) -> str:
    """Return how many offsets were checked and how many are wrong."""
    return f"offsets checked: {run.offsets.checked}, wrong: {len(run.offsets.wrong)}"


def setting_rows(run: Run) -> Iterator[tuple[str, str]]:
    """Yield the conditions of the run by name, but not those that are empty."""
    for field in fields(run.settings):
        value = getattr(run.settings, field.name)
        if field.name in ("versions", "options"):
            value = ", ".join(f"{name} {what}" for name, what in value.items())
        if value not in (None, ""):
            yield field.name, str(value)


def rank_text(result: Result) -> str:
    """Return at which rank the gold was found first."""
    if result.ranking is None:
        return _ABSENT
    first = result.ranking.first
    return f"rank {first}" if first else f"not in the first {result.ranking.depth}"


def is_missed(result: Result) -> bool:
    """Tell whether an answerable question's gold was not among the first, or not cited."""
    if result.kind != "answerable":
        return False
    first = result.ranking.first if result.ranking else None
    return result.verdict != "right" or first is None or first > FIRST
