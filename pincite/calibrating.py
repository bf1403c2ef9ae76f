"""`pincite calibrate`: fit when to answer on one's own questions, and publish it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil, floor
from pathlib import Path
from typing import Annotated

import typer

from eval.calibration import Fit, Observation, calibrate, check_share
from eval.gold import locate, read_gold
from eval.run import ask_all
from index.errors import SettingsError
from index.progress import progress_bar
from index.store import open_store
from index.terminal import note, one_line
from qa.answer.calibration import Calibration, Tally, key_of, percent
from qa.engine import Engine
from qa.options import MODELS, STORE, with_settings
from qa.records import left_out
from qa.settings import Settings


@with_settings(*MODELS, *STORE)
def calibrate_command(
    settings: Settings,
    gold: Annotated[
        Path | None, typer.Option(help="JSONL file of gold questions about the store's documents.")
    ] = None,
    max_false_answers: Annotated[
        float,
        typer.Option(
            help="What share of unanswerable questions may be answered; decide beforehand."
        ),
    ] = 0.1,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the store's calibration away.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what comes of it, publish nothing.")
    ] = False,
) -> None:
    """Fit when to answer, on your own questions.

    At least 40 unanswerable and 20 answerable ones are needed. What is promised is promised with
    95 % confidence, for questions drawn like these.
    """
    if remove == (gold is not None) or (remove and dry_run):
        raise SettingsError(
            "Name the questions with --gold FILE, or take the calibration away with --remove alone."
        )
    if gold:
        _calibrate(gold, max_false_answers, settings, dry_run=dry_run)
    else:
        _remove(settings)


def _remove(settings: Settings) -> None:
    store = open_store(settings.location, keep=settings.keep)
    live = store.live()
    if live.calibration is None:
        note("There is no calibration to take away.")
        return
    live = store.set_calibration(live.id, None)
    note(f"Removed the calibration. The live snapshot is {live.id}.")


def _calibrate(gold: Path, max_false_answers: float, settings: Settings, *, dry_run: bool) -> None:
    check_share("--max-false-answers", max_false_answers)  # before anything that takes long
    rows = read_gold(gold)
    options = settings.for_engine
    options["threshold"] = None  # one set by hand plays no part in the fit
    engine = Engine.open(settings.location, **options)
    measured = engine.snapshot
    asked = locate(rows, [chunked.document for chunked in measured.documents()])
    with progress_bar() as progress:
        results, _ = ask_all(engine, asked, progress=progress)
    observations = [Observation(result.score, result.kind, result.right) for result in results]
    fit = calibrate(observations, max_false_answers=max_false_answers)
    calibration = Calibration(
        made=datetime.now(UTC).replace(microsecond=0),
        gold=asked.name,
        gold_sha256=asked.sha256,
        max_false_answers=fit.max_false_answers,
        confidence_level=fit.confidence_level,
        threshold=fit.threshold,
        slope=fit.slope,
        intercept=fit.intercept,
        counts=fit.counts,
        key=key_of(measured.info, left_out(engine.stages), engine.reader_digest),
        corpus=measured.info.corpus,
    )
    for line in _report(fit, calibration):
        print(one_line(line))
    if dry_run:
        note("Published nothing, as asked for.")
        return
    store = open_store(settings.location, keep=settings.keep)
    live = store.set_calibration(measured.id, calibration.to_bytes())
    note(f"Published calibration {calibration.id} with snapshot {live.id}.")
    if settings.threshold is not None:
        note(
            f"The threshold is set by hand, to {settings.threshold:g}: it comes first, so nothing "
            "is promised until that setting is taken away."
        )


def _report(fit: Fit, calibration: Calibration) -> Iterator[str]:
    counts, gold = fit.counts, calibration.gold
    level = percent(fit.confidence_level)
    indent = " " * 15
    yield (
        f"questions      {counts.answerable.questions} answerable, {counts.near_miss.questions} "
        f"near-miss, {counts.far_off.questions} far-off, of {gold}"
    )
    yield (
        f"threshold      confidence {calibration.probability(fit.threshold):.3f}, which is score "
        f"{fit.threshold:.3f}"
    )
    yield (
        f"false answers  {_of(counts.unanswerable)}: near-miss {_of(counts.near_miss)}, "
        f"far-off {_of(counts.far_off)}"
    )
    yield (
        f"answered       {_of(counts.answerable)} answerable, with {level} confidence at least "
        f"{percent(floor(fit.answered_at_least * 1000) / 1000)}; {counts.right} of those "
        f"{counts.answerable.answered} cite the right place"
    )
    yield f"promise        {calibration.promise}"
    yield (
        f"{indent}It holds for questions drawn like those in {gold}, and while the documents stay "
        "as they are."
    )
    yield (
        f"{indent}Decide on the share before you look: choosing among several on the same "
        "questions promises less."
    )
    for kind, tally in (("near-miss", counts.near_miss), ("far-off", counts.far_off)):
        if not tally.questions:
            yield f"{indent}No question among them is {kind}, so there is no figure for that kind."
    smallest = percent(ceil(fit.smallest_promise * 1000) / 1000)
    yield (
        f"smallest       {smallest} could be promised with "
        f"{counts.unanswerable.questions} unanswerable questions; more of them make it smaller"
    )


def _of(tally: Tally) -> str:
    return f"{tally.answered} of {tally.questions}"
