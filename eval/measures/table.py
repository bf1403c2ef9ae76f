"""Results as columns of numbers, a row a question: what every measure is computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ir_measures import RR, R, Success, iter_calc, nDCG
from numpy.typing import NDArray

from eval.records import Overlap, Ranking, Result

AT = (1, 3, 5, 10)
"""The k of recall@k and success@k."""

_MEASURES = {"ndcg_at_10": nDCG @ 10, "mrr_at_10": RR @ 10}
_MEASURES |= {f"recall_at_{k}": R @ k for k in AT} | {f"success_at_{k}": Success @ k for k in AT}
_NAMES = {measure: name for name, measure in _MEASURES.items()}


def ranking_values(rankings: Sequence[Ranking | None]) -> dict[str, NDArray[np.float64]]:
    """Return each measure's value by question, 0 where there is no ranking.

    trec_eval orders by score alone, so the scores are the negative ranks.
    """
    judged = {str(row): _judged(ranking) for row, ranking in enumerate(rankings) if ranking}
    run = {
        str(row): {f"rank {rank}": float(-rank) for rank in range(1, ranking.depth + 1)}
        for row, ranking in enumerate(rankings)
        if ranking
    }
    values = {name: np.zeros(len(rankings)) for name in _MEASURES}
    if judged:
        for metric in iter_calc(list(_NAMES), judged, run):
            values[_NAMES[metric.measure]][int(metric.query_id)] = metric.value
    return values


def _judged(ranking: Ranking) -> dict[str, int]:
    judged = {f"rank {item.rank}": item.grade for item in ranking.found}
    return judged | {f"missed {i}": grade for i, grade in enumerate(ranking.missed)}


Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length. Where a value is not defined for a row it is 0.

    A column that is 0 or 1 can be used to choose rows: those where it is 1.
    """

    columns: Mapping[str, Column]

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def rows(self, name: str) -> NDArray[np.intp]:
        """Return the rows where a column is not 0."""
        return np.flatnonzero(self.columns[name])

    @classmethod
    def of(cls, results: Sequence[Result]) -> "Table":
        """Return the columns of these results."""
        kinds = np.array([r.kind for r in results], dtype=object)
        columns = {
            "all": [1.0] * len(results),
            "answerable": kinds == "answerable",
            "near_miss": kinds == "near-miss",
            "far_off": kinds == "far-off",
            "unanswerable": kinds != "answerable",
            "answered": [r.answered for r in results],
            "confidence": [r.confidence for r in results],
            "right": [r.right for r in results],
            "took_ms": [r.took_ms for r in results],
            "cited_right": [r.verdict == "right" for r in results],
            "citations": [len(r.citations) for r in results],
            "citations_on_gold": [sum(c.on_gold for c in r.citations) for r in results],
            "ranked": [r.ranking is not None for r in results],
            "spanned": [r.cited is not None for r in results],
        }
        columns |= _overlaps("cited", [r.cited for r in results])
        columns |= _overlaps("highlighted", [r.highlighted for r in results])
        columns |= _written(results)
        columns |= ranking_values([r.ranking for r in results])
        return cls({name: np.asarray(column, dtype=float) for name, column in columns.items()})


def _written(results: Sequence[Result]) -> dict[str, list[float]]:
    """Return what was written for each question; 0 where no language model was asked."""
    written = [result.written for result in results]
    times = [w.first_sentence_ms if w else None for w in written]
    return {
        "written": [w is not None for w in written],
        "written_judged": [bool(result.written and result.gold) for result in results],
        "written_shown": [time is not None for time in times],
        "written_stood_in": [w is not None and not w.sentences for w in written],
        "written_sentences": [w.sentences if w else 0 for w in written],
        "written_dropped": [len(w.dropped) if w else 0 for w in written],
        "written_drafted": [w.sentences + len(w.dropped) if w else 0 for w in written],
        "written_on_gold": [w.on_gold if w else 0 for w in written],
        "written_contained": [w is not None and w.contained for w in written],
        "written_planted": [w.planted if w else 0 for w in written],
        "written_caught": [w.caught if w else 0 for w in written],
        "written_first_ms": [time or 0.0 for time in times],
    }


def _overlaps(name: str, overlaps: Sequence[Overlap | None]) -> dict[str, list[float]]:
    """Return recall, precision and IoU of characters, how many were shown, and whether any."""
    none = Overlap(0, 0, 0)
    counts = [overlap or none for overlap in overlaps]
    return {
        f"{name}_recall": [_share(o.both, o.gold) for o in counts],
        f"{name}_precision": [_share(o.both, o.shown) for o in counts],
        f"{name}_iou": [_share(o.both, o.gold + o.shown - o.both) for o in counts],
        f"{name}_length": [o.shown for o in counts],
        f"{name}_any": [o.shown > 0 for o in counts],
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
