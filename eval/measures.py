"""The measures, each a pure function of results. One that is undefined is None, never 0.

Retrieval is measured on the passages whether or not the question was answered; whether
it was is measured apart.
"""

import math
from collections.abc import Sequence

from eval.records import Kind, Measures, Result


def recall_at(k: int, results: Sequence[Result]) -> float | None:
    """Return recall@k: the share of answerable questions with a whole quote in the first k.

    |{q : rank(q) <= k}| / |answerable|. One quote of several is enough, as any answers.
    """
    asked = _answerable(results)
    return _share(sum(r.rank is not None and r.rank <= k for r in asked), len(asked))


def mean_reciprocal_rank(results: Sequence[Result]) -> float | None:
    """Return MRR over answerable questions: the mean of 1 / rank(q).

    0 for a question none of whose returned passages holds a quote (Voorhees, TREC-8, 1999).
    """
    asked = _answerable(results)
    return _share(sum(1 / r.rank for r in asked if r.rank is not None), len(asked))


def citation_hit_rate(results: Sequence[Result]) -> float | None:
    """Return the share of answerable questions with a citation that overlaps a quote.

    One that was not answered has no citation and counts as a miss.
    """
    asked = _answerable(results)
    return _share(sum(bool(r.cited) for r in asked), len(asked))


def citation_precision(results: Sequence[Result]) -> float | None:
    """Return the share of all citations of answerable questions that overlap a quote.

    Citations are pooled, not averaged by question. None where nothing was cited.
    """
    asked = _answerable(results)
    return _share(sum(r.on_quote for r in asked), sum(len(r.citations) for r in asked))


def answer_rate(results: Sequence[Result]) -> float | None:
    """Return the share of answerable questions that were answered, rightly or not."""
    asked = _answerable(results)
    return _share(sum(r.answered for r in asked), len(asked))


def false_answer_rate(kind: Kind, results: Sequence[Result]) -> float | None:
    """Return the share of questions of this unanswerable kind that were answered."""
    asked = [r for r in results if r.kind == kind]
    return _share(sum(r.answered for r in asked), len(asked))


def latency(percent: float, results: Sequence[Result]) -> float | None:
    """Return a percentile of the time an answer took, in ms, over questions of every kind.

    By nearest rank: of n sorted times the one at ceil(percent / 100 * n), counted from 1.
    """
    times = sorted(r.took_ms for r in results)
    return times[max(1, math.ceil(percent * len(times) / 100)) - 1] if times else None


def measure(results: Sequence[Result]) -> Measures:
    """Return all measures of these results."""
    kinds = [r.kind for r in results]
    return Measures(
        questions=len(results),
        answerable=kinds.count("answerable"),
        near_miss=kinds.count("near-miss"),
        far_off=kinds.count("far-off"),
        recall_at_1=recall_at(1, results),
        recall_at_3=recall_at(3, results),
        recall_at_5=recall_at(5, results),
        recall_at_10=recall_at(10, results),
        mrr=mean_reciprocal_rank(results),
        citation_hit_rate=citation_hit_rate(results),
        citation_precision=citation_precision(results),
        answer_rate=answer_rate(results),
        false_answers_near_miss=false_answer_rate("near-miss", results),
        false_answers_far_off=false_answer_rate("far-off", results),
        latency_p50_ms=latency(50, results),
        latency_p95_ms=latency(95, results),
    )


def _answerable(results: Sequence[Result]) -> list[Result]:
    return [r for r in results if r.kind == "answerable"]


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
