"""The measures: what each is called, which questions it is about, how it is computed.

Retrieval is measured on the passages whether or not the question was answered; whether it was
is measured apart. A measure that is undefined is absent, never 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eval.measures.bootstrap import interval, limits_of_unanimous
from eval.measures.formulas import (
    Indices,
    Statistic,
    aurc,
    auroc,
    calibration_error,
    mean,
    quantile,
    ratio,
)
from eval.measures.ranking import AT
from eval.measures.table import Table
from eval.records import Estimate, Result


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure about some questions.

    `groups` are the columns of the table that choose them; each is resampled by itself. A
    significant loss in a `guarded` one is a regression. `is_share`: it lies in 0..1 and is 0
    or 1 only if all questions agree.
    """

    name: str
    label: str
    groups: tuple[str, ...]
    statistic: Statistic
    better: Literal["higher", "lower", "neither"] = "higher"
    guarded: bool = False
    is_share: bool = True
    digits: int = 3

    def rows(self, table: Table) -> list[Indices]:
        """Return the rows of the questions it is about, group by group."""
        return [table.rows(group) for group in self.groups]

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
        questions = sum(map(len, groups))
        if self.is_share and value in (0.0, 1.0):
            low, high = limits_of_unanimous(value, questions)
        else:
            low, high = interval(self.statistic, table, groups)
        return Estimate(value, low, high, questions)


def _overlap(what: str) -> tuple[Measure, ...]:
    title = f"{what} characters"
    return (
        Measure(f"{what}_recall", f"{title}, recall", ("spanned",), mean(f"{what}_recall")),
        Measure(
            f"{what}_precision",
            f"{title}, precision",
            ("spanned",),
            ratio(f"{what}_precision", f"{what}_any"),
        ),
        Measure(f"{what}_iou", f"{title}, IoU", ("spanned",), mean(f"{what}_iou")),
        Measure(
            f"{what}_length",
            f"{title}, how many",
            ("spanned",),
            mean(f"{what}_length"),
            better="neither",
            is_share=False,
            digits=0,
        ),
    )


def _false_answers(group: str, label: str, *, guarded: bool = True) -> Measure:
    name = f"false_answers{'_' + group if group != 'unanswerable' else ''}"
    return Measure(name, label, (group,), mean("answered"), "lower", guarded=guarded)


def _auroc(negative: str, label: str) -> Measure:
    name = f"auroc{'_' + negative if negative != 'unanswerable' else ''}"
    return Measure(
        name, label, ("answerable", negative), auroc, guarded=name == "auroc", is_share=False
    )


MEASURES: tuple[Measure, ...] = (
    Measure("ndcg_at_10", "nDCG@10", ("ranked",), mean("ndcg_at_10"), guarded=True),
    Measure("mrr_at_10", "MRR@10", ("ranked",), mean("mrr_at_10"), guarded=True),
    *(
        Measure(
            f"success_at_{k}",
            f"success@{k}",
            ("ranked",),
            mean(f"success_at_{k}"),
            guarded=k == 3,
        )
        for k in AT
    ),
    *(Measure(f"recall_at_{k}", f"recall@{k}", ("ranked",), mean(f"recall_at_{k}")) for k in AT),
    Measure(
        "citation_hit_rate", "citation hit rate", ("answerable",), mean("cited_right"), guarded=True
    ),
    Measure(
        "citation_precision",
        "citation precision",
        ("answerable",),
        ratio("citations_on_gold", "citations"),
        guarded=True,
    ),
    *_overlap("cited"),
    *_overlap("highlighted"),
    Measure("answer_rate", "answer rate", ("answerable",), mean("answered"), guarded=True),
    _false_answers("unanswerable", "false answers", guarded=False),
    _false_answers("near_miss", "false answers, near-miss"),
    _false_answers("far_off", "false answers, far-off"),
    _auroc("unanswerable", "AUROC of confidence"),
    _auroc("near_miss", "AUROC, near-miss"),
    _auroc("far_off", "AUROC, far-off"),
    Measure("aurc", "area under risk-coverage", ("all",), aurc, "lower", is_share=False),
    Measure(
        "calibration_error",
        "calibration error",
        ("all",),
        calibration_error,
        "lower",
        is_share=False,
    ),
    *(
        Measure(
            f"latency_p{percent}_ms",
            f"latency p{percent}, ms",
            ("all",),
            quantile("took_ms", percent / 100),
            better="lower",
            is_share=False,
            digits=1,
        )
        for percent in (50, 95)
    ),
)

BY_NAME = {measure.name: measure for measure in MEASURES}


def measure(results: Sequence[Result]) -> dict[str, Estimate]:
    """Return every measure that is defined for these results, by name, with its interval."""
    table = Table.of(results)
    estimates = {each.name: each.estimate(table) for each in MEASURES}
    return {name: estimate for name, estimate in estimates.items() if estimate}
