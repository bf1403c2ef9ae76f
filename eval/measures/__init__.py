"""The measures: what each is called, which questions it is about, how it is computed.

Retrieval is measured on the passages whether or not the question was answered; whether it was
is measured apart. A measure that is undefined is absent, never 0.
"""

from collections.abc import Iterator, Sequence

from eval.measures.formulas import CalibrationError, Mean, Quantile, Ratio, aurc, auroc
from eval.measures.measure import Measure
from eval.measures.table import AT, Table
from eval.records import Estimate, Result

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
    for what in ("cited", "highlighted"):
        yield from _characters(what, f"{what} text")


def _characters(what: str, title: str) -> Iterator[Measure]:
    group = ("spanned",)
    precision = Ratio(f"{what}_precision", f"{what}_any")
    length = Mean(f"{what}_length")
    yield Measure(f"{what}_recall", f"{title}, recall", group, Mean(f"{what}_recall"))
    yield Measure(f"{what}_precision", f"{title}, precision", group, precision)
    yield Measure(f"{what}_iou", f"{title}, IoU", group, Mean(f"{what}_iou"))
    yield Measure(
        f"{what}_length", f"{title}, characters", group, length, "neither", is_share=False, digits=0
    )


def _answering() -> Iterator[Measure]:
    answered = Mean("answered")
    yield Measure("answer_rate", "answer rate", ("answerable",), answered)
    for group, suffix, label in _UNANSWERABLE:
        yield Measure(
            f"false_answers{suffix}", f"false answers{label}", (group,), answered, "lower"
        )


def _confidence() -> Iterator[Measure]:
    for group, suffix, label in _UNANSWERABLE:
        name, groups = f"auroc{suffix}", ("answerable", group)
        yield Measure(name, f"AUROC of confidence{label}", groups, auroc)
    yield Measure("aurc", "area under risk-coverage", ("all",), aurc, "lower")
    name, label = "calibration_error", "calibration error"
    yield Measure(name, label, ("all",), CalibrationError(), "lower", is_share=False)


def _latency() -> Iterator[Measure]:
    for percent in (50, 95):
        name, label = f"latency_p{percent}_ms", f"latency p{percent}, ms"
        formula = Quantile("took_ms", percent / 100)
        # Neither better nor worse: how busy the machine is changes it more than any code.
        yield Measure(name, label, ("all",), formula, "neither", is_share=False, digits=1)


_UNANSWERABLE = (
    ("unanswerable", "", ""),
    ("near_miss", "_near_miss", ", near-miss"),
    ("far_off", "_far_off", ", far-off"),
)
"""Groups of questions, with what their measures' names and labels end with."""

RANKING = tuple(_ranking())
MEASURES = (*RANKING, *_citing(), *_answering(), *_confidence(), *_latency())
BY_NAME = {measure.name: measure for measure in MEASURES}


def measure(
    results: Sequence[Result], measures: Sequence[Measure] = MEASURES
) -> dict[str, Estimate]:
    """Return those that are defined for these results, by name, with their intervals."""
    table = Table.of(results)
    estimates = {measure.name: measure.estimate(table) for measure in measures}
    return {name: estimate for name, estimate in estimates.items() if estimate}
