"""`python -m eval`, which is also `pincite eval`: on gold questions or public sets."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from eval.options import (
    BaselineOption,
    OutOption,
    QuietOption,
    TopKOption,
    measuring_settings,
)
from eval.sets.cli import abstain_command, beir_command, spans_command
from index.terminal import run
from qa.cli import (
    BackendOption,
    ModelOption,
    ReaderOption,
    StoreOption,
    ThresholdOption,
    WithoutOption,
)

app = typer.Typer(add_completion=False, rich_markup_mode=None)
app.command("beir")(beir_command)
app.command("spans")(spans_command)
app.command("abstain")(abstain_command)


@app.callback(invoke_without_command=True)
def evaluate_command(
    context: typer.Context,
    gold: Annotated[
        Path | None,
        typer.Option(
            help="JSONL file of gold questions.", show_default="the questions about the seeds"
        ),
    ] = None,
    baseline: BaselineOption = None,
    out: OutOption = None,
    quiet: QuietOption = False,
    top_k: TopKOption = None,
    threshold: ThresholdOption = None,
    without: WithoutOption = None,
    model: ModelOption = None,
    reader: ReaderOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
) -> None:
    """Measure finding, citing and abstaining on gold questions.

    Exit code 5: significantly worse than the baseline; 1: a failure, an offset that does not
    hold, or questions of the baseline that were not asked.
    """
    if context.invoked_subcommand:
        _refuse_options_before(context)
        return
    # Imported when run: they bring FAISS, which other commands may not need.
    from eval.gold import PACKAGED_GOLD, locate, read_gold
    from eval.report.terminal import Delivery
    from eval.run import evaluate
    from index.progress import progress_bar
    from qa.engine import Engine

    settings = measuring_settings(
        top_k,
        store=store,
        model=model,
        reader=reader,
        backend=backend,
        threshold=threshold,
        without=without,
    )
    delivery = Delivery.to(out or Path("reports/eval"), baseline, quiet=quiet)
    rows = read_gold(gold or PACKAGED_GOLD)
    engine = Engine.open(settings.store, **settings.for_engine)
    asked = locate(rows, [each.document for each in engine.snapshot.chunked.values()])
    with progress_bar() as progress:
        measured = evaluate(engine, asked, top_k=settings.top_k, progress=progress)
    delivery.deliver(measured)


def _refuse_options_before(context: typer.Context) -> None:
    """Refuse an option that stands before a subcommand, where it would do nothing."""
    for name in context.params:
        if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE":
            raise typer.BadParameter(
                f"put it behind {context.invoked_subcommand}",
                param_hint=f"--{name.replace('_', '-')}",
            )


def main() -> None:
    """Run the command; ends the process: 0 done, 1 failure, 2 wrong usage, 5 a regression."""
    sys.exit(run(app))
