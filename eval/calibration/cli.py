"""`pincite calibrate`: fit threshold and confidence on one's own questions, and publish both."""

from pathlib import Path
from typing import Annotated

import typer

from index.errors import SettingsError
from index.terminal import note, one_line
from qa.cli import BackendOption, ModelOption, ReaderOption, StoreOption
from qa.settings import Settings, load_settings


def calibrate_command(
    gold: Annotated[
        Path | None,
        typer.Option(help="JSONL file of gold questions about the store's documents."),
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
    model: ModelOption = None,
    reader: ReaderOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
) -> None:
    """Fit when to answer, on your own questions.

    At least 40 unanswerable and 20 answerable ones are needed. What is promised is promised with
    95 % confidence, for questions drawn like these.
    """
    settings = load_settings(store=store, model=model, reader=reader, backend=backend)
    if remove == (gold is not None) or (remove and dry_run):
        raise SettingsError(
            "Name the questions with --gold FILE, or take the calibration away with --remove alone."
        )
    if gold is None:
        _remove(settings)
    else:
        _calibrate(gold, max_false_answers, settings, dry_run=dry_run)


def _calibrate(gold: Path, max_false_answers: float, settings: Settings, *, dry_run: bool) -> None:
    # Imported when run: `pincite ask` shares this command line and has to start quickly.
    from eval.calibration.fitting import Observation, calibrate, check_share
    from eval.calibration.report import calibration_of, report
    from eval.gold_file import locate, read_gold
    from eval.run import ask_all
    from index.progress import progress_bar
    from index.store.publishing import publish_calibration
    from index.store.store import Store
    from qa.engine import Engine

    check_share("--max-false-answers", max_false_answers)  # before anything that takes long
    rows = read_gold(gold)
    engine = Engine.open(
        settings.store,
        model=settings.model,
        reader=settings.reader,
        backend=settings.backend,
        without=settings.without,
    )
    asked = locate(rows, [each.document for each in engine.snapshot.chunked.values()])
    with progress_bar() as progress:
        results, _ = ask_all(engine, asked, progress=progress)
    observations = [Observation(each.score, each.kind, each.right) for each in results]
    fit = calibrate(observations, max_false_answers=max_false_answers)
    calibration = calibration_of(fit, asked, engine)
    for line in report(fit, calibration):
        print(one_line(line))
    if dry_run:
        note("Published nothing, as asked for.")
        return
    live = publish_calibration(
        Store(settings.store, keep=settings.keep), engine.snapshot, calibration.to_bytes()
    )
    note(f"Published calibration {calibration.id} with snapshot {live.id}.")
    if settings.threshold is not None:
        note(
            f"The threshold is set by hand, to {settings.threshold:g}: it comes first, so nothing "
            "is promised until that setting is taken away."
        )


def _remove(settings: Settings) -> None:
    from index.store.publishing import remove_calibration
    from index.store.store import Store

    live = remove_calibration(Store(settings.store, keep=settings.keep))
    if live is None:
        note("There is no calibration to take away.")
    else:
        note(f"Took the calibration away; the snapshot is {live.id} now.")
