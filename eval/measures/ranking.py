"""nDCG, MRR, recall and success by question, computed by ir-measures (trec_eval's definitions)."""

from collections.abc import Sequence

import numpy as np
from ir_measures import RR, R, Success, iter_calc, nDCG
from numpy.typing import NDArray

from eval.records import Ranking

AT = (1, 3, 5, 10)
"""The k of recall@k and success@k."""

_MEASURES = {"ndcg_at_10": nDCG @ 10, "mrr_at_10": RR @ 10}
_MEASURES |= {f"recall_at_{k}": R @ k for k in AT} | {f"success_at_{k}": Success @ k for k in AT}
_NAMES = {measure: name for name, measure in _MEASURES.items()}


def ranking_values(rankings: Sequence[Ranking | None]) -> dict[str, NDArray[np.float64]]:
    """Return each measure's value by question, 0 where there is no ranking.

    What stands at a rank is called by it; trec_eval orders by score alone, so the scores are
    the ranks turned round.
    """
    judged = {str(row): _judged(each) for row, each in enumerate(rankings) if each}
    run = {
        str(row): {f"rank {rank}": float(-rank) for rank in range(1, each.depth + 1)}
        for row, each in enumerate(rankings)
        if each
    }
    values = {name: np.zeros(len(rankings)) for name in _MEASURES}
    if judged:
        for metric in iter_calc(list(_NAMES), judged, run):
            values[_NAMES[metric.measure]][int(metric.query_id)] = metric.value
    return values


def _judged(ranking: Ranking) -> dict[str, int]:
    """Return what is relevant, by name, and its grade."""
    found = {f"rank {each.rank}": each.grade for each in ranking.found}
    return found | {f"missed {i}": grade for i, grade in enumerate(ranking.missed)}
