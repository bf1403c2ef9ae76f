"""What was considered on the way to an answer: to explain it, to measure it, to ask why not."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from qa.abstention import Rule
from qa.candidates import Candidate
from qa.duplicates import Group
from qa.evidence import Quote
from qa.place_line import place_line
from qa.pool import Pool
from qa.query import Query
from qa.stages import STAGES, Stage


@dataclass(frozen=True, slots=True)
class Trace:
    """The stages of a question, whether or not it is then answered.

    `evidence` are the first of the pool's groups, their sentences scored by how far they go towards
    answering. `ranked` is what could be quoted from them, best first; `chosen` is what is quoted if
    the question is answered, and `score`, in 0..1, decides that. `started` is the `perf_counter`
    when the question came, `stage_ms` the milliseconds that each stage took since.
    """

    query: Query
    pool: Pool
    evidence: tuple[Group, ...]
    ranked: tuple[Quote, ...]
    chosen: tuple[Quote, ...]
    score: float
    stages: frozenset[Stage]
    started: float
    stage_ms: Mapping[str, float]

    def confidence(self, rule: Rule) -> float:
        """Return the confidence to show, in 0..1: 0 where there was nothing to look at."""
        return rule.confidence(self.score) if self.pool.candidates else 0.0


class Stopwatch:
    """Takes the time of stages that follow one another."""

    def __init__(self) -> None:
        self.started = self._last = time.perf_counter()
        self.stage_ms: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Add to a stage how long it was, in milliseconds, since the one before ended."""
        now = time.perf_counter()
        self.stage_ms[stage] = self.stage_ms.get(stage, 0.0) + (now - self._last) * 1000
        self._last = now


def explained(trace: Trace, rule: Rule, groups: Iterable[Group]) -> dict[str, Any]:
    """Return each stage's ranks and scores, for an answer's `explain`."""
    applied = rule.applied
    candidates, stages = trace.pool.candidates, trace.stages
    by_words = [each for each in candidates if each.lexical > 0]
    return {
        "question": {
            "corrections": [asdict(correction) for correction in trace.query.corrections],
            "terms": [asdict(term) for term in trace.query.searched],
        },
        "stages": [stage for stage in STAGES if stage in stages],
        "dense": _ranking(candidates, lambda candidate: candidate.dense),
        "lexical": _ranking(by_words, lambda candidate: candidate.lexical),
        "refined": _ranking(candidates, lambda candidate: candidate.similarity),
        "fused": _ranking(candidates, lambda candidate: candidate.score),
        "collapsed": [
            {
                "passage_id": group.best.passage.id,
                "stands_for": [duplicate.passage.id for duplicate in group.duplicates],
            }
            for group in groups
            if group.duplicates
        ],
        "quotes": [
            {
                "rank": rank,
                "passage_id": quote.key.passage_id,
                "place": place_line(quote.key.document, quote.span),
                "start_char_index": quote.span.start,
                "end_char_index": quote.span.end,
                "score": quote.score,
                "chosen": quote in trace.chosen,
            }
            for rank, quote in enumerate(trace.ranked, 1)
        ],
        "abstention": {
            "score": trace.score,
            "confidence": trace.confidence(rule),
            "threshold": rule.threshold,
            "floor": rule.floor,
            "calibration": applied.id if applied else None,
            "stale": applied.stale if applied else False,
            "by_hand": rule.by_hand,
        },
    }


def _ranking(
    candidates: Iterable[Candidate], score: Callable[[Candidate], float]
) -> list[dict[str, Any]]:
    return [
        {
            "rank": rank,
            "passage_id": candidate.passage.id,
            "place": place_line(candidate.document, candidate.passage.span),
            "score": score(candidate),
        }
        for rank, candidate in enumerate(sorted(candidates, key=lambda each: -score(each)), 1)
    ]
