"""Logistic models fitted on observations, every set counting the same, and what they give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from benchmarks.decision.observing import Floats, Observation
from eval.measures.formulas import auroc
from eval.measures.table import Table
from qa.answer.tracing import Evidence

EVIDENCE = tuple(field.name for field in fields(Evidence))
_KIND_WEIGHTS = {"answerable": 1.0, "near-miss": 0.7, "far-off": 0.3}
Sets = Mapping[str, Sequence[Observation]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Log-odds as a weighted sum: `weights` in the order of the columns."""

    intercept: float
    weights: NDArray[np.float64]

    def probabilities(self, rows: Floats) -> Floats:
        """Return the probability of each row, shape (rows,)."""
        found: Floats = 1 / (1 + np.exp(-(self.intercept + rows @ self.weights)))
        return found


def fit_units(sets: Sets) -> Fitted:
    """Return what makes of a unit's evidence the log-odds that it answers."""
    with_spans = {
        name: [each for each in found if each.unit_answers.any()] for name, found in sets.items()
    }
    found = {name: each for name, each in with_spans.items() if each}
    return _fitted(
        [np.concatenate([each.units for each in own]) for own in found.values()],
        [np.concatenate([each.unit_answers for each in own]) for own in found.values()],
    )


def fit_passages(sets: Sets) -> Fitted:
    """Return what makes of a passage's logit and fused score the log-odds that it is relevant."""
    found = {name: [each for each in own if each.relevant.any()] for name, own in sets.items()}
    return _fitted(
        [np.concatenate([each.passages for each in own]) for own in found.values()],
        [np.concatenate([each.relevant for each in own]) for own in found.values()],
    )


def fit_confidence(sets: Sets, names: Sequence[str]) -> Fitted:
    """Return what makes of the named evidence the log-odds that the best quote answers.

    Of a set, answerable questions weigh 1 together, near misses .7 and far-off questions .3.
    """
    rows, labels, weights = [], [], []
    for own in sets.values():
        judged = [each for each in own if each.evidence is not None]
        kinds = np.array([each.kind for each in judged])
        rows.append(evidence_of(judged, names))
        labels.append(np.array([each.kind == "answerable" and each.right for each in judged]))
        weights.append(
            np.array([_KIND_WEIGHTS[kind] / max(1, (kinds == kind).sum()) for kind in kinds])
        )
    return _fitted(rows, labels, weights)


def evidence_of(observed: Sequence[Observation], names: Sequence[str]) -> Floats:
    """Return the named evidence of each question, shape (questions, names)."""
    columns = [EVIDENCE.index(name) for name in names]
    found: Floats = np.array([each.evidence for each in observed], np.float64)[:, columns]
    return found


def confidences(fitted: Fitted, observed: Sequence[Observation], names: Sequence[str]) -> Floats:
    """Return the confidence of each question, 0 where nothing could be quoted."""
    found = np.zeros(len(observed))
    judged = [number for number, each in enumerate(observed) if each.evidence is not None]
    rows = evidence_of([observed[number] for number in judged], names)
    found[judged] = fitted.probabilities(rows)
    return found


def best_threshold(confidence: Mapping[str, Floats], sets: Sets) -> float:
    """Return the threshold with the largest mean, over sets, of the share of the answerable that
    is answered less that of the near misses."""
    steps = np.round(np.arange(0.02, 0.98, 0.01), 2)
    gains = [
        np.mean(
            [
                _answered(confidence[name], own, "answerable", step)
                - _answered(confidence[name], own, "near-miss", step)
                for name, own in sets.items()
            ]
        )
        for step in steps.tolist()
    ]
    return float(steps[int(np.argmax(gains))])


def shares(confidence: Floats, observed: Sequence[Observation], threshold: float) -> list[str]:
    """Return, as cells, what is answered at a threshold, by kind, and how much of it is right."""
    kinds = np.array([each.kind for each in observed])
    right = np.array([each.right for each in observed])
    cells = [
        f"{_answered(confidence, observed, kind, threshold):.2f}" if (kinds == kind).any() else ""
        for kind in ("answerable", "near-miss", "far-off")
    ]
    answered = (kinds == "answerable") & (confidence >= threshold)
    cells.append(f"{right[answered].mean():.2f}" if answered.any() else "")
    for kind in ("near-miss", "far-off"):
        others = np.flatnonzero(kinds == kind)
        separated = auroc(
            Table({"confidence": confidence}), np.flatnonzero(kinds == "answerable"), others
        )
        cells.append(f"{separated:.3f}" if len(others) else "")
    return cells


def _answered(
    confidence: Floats, observed: Sequence[Observation], kind: str, threshold: float
) -> float:
    of_kind = np.array([each.kind == kind for each in observed])
    return float((confidence[of_kind] >= threshold).mean()) if of_kind.any() else 0.0


def _fitted(
    rows: Sequence[Floats],
    labels: Sequence[NDArray[np.bool_]],
    weights: Sequence[Floats] | None = None,
) -> Fitted:
    from sklearn.linear_model import LogisticRegression

    each = weights or [np.ones(len(own)) for own in labels]
    together, answers = np.concatenate(rows), np.concatenate(labels)
    spread = together.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=2000)
    scaled = [1000 * own / own.sum() for own in each]
    model.fit(together / spread, answers, sample_weight=np.concatenate(scaled))
    return Fitted(float(model.intercept_[0]), model.coef_[0] / spread)
