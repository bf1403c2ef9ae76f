"""Figures of the reader, alone and mixed with retrieval's evidence, with 95 % intervals.

What is fitted (how logits and evidence are mixed) is fitted on one half of the questions of all
sets and reported on the other half, and the other way round.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from benchmarks.reader.evidence import Floats, Retrieved
from eval.measures.bootstrap import interval
from eval.measures.formulas import CalibrationError, Mean, Statistic, auroc
from eval.measures.table import Table
from training.rows import share

_LEAST = 1e-4
_LEAST_LOGIT = -8.0


@dataclass(frozen=True, slots=True)
class Read:
    """A question with the logits of its passages."""

    found: Retrieved
    logits: Floats


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def evidence(read: Read, passages: int) -> list[float]:
    """Return what a decision is made from: the reader's best logit among the first passages, and
    the log-odds of the confidence that Pincite has without the reader."""
    confidence = min(max(read.found.confidence, _LEAST), 1 - _LEAST)
    return [float(read.logits[:passages].max(initial=_LEAST_LOGIT)), float(logit(confidence))]


def mixed(sets: Mapping[str, Sequence[Read]], passages: int) -> dict[str, Floats]:
    """Return the log-odds that each question is answered, by one model for all sets.

    Each half of the questions gets the model that was fitted on the other half.
    """
    features = {
        name: np.array([evidence(each, passages) for each in read]) for name, read in sets.items()
    }
    answerable = {
        name: np.array([each.found.kind == "answerable" for each in read])
        for name, read in sets.items()
    }
    return _by_halves(features, answerable, {name: _halves(read) for name, read in sets.items()})


def ranking(sets: Mapping[str, Sequence[Read]], passages: int) -> dict[str, list[Floats]]:
    """Return the log-odds of relevance of each question's first passages, fitted in the same way
    from the reader's logit and retrieval's score."""
    features, relevant, halves, ends = {}, {}, {}, {}
    for name, read in sets.items():
        rows = [
            np.column_stack([each.logits[:passages], each.found.scores[:passages]]) for each in read
        ]
        counts = [len(each) for each in rows]
        features[name] = np.concatenate(rows)
        relevant[name] = np.concatenate([each.found.relevant[:passages] for each in read])
        halves[name] = np.repeat(_halves(read), counts)
        ends[name] = np.cumsum(counts)
    scores = _by_halves(features, relevant, halves)
    return {name: np.split(scores[name], ends[name][:-1]) for name in sets}


def success(ranks: Sequence[int], k: int) -> Figure:
    """Return the share of questions with something relevant among the first k; 0 is no rank."""
    hits = np.array([0 < rank <= k for rank in ranks], np.float64)
    return _figure(Mean("hit"), {"hit": hits}, np.arange(len(hits)))


def separation(scores: Floats, answerable: NDArray[np.bool_]) -> Figure:
    """Return the AUROC of answerable questions against the others."""
    return _figure(
        auroc, {"confidence": scores}, np.flatnonzero(answerable), np.flatnonzero(~answerable)
    )


def calibration_error(log_odds: Floats, answerable: NDArray[np.bool_]) -> float:
    """Return the expected calibration error of the probabilities, over ten bins."""
    columns = {"confidence": expit(log_odds), "right": answerable.astype(np.float64)}
    return float(CalibrationError()(Table(columns), np.arange(len(log_odds))))


def calibrated_errors(logits: Floats, answered: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the calibration error of the logits as they are, and with a temperature and an offset
    that are fitted on every second row and used on the others."""
    fitted = LogisticRegression(C=1e6).fit(logits[::2, None], answered[::2])
    scaled = fitted.decision_function(logits[1::2, None])
    return (
        calibration_error(logits[1::2], answered[1::2]),
        calibration_error(scaled, answered[1::2]),
    )


def rank_of_first(scores: Floats, relevant: NDArray[np.bool_], passages: int) -> int:
    """Return the rank, from 1, of the first relevant passage when the first ones are ranked anew
    and the others follow; 0 if there is none."""
    order = [*np.argsort(-scores[:passages], kind="stable"), *range(passages, len(relevant))]
    hits = np.flatnonzero(relevant[np.array(order, int)[: len(relevant)]])
    return int(hits[0]) + 1 if len(hits) else 0


def _halves(read: Sequence[Read]) -> NDArray[np.int64]:
    """Return for each question which half it is in: the same in every set that asks it."""
    return np.array([int(share(each.found.question) < 0.5) for each in read], np.int64)


def _by_halves(
    features: Mapping[str, Floats],
    labels: Mapping[str, NDArray[np.bool_]],
    halves: Mapping[str, NDArray[np.int64]],
) -> dict[str, Floats]:
    """Fit on one half of the rows of all sets, report on the other, and the other way round."""
    scores = {name: np.zeros(len(rows)) for name, rows in features.items()}
    for half in (0, 1):
        fitted = LogisticRegression(C=1.0, max_iter=1000)
        chosen = {name: halves[name] != half for name in features}
        # Each set counts the same, however many questions it has.
        weights = [np.full(int(of.sum()), 1000 / max(1, of.sum())) for of in chosen.values()]
        fitted.fit(
            np.concatenate([features[name][of] for name, of in chosen.items()]),
            np.concatenate([labels[name][of] for name, of in chosen.items()]),
            sample_weight=np.concatenate(weights),
        )
        for name, rows in features.items():
            own = halves[name] == half
            if own.any():
                scores[name][own] = fitted.decision_function(rows[own])
    return scores


def _figure(
    statistic: Statistic, columns: Mapping[str, Floats], *groups: NDArray[np.intp]
) -> Figure:
    table = Table(columns)
    return Figure(float(statistic(table, *groups)), *interval(statistic, table, groups))
