"""`pincite calibrate`: fit threshold and confidence on one's own questions, and publish both."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import SettingsError
from index.terminal import console, one_line
from qa.cli import BackendOption, ModelOption, StoreOption
from qa.settings import Settings, load_settings

# What the command needs is imported when it runs: `pincite ask` shares this command line.
if TYPE_CHECKING:
    from eval.calibrate import Observation
    from index.progress import Progress
    from qa.engine import Engine


def calibrate_command(
    gold: Annotated[
        Path | None,
        typer.Option(help="JSONL file of gold questions about the store's documents."),
    ] = None,
    max_false_answers: Annotated[
        float, typer.Option(help="The share of unanswerable questions that may be answered.")
    ] = 0.1,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the store's calibration away.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what comes of it, publish nothing.")
    ] = False,
    model: ModelOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
) -> None:
    """Fit when to answer, and what confidence means, on your own questions."""
    settings = load_settings(store=store, model=model, backend=backend)
    if remove == (gold is not None) or (remove and dry_run):
        raise SettingsError(
            "Name the questions with --gold FILE, or take the calibration away with --remove alone."
        )
    if gold is None:
        _remove(settings)
    else:
        _calibrate(gold, max_false_answers, settings, dry_run=dry_run)


def _calibrate(gold: Path, max_false_answers: float, settings: Settings, *, dry_run: bool) -> None:
    from eval.calibrate import calibrate, check_share
    from eval.calibrate_report import calibration_of, report
    from index.progress import progress_bar
    from index.publishing import publish_calibration
    from index.store import Store
    from qa.engine import Engine

    check_share("--max-false-answers", max_false_answers)  # before anything that takes long
    engine = Engine.open(settings.store, model=settings.model, backend=settings.backend)
    with progress_bar() as progress:
        observations = observe(engine, gold, progress)
    fit = calibrate(observations, max_false_answers=max_false_answers)
    calibration = calibration_of(fit, gold, engine.snapshot)
    for line in report(fit, calibration):
        print(one_line(line))
    if dry_run:
        _note("Published nothing, as asked for.")
        return
    live = publish_calibration(Store(settings.store), engine.snapshot, calibration.to_bytes())
    _note(f"Published calibration {calibration.id} with snapshot {live.id}.")


def _remove(settings: Settings) -> None:
    from index.publishing import remove_calibration
    from index.store import Store

    live = remove_calibration(Store(settings.store))
    if live is None:
        _note("There is no calibration to take away.")
    else:
        _note(f"Took the calibration away; the snapshot is {live.id} now.")


def _note(text: str) -> None:
    console(stderr=True).print(one_line(text), soft_wrap=True)


# --- The one place where gold questions are asked. ---


def observe(engine: "Engine", gold_path: Path, progress: "Progress") -> "list[Observation]":
    """Return what each gold question scores and whether what is cited for it is right.

    Raises GoldError for a gold file that cannot be used or is about other documents.
    """
    from eval.calibrate import Observation
    from eval.gold import read_gold, resolve
    from qa.errors import QuestionError

    gold = read_gold(gold_path)
    spans = resolve(gold, [chunked.document for chunked in engine.snapshot.chunked.values()])
    observations: list[Observation] = []
    for line, row in gold.rows.items():
        try:
            trace = engine.trace(row.question)
        except QuestionError as error:
            raise gold.error(line, str(error)) from error
        right = any(
            place.document_id == quote.key.document.id and place.span.overlaps(quote.span)
            for place in spans[row.id]
            for quote in trace.chosen
        )
        observations.append(Observation(trace.score, row.kind, right))
        progress("Asking", len(observations), len(gold.rows))
    return observations
