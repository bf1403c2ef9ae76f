"""The figures that are taken of answers, with 95 % bootstrap intervals over questions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.measures import Measure
from eval.measures.formulas import Indices, Mean, Quantile, Ratio, auroc
from eval.measures.table import Table
from eval.records import Estimate, Result

Floats = NDArray[np.float64]
ANSWERED_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class AnsweredBeside:
    """The share of unanswerable questions answered at the threshold that answers `share` of others.

    The threshold is the highest confidence that does so for the answerable questions.
    """

    share: float

    def __call__(self, table: Table, answerable: Indices, unanswerable: Indices) -> Any:
        """Return it; each resample of questions has a threshold of its own."""
        confidence = table["confidence"]
        ordered = np.sort(confidence[answerable], axis=-1)
        count = ordered.shape[-1]
        threshold = ordered[..., count - math.ceil(self.share * count)]
        return (confidence[unanswerable] >= threshold[..., None]).mean(axis=-1)


def _share(
    name: str, label: str, group: str, column: str = "answered", *, less_is_better: bool = False
) -> Measure:
    return Measure(name, label, (group,), Mean(column), "lower" if less_is_better else "higher")


_NEAR = "near misses answered"
CITED = _share("cited", "answerable: answered with a citation on the gold", "answerable", "cited")
ANSWERED = (
    _share("answered", "answerable answered", "answerable"),
    _share("answered_near_miss", _NEAR, "near_miss", less_is_better=True),
)
ANSWERED_FAR_OFF = _share(
    "answered_far_off", "far-off questions answered", "far_off", less_is_better=True
)
BEST = (
    Measure(
        "answered_near_miss_at_85",
        f"{_NEAR} where {ANSWERED_SHARE:.0%} of answerable are",
        ("answerable", "near_miss"),
        AnsweredBeside(ANSWERED_SHARE),
        "lower",
    ),
    _share("answered_at_best", "answerable answered, best threshold", "answerable", "at_best"),
    _share(
        "answered_near_miss_at_best",
        f"{_NEAR}, best threshold",
        "near_miss",
        "at_best",
        less_is_better=True,
    ),
)
"""The best threshold is chosen on the same questions: with it, these are upper limits."""

NEAR_AUROC = (
    Measure("auroc_near_miss", "AUROC, near misses", ("answerable", "near_miss"), auroc),
    Measure("auroc_far_off", "AUROC, far-off questions", ("answerable", "far_off"), auroc),
)
SUCCESS_AT_1 = _share("success_at_1", "success@1", "ranked", "success_at_1")
RANKING = (
    _share("ndcg_at_10", "nDCG@10", "ranked", "ndcg_at_10"),
    SUCCESS_AT_1,
    _share("success_at_3", "success@3", "ranked", "success_at_3"),
)
HIGHLIGHTS = (
    _share("highlighted_iou", "highlights, IoU of characters", "spanned", "highlighted_iou"),
    _share("highlighted_recall", "highlights, recall", "spanned", "highlighted_recall"),
    Measure(
        "citation_precision",
        "citations on the gold, of all",
        ("answerable",),
        Ratio("citations_on_gold", "citations"),
    ),
    ANSWERED[0],
)
FILINGS = (
    _share("right", "answerable: the row with the figure cited", "answerable", "figure_cited"),
    ANSWERED[0],
    _share("answered_other", "another's figure: answered", "of_another", less_is_better=True),
    _share("answered_absent", "figure not given: answered", "absent", less_is_better=True),
    _share("answered_unanswerable", "both: answered", "unanswerable", less_is_better=True),
    NEAR_AUROC[0],
    *RANKING[1:],
)
LATENCY = Measure(
    "took_ms", "median ms a question", ("all",), Quantile("took_ms", 0.5), "neither",
    is_share=False, digits=1,
)  # fmt: skip


def figures(
    results: Sequence[Result],
    measures: Sequence[Measure],
    columns: Mapping[str, Sequence[float]],
) -> dict[str, Estimate]:
    """Return each measure that is defined for these results, by its name.

    `columns` are values that measures need beside those of `Table.of`.
    """
    own = {
        "cited": [r.answered and any(c.on_gold for c in r.citations) for r in results],
        "at_best": [r.confidence >= best_threshold(results) for r in results],
    }
    further = {name: np.asarray(each, float) for name, each in {**own, **columns}.items()}
    table = Table({**Table.of(results).columns, **further})
    estimates = {each.name: each.estimate(table) for each in measures}
    return {name: estimate for name, estimate in estimates.items() if estimate}


def best_threshold(results: Sequence[Result]) -> float:
    """Return the confidence that best separates answerable questions from near misses.

    There the shares of both that are answered differ most. Of equal thresholds it is the highest.
    """
    answerable = np.array([r.confidence for r in results if r.kind == "answerable"])
    near = np.array([r.confidence for r in results if r.kind == "near-miss"])
    if not len(answerable) or not len(near):
        return 0.0
    thresholds = np.unique(np.concatenate([answerable, near]))[::-1]
    gains = np.round(_shares(answerable, thresholds) - _shares(near, thresholds), 9)
    return float(thresholds[int(np.argmax(gains))])


def _shares(confidence: Floats, thresholds: Floats) -> Floats:
    """Return the share of questions at or above each threshold."""
    shares: Floats = (confidence >= thresholds[:, None]).mean(axis=1)
    return shares
