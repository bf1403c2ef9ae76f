"""What was considered on the way to an answer, to explain and to measure it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from index.records import Span
from qa.answer.calibration import Rule
from qa.answer.quotes import Quote
from qa.answer.units import ReadUnit, ReadWindow
from qa.formats.fields import place_line
from qa.question.follow_up import FollowUp
from qa.question.query import Query
from qa.records import STAGES, Stage
from qa.retrieve.candidates import Candidate, Candidates
from qa.retrieve.near_duplicates import Families, Group


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is to judge the best quote by.

    `window` is the reader's logit of its window, 0 without a reader, and `quote` the log-odds that
    it answers. `in_window` and `in_document` are how much of the question these hold. `unknown` is
    the share of its words that no document holds, `missing_figures` of its figures that the window
    lacks.
    """

    window: float
    quote: float
    in_window: float
    in_document: float
    unknown: float
    missing_figures: float


@dataclass(frozen=True, slots=True)
class Trace:
    """What was considered of a question, whether or not it is then answered.

    `considered` are the first groups of near-duplicates, ranked by what was read of them, with
    `scores` in 0..1. `windows` are what was read, and `units` the sentences, rows and items in
    them. `ranked` is what could be quoted, best first; `chosen` is quoted if the question is
    answered. `evidence` is that for the best quote, and `score`, in 0..1, how likely it answers.
    `missing_names` are names of the question that no document considered holds. Where the question
    leans on an earlier one, `follow_up` tells how. `stage_ms` are the milliseconds of each stage.
    """

    query: Query
    families: Families
    considered: tuple[Group, ...]
    scores: tuple[float, ...]
    windows: tuple[ReadWindow, ...]
    units: tuple[ReadUnit, ...]
    ranked: tuple[Quote, ...]
    chosen: tuple[Quote, ...]
    evidence: Evidence | None
    missing_names: tuple[str, ...]
    score: float
    follow_up: FollowUp | None = None
    stage_ms: Mapping[str, float] = field(default_factory=dict[str, float], compare=False)

    @property
    def candidates(self) -> Candidates:
        """The passages that were compared with the question, by their fused score."""
        return self.families.candidates

    def groups(self, most: int) -> tuple[Group, ...]:
        """Return the first `most` groups: those that were read, then the others by fused score."""
        return self.families.groups(most, self.considered)

    def shown_score(self, rank: int, group: Group) -> float:
        """Return the score to show: of groups that were not read it begins where the others end."""
        if rank < len(self.scores):
            return self.scores[rank]
        return (self.scores[-1] if self.scores else 1.0) * group.best.score


def explained(
    trace: Trace, rule: Rule, groups: Iterable[Group], stages: frozenset[Stage]
) -> dict[str, Any]:
    """Return each stage's ranks and scores; `groups` are those shown, `stages` those in force."""
    applied = rule.applied
    candidates = tuple(trace.candidates)
    by_words = [candidate for candidate in candidates if candidate.lexical > 0]
    return {
        "question": {
            "corrections": [asdict(correction) for correction in trace.query.corrections],
            "terms": [asdict(term) for term in trace.query.searched],
        },
        "stages": [stage for stage in STAGES if stage in stages],
        "dense": _by_score(candidates, lambda candidate: candidate.dense),
        "lexical": _by_score(by_words, lambda candidate: candidate.lexical),
        "fused": _by_score(candidates, lambda candidate: candidate.score),
        "collapsed": [
            {
                "passage_id": group.best.passage.id,
                "stands_for": [duplicate.passage.id for duplicate in group.duplicates],
            }
            for group in groups
            if group.duplicates
        ],
        "read": [
            _row(rank, read.candidate, read.window.span, score=read.logit, share=read.share)
            for rank, read in enumerate(sorted(trace.windows, key=lambda w: -(w.logit or 0.0)), 1)
            if read.logit is not None
        ],
        "quotes": [
            _row(
                rank,
                quote.candidate,
                quote.span,
                start_char_index=quote.span.start,
                end_char_index=quote.span.end,
                score=quote.score,
                chosen=quote in trace.chosen,
            )
            for rank, quote in enumerate(trace.ranked, 1)
        ],
        "decision": {
            "evidence": asdict(trace.evidence) if trace.evidence else None,
            "missing_names": list(trace.missing_names),
            "score": trace.score,
            "confidence": rule.confidence(trace.score),
            "threshold": rule.threshold,
            "calibration": applied.id if applied else None,
            "stale": applied.stale if applied else False,
            "by_hand": rule.by_hand,
        },
    }


def _by_score(
    candidates: Iterable[Candidate], score: Callable[[Candidate], float]
) -> list[dict[str, Any]]:
    return [
        _row(rank, candidate, candidate.passage.span, score=score(candidate))
        for rank, candidate in enumerate(sorted(candidates, key=score, reverse=True), 1)
    ]


def _row(rank: int, candidate: Candidate, span: Span, **more: object) -> dict[str, Any]:
    place = place_line(candidate.document, span)
    return {"rank": rank, "passage_id": candidate.passage.id, "place": place, **more}
