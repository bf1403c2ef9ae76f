"""A fit as the record that is published, and as what a person reads of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil, floor

from eval.calibration.fitting import Fit
from eval.questions import QuestionSet
from index.store.publishing import corpus_digest
from qa.abstention import key_of
from qa.calibration import Calibration, Tally, percent
from qa.engine import Engine
from qa.stages import left_out


def calibration_of(fit: Fit, asked: QuestionSet, engine: Engine) -> Calibration:
    """Return the record of a fit to these questions, asked of `engine` just now."""
    measured = engine.snapshot
    return Calibration(
        made=datetime.now(UTC).replace(microsecond=0),
        gold=asked.name,
        gold_sha256=asked.sha256,
        max_false_answers=fit.max_false_answers,
        confidence_level=fit.confidence_level,
        threshold=fit.threshold,
        slope=fit.slope,
        intercept=fit.intercept,
        counts=fit.counts,
        key=key_of(measured.manifest, left_out(engine.stages), engine.reader_digest),
        corpus=corpus_digest(measured.chunked.without_texts()),
    )


def report(fit: Fit, calibration: Calibration) -> Iterator[str]:
    """Yield the lines of the report."""
    counts, gold = fit.counts, calibration.gold
    level = percent(fit.confidence_level)
    threshold = calibration.probability(fit.threshold)
    yield (
        f"questions      {counts.answerable.questions} answerable, {counts.near_miss.questions} "
        f"near-miss, {counts.far_off.questions} far-off, of {gold}"
    )
    yield f"threshold      confidence {threshold:.3f}, which is score {fit.threshold:.3f}"
    yield (
        f"false answers  {_of(counts.unanswerable)}: near-miss {_of(counts.near_miss)}, "
        f"far-off {_of(counts.far_off)}"
    )
    yield (
        f"answered       {_of(counts.answerable)} answerable, with {level} confidence at least "
        f"{percent(_down(fit.answered_at_least))}; {counts.right} of those "
        f"{counts.answerable.answered} cite the right place"
    )
    yield f"promise        {calibration.promise}"
    yield (
        f"               It holds for questions drawn like those in {gold}, and while the "
        "documents stay as they are."
    )
    yield (
        "               Decide on the share before you look: choosing among several on the same "
        "questions promises less."
    )
    for kind, tally in (("near-miss", counts.near_miss), ("far-off", counts.far_off)):
        if not tally.questions:
            yield f"               No question among them is {kind}, so it tells nothing of such."
    yield (
        f"smallest       {percent(_up(fit.smallest_promise))} could be promised with "
        f"{counts.unanswerable.questions} unanswerable questions; more of them make it smaller"
    )


def _of(tally: Tally) -> str:
    return f"{tally.answered} of {tally.questions}"


def _up(share: float) -> float:
    return ceil(share * 1000) / 1000


def _down(share: float) -> float:
    return floor(share * 1000) / 1000
