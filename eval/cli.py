"""`python -m eval`, which is also `pincite eval`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from index.terminal import console, run
from qa.cli import BackendOption, ModelOption, StoreOption, ThresholdOption
from qa.settings import load_settings

WRONG_OFFSETS = 1


def evaluate_command(
    gold: Annotated[
        Path | None,
        typer.Option(
            help="JSONL file of gold questions.", show_default="the questions about the seeds"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for eval.json and eval.md.")] = Path(
        "reports/eval"
    ),
    quiet: Annotated[bool, typer.Option("--quiet", help="Write the files, print nothing.")] = False,
    top_k: Annotated[
        int | None,
        typer.Option("--top-k", help="How many passages to look at.", show_default="10"),
    ] = None,
    threshold: ThresholdOption = None,
    model: ModelOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
) -> None:
    """Measure how well gold questions are answered, cited and, where need be, refused."""
    # Imported when run: they bring FAISS, which other commands may not need.
    from eval.gold import PACKAGED_GOLD, read_gold
    from eval.report import offsets_line, to_table, write_report
    from eval.run import TOP_K, evaluate
    from index.progress import progress_bar
    from qa.engine import Engine

    # Not `settings.top_k`: how many passages are shown elsewhere must not cut off recall@10.
    settings = load_settings(
        store=store,
        model=model,
        backend=backend,
        threshold=threshold,
        top_k=TOP_K if top_k is None else top_k,
    )
    questions = read_gold(gold or PACKAGED_GOLD)
    engine = Engine.open(settings.store, **settings.for_engine)
    with progress_bar() as progress:
        measured = evaluate(engine, questions, top_k=settings.top_k, progress=progress)
    files = write_report(measured, out)
    notes = console(stderr=True)
    if not quiet:
        console().print(to_table(measured))
        print(offsets_line(measured))
        notes.print(f"Wrote {' and '.join(str(file) for file in files)}.", soft_wrap=True)
    if measured.offsets.wrong:
        first = measured.offsets.wrong[0]
        notes.print(f"{offsets_line(measured)} (the first: {first}). Answers cannot be trusted.")
        raise typer.Exit(WRONG_OFFSETS)


app = typer.Typer(add_completion=False, rich_markup_mode=None)
app.command()(evaluate_command)


def main() -> None:
    """Run the command; ends the process: 0 done, 1 failure, 2 wrong usage."""
    sys.exit(run(app))
