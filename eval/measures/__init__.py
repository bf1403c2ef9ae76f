"""The measures: what each is called, which questions it is about, how it is computed.

Passages are measured whether or not the question was answered; answering is measured apart. A
measure that is undefined is absent, never 0.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from eval.measures.formulas import (
    Indices,
    Mean,
    Quantile,
    Ratio,
    Statistic,
    aurc,
    auroc,
    calibration_error,
    calibration_interval,
    interval,
    limits_of_unanimous,
)
from eval.measures.table import AT, Table
from eval.records import Estimate, Result

Better = Literal["higher", "lower", "neither"]


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
    better: Better = "higher"
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
        counts = [len(rows) for rows in groups]
        if isinstance(self.statistic, Ratio):  # it is made of rows with something below
            whole = table[self.statistic.whole]
            counts = [int((whole[rows] > 0).sum()) for rows in groups]
        if self.statistic is calibration_error:
            low, high = calibration_interval(table, groups[0], value)
        else:
            low, high = interval(self.statistic, table, groups)
        if self.is_share and math.isclose(low, high):
            low, high = limits_of_unanimous(value, min(counts))
        return Estimate(value, low, high, sum(counts))


_UNANSWERABLE = (
    ("unanswerable", "", ""),
    ("near_miss", "_near_miss", ", near-miss"),
    ("far_off", "_far_off", ", far-off"),
)
"""Groups of questions, with what their measures' names and labels end with."""


def _ranking() -> Iterator[Measure]:
    columns = {"ndcg_at_10": "nDCG@10", "mrr_at_10": "MRR@10"}
    columns |= {f"success_at_{k}": f"success@{k}" for k in AT}
    columns |= {f"recall_at_{k}": f"recall@{k}" for k in AT}
    for column, label in columns.items():
        yield Measure(column, label, ("ranked",), Mean(column))


def _citing() -> Iterator[Measure]:
    cited = ("answerable",)
    yield Measure("citation_hit_rate", "citation hit rate", cited, Mean("cited_right"))
    share = Ratio("citations_on_gold", "citations")
    yield Measure("citation_precision", "citation precision", cited, share)
    for name in ("cited", "highlighted"):
        label, group = f"{name} text", ("spanned",)
        precision = Ratio(f"{name}_precision", f"{name}_any")
        length = Mean(f"{name}_length")
        yield Measure(f"{name}_recall", f"{label}, recall", group, Mean(f"{name}_recall"))
        yield Measure(f"{name}_precision", f"{label}, precision", group, precision)
        yield Measure(f"{name}_iou", f"{label}, IoU", group, Mean(f"{name}_iou"))
        yield Measure(
            f"{name}_length",
            f"{label}, characters",
            group,
            length,
            "neither",
            is_share=False,
            digits=0,
        )


def _answering() -> Iterator[Measure]:
    answered = Mean("answered")
    yield Measure("answer_rate", "answer rate", ("answerable",), answered)
    for group, suffix, ending in _UNANSWERABLE:
        name, label = f"false_answers{suffix}", f"false answers{ending}"
        yield Measure(name, label, (group,), answered, "lower")


def _confidence() -> Iterator[Measure]:
    for group, suffix, ending in _UNANSWERABLE:
        label, groups = f"AUROC of confidence{ending}", ("answerable", group)
        yield Measure(f"auroc{suffix}", label, groups, auroc)
    yield Measure("aurc", "area under risk-coverage", ("all",), aurc, "lower")
    name, label = "calibration_error", "calibration error"
    yield Measure(name, label, ("all",), calibration_error, "lower", is_share=False)


def _latency() -> Iterator[Measure]:
    for percent in (50, 95):
        name, label = f"latency_p{percent}_ms", f"latency p{percent}, ms"
        formula = Quantile("took_ms", percent / 100)
        # Neither better nor worse: how busy the machine is changes it more than any code.
        yield Measure(name, label, ("all",), formula, "neither", is_share=False, digits=1)


def _writing() -> Iterator[Measure]:
    """Yield what is measured where a language model writes."""
    count = Mean("written_sentences")
    name, label = "written_sentences", "written sentences, an answer"
    yield Measure(name, label, ("written",), count, "neither", is_share=False, digits=1)
    dropped = Ratio("written_dropped", "written_drafted")
    on_gold = Ratio("written_on_gold", "written_sentences")
    caught = Ratio("written_caught", "written_planted")
    shares: tuple[tuple[str, str, str, Statistic, Better], ...] = (
        ("dropped", "sentences dropped", "written", dropped, "neither"),
        ("stood_in", "none shown", "written", Mean("written_stood_in"), "lower"),
        ("on_gold", "sentences on the gold", "written_judged", on_gold, "higher"),
        ("gold", "gold contained", "written_judged", Mean("written_contained"), "higher"),
        ("caught", "errors caught", "written", caught, "higher"),
    )
    for name, label, group, formula, better in shares:
        yield Measure(f"written_{name}", f"written, {label}", (group,), formula, better)
    for percent in (50, 90):
        name, label = f"first_sentence_p{percent}_ms", f"first sentence p{percent}, ms"
        time = Quantile("written_first_ms", percent / 100)
        yield Measure(name, label, ("written_shown",), time, "neither", is_share=False, digits=0)


MEASURES = (*_ranking(), *_citing(), *_answering(), *_confidence(), *_latency(), *_writing())
BY_NAME = {measure.name: measure for measure in MEASURES}

GUARDED = frozenset(
    {
        "ndcg_at_10",
        "mrr_at_10",
        "success_at_3",
        "citation_hit_rate",
        "citation_precision",
        "answer_rate",
        "false_answers_near_miss",
        "false_answers_far_off",
        "auroc",
    }
)
"""A significant loss in one of these is a regression."""


def measure(results: Sequence[Result]) -> dict[str, Estimate]:
    """Return the measures that are defined for these results, by name, with their intervals."""
    table = Table.of(results)
    estimates = {measure.name: measure.estimate(table) for measure in MEASURES}
    return {name: estimate for name, estimate in estimates.items() if estimate}
