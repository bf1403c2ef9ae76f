"""`python -m eval`, which is also `pincite eval`: measure on gold questions or on public sets."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.gold import PACKAGED_GOLD, locate, read_gold
from eval.records import Run
from eval.report.terminal import Delivery
from eval.run import TOP_K, evaluate
from eval.sets.protocols import IndexedSets, run_abstain, run_beir, run_spans
from index.progress import progress_bar
from index.terminal import run
from qa.cli import (
    BackendOption,
    CollectionOption,
    ModelOption,
    ReaderOption,
    StoreOption,
    ThresholdOption,
    WithoutOption,
)
from qa.engine import Engine
from qa.settings import Settings, load_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)

SetArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The set's folder.")]
SplitOption = Annotated[str, typer.Option("--split", help="Which of the qrels to use.")]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        "--cache", help="Where sets are kept once indexed.", show_default="the user's cache folder"
    ),
]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of every command that measures."""

    baseline: Annotated[
        Path | None, typer.Option(metavar="RUN.json", help="Compare with this earlier eval.json.")
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the report.", show_default="reports/eval or /PROTOCOL-DIR"),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", help="Write the files, print nothing.")] = False
    top_k: Annotated[
        int | None, typer.Option(help="How many passages to look at.", show_default=str(TOP_K))
    ] = None
    threshold: ThresholdOption = None
    without: WithoutOption = None
    model: ModelOption = None
    reader: ReaderOption = None
    backend: BackendOption = None

    def delivery(self, folder: str) -> Delivery:
        """Return where the report goes: `folder` below reports/ unless --out names another."""
        return Delivery.to(self.out or Path("reports") / folder, self.baseline, quiet=self.quiet)

    def settings(self, store: Path | None = None, collection: str | None = None) -> Settings:
        """Return the settings in force, except `top_k`: what `ask` shows must not limit recall."""
        return load_settings(
            store=store,
            collection=collection,
            top_k=TOP_K if self.top_k is None else self.top_k,
            threshold=self.threshold,
            without=self.without,
            model=self.model,
            reader=self.reader,
            backend=self.backend,
        )


def measuring(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the fields of `Options` as options; it gets them as one argument."""
    shared = inspect.signature(Options).parameters
    own = inspect.signature(command).parameters
    parameters = [*(own[name] for name in own if name != "options"), *shared.values()]

    def measure(**given: Any) -> None:
        options = Options(**{name: given.pop(name) for name in shared})
        command(options=options, **given)

    measure.__doc__ = command.__doc__
    measure.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    measure.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return measure


@app.callback(invoke_without_command=True)
@measuring
def evaluate_command(
    options: Options,
    context: typer.Context,
    gold: Annotated[
        Path | None,
        typer.Option(
            help="JSONL file of gold questions.", show_default="the questions about the seeds"
        ),
    ] = None,
    store: StoreOption = None,
    collection: CollectionOption = None,
) -> None:
    """Measure finding, citing and abstaining on gold questions.

    Exit code 5: significantly worse than the baseline; 1: a failure, an offset that does not
    hold, or questions of the baseline that were not asked.
    """
    if context.invoked_subcommand:
        _refuse_options_before(context)
        return
    settings = options.settings(store, collection)
    delivery = options.delivery("eval")
    rows = read_gold(gold or PACKAGED_GOLD)
    engine = Engine.open(settings.folder, **settings.for_engine)
    asked = locate(rows, [chunked.document for chunked in engine.snapshot.documents()])
    with progress_bar() as progress:
        measured = evaluate(engine, asked, top_k=settings.top_k, progress=progress)
    delivery.deliver(measured)


@app.command("beir")
@measuring
def beir_command(
    options: Options, folder: SetArgument, split: SplitOption = "test", cache: CacheOption = None
) -> None:
    """Rank documents by their best passage, on a BEIR set."""
    _measure_set("beir", folder, options, cache, partial(run_beir, folder, split))


@app.command("spans")
@measuring
def spans_command(options: Options, folder: SetArgument, cache: CacheOption = None) -> None:
    """Measure what characters are cited, on gold spans."""
    _measure_set("spans", folder, options, cache, partial(run_spans, folder))


@app.command("abstain")
@measuring
def abstain_command(
    options: Options,
    folder: SetArgument,
    far_off: Annotated[
        Path | None,
        typer.Option(help="Set to take far-off questions from.", show_default="one beside DIR"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which documents are dropped.")] = 0,
    split: SplitOption = "test",
    cache: CacheOption = None,
) -> None:
    """Measure abstaining, half of a BEIR set left out."""
    _measure_set(
        "abstain", folder, options, cache, partial(run_abstain, folder, far_off, seed, split)
    )


def _measure_set(
    protocol: str,
    folder: Path,
    options: Options,
    cache: Path | None,
    measure: Callable[[IndexedSets], Run],
) -> None:
    delivery = options.delivery(f"{protocol}-{folder.resolve().name}")
    with progress_bar() as progress:
        measured = measure(IndexedSets(options.settings(), cache, progress))
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
