"""What was considered on the way to an answer: to explain it, to measure it, to ask why not."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.abstention import Rule
from qa.evidence import Quote
from qa.pool import Pool
from qa.search import Candidate


@dataclass(frozen=True, slots=True)
class Trace:
    """The stages of a question, whether or not it is then answered.

    `vector` is the question's, shape (dimension,). `ranked` is what could be quoted from the
    first passages, best first; `chosen` is what is quoted if the question is answered, and
    `score`, in 0..1, decides that. `started` is the `perf_counter` when the question came.
    """

    question: str
    vector: NDArray[np.float32]
    pool: Pool
    ranked: tuple[Quote, ...]
    chosen: tuple[Quote, ...]
    score: float
    started: float


def explained(trace: Trace, rule: Rule) -> dict[str, Any]:
    """Return each stage's ranks and scores, for an answer's `explain`."""
    applied = rule.applied
    by_dense = sorted(trace.pool.candidates, key=lambda candidate: -candidate.dense)
    return {
        "dense": [_ranked(rank, c, c.dense) for rank, c in enumerate(by_dense, 1)],
        "refined": [_ranked(rank, c, c.score) for rank, c in enumerate(trace.pool.candidates, 1)],
        "collapsed": [
            {
                "passage_id": group.best.passage.id,
                "stands_for": [duplicate.passage.id for duplicate in group.duplicates],
            }
            for group in trace.pool.groups
            if group.duplicates
        ],
        "abstention": {
            "score": trace.score,
            "confidence": rule.confidence(trace.score),
            "threshold": rule.threshold,
            "calibration": applied.id if applied else None,
            "stale": applied.stale if applied else False,
            "by_hand": rule.by_hand,
        },
    }


def _ranked(rank: int, candidate: Candidate, score: float) -> dict[str, Any]:
    return {"rank": rank, "passage_id": candidate.passage.id, "score": score}
