"""What was considered on the way to an answer: to explain it, to measure it, to ask why not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from qa.answer.calibration import Rule
from qa.answer.quotes import Quote
from qa.answer.units import ReadUnit, ReadWindow
from qa.formats.fields import place_line
from qa.question.query import Query
from qa.records import STAGES, Stage
from qa.retrieve.candidates import Candidate, Candidates
from qa.retrieve.near_duplicates import Families, Group


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is to judge the best quote by.

    `window` is the reader's logit of its window, 0 where there is no reader, and `quote` the
    log-odds that its key unit answers. The shares are those of the question's words, by weight, in
    its window with what stands above it (`in_window`), and in its document (`in_document`).
    `unknown` is the share of the words that no document holds, `missing_figures` that of the
    question's figures that the window lacks.
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

    `considered` are the first groups of near-duplicates, ranked by what was read of them, and
    `scores` those they are ranked by, in 0..1. `windows` are what was read, and `units` the
    sentences, rows and items in them. `ranked` is what could be quoted, best first; `chosen` is
    what is quoted if the question is answered. `evidence` is what the best quote is judged by,
    None if there is none, and `score`, in 0..1, what comes of it. `missing_names` are names of the
    question that no document considered holds. `stage_ms` are the milliseconds that each stage
    took.
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
    stage_ms: Mapping[str, float] = field(default_factory=dict[str, float], compare=False)

    @property
    def candidates(self) -> Candidates:
        """All passages that were compared with the question, by their fused score."""
        return self.families.candidates

    def groups(self, most: int) -> tuple[Group, ...]:
        """Return the first `most` groups: those that were read, then the others by fused score."""
        return self.families.groups(most, self.considered)

    def shown_score(self, rank: int, group: Group) -> float:
        """Return the score, in 0..1, that a group of a rank from 0 on is shown with.

        Groups that were not read come behind those that were: their scores begin where the
        others end.
        """
        if rank < len(self.scores):
            return self.scores[rank]
        return (self.scores[-1] if self.scores else 1.0) * group.best.score


def explained(
    trace: Trace, rule: Rule, groups: Iterable[Group], stages: frozenset[Stage]
) -> dict[str, Any]:
    """Return each stage's ranks and scores, for an answer's `explain`.

    `groups` are those that are shown, and `stages` those in force.
    """
    applied = rule.applied
    candidates = tuple(trace.candidates)
    by_words = [candidate for candidate in candidates if candidate.lexical > 0]
    return {
        "question": {
            "corrections": [asdict(correction) for correction in trace.query.corrections],
            "terms": [asdict(term) for term in trace.query.searched],
        },
        "stages": [stage for stage in STAGES if stage in stages],
        "dense": _ranking(candidates, lambda candidate: candidate.dense),
        "lexical": _ranking(by_words, lambda candidate: candidate.lexical),
        "fused": _ranking(candidates, lambda candidate: candidate.score),
        "collapsed": [
            {
                "passage_id": group.best.passage.id,
                "stands_for": [duplicate.passage.id for duplicate in group.duplicates],
            }
            for group in groups
            if group.duplicates
        ],
        "read": _read(trace.windows),
        "quotes": [
            {
                "rank": rank,
                "passage_id": quote.candidate.passage.id,
                "place": place_line(quote.document, quote.span),
                "start_char_index": quote.span.start,
                "end_char_index": quote.span.end,
                "score": quote.score,
                "chosen": quote in trace.chosen,
            }
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


def _read(windows: Sequence[ReadWindow]) -> list[dict[str, Any]]:
    """Return the windows that were read, the likeliest to answer first."""
    by_logit = sorted(windows, key=lambda read: -(read.logit or 0.0))
    return [
        {
            "rank": rank,
            "passage_id": read.candidate.passage.id,
            "place": place_line(read.candidate.document, read.window.span),
            "score": read.logit,
            "share": read.share,
        }
        for rank, read in enumerate(by_logit, 1)
        if read.logit is not None
    ]


def _ranking(
    candidates: Iterable[Candidate], score: Callable[[Candidate], float]
) -> list[dict[str, Any]]:
    by_score = sorted(candidates, key=lambda candidate: -score(candidate))
    return [
        {
            "rank": rank,
            "passage_id": candidate.passage.id,
            "place": place_line(candidate.document, candidate.passage.span),
            "score": score(candidate),
        }
        for rank, candidate in enumerate(by_score, 1)
    ]
