"""`python -m eval`, which is also `pincite eval`: measure on gold questions or on public sets."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.gold import PACKAGED_GOLD, locate, read_gold
from eval.records import Run
from eval.report.terminal import Delivery
from eval.run import TOP_K, evaluate
from eval.sets.protocols import IndexedSets, run_abstain, run_beir, run_spans
from index.errors import SettingsError
from index.progress import progress_bar
from index.terminal import note, run
from qa.engine import Engine
from qa.options import (
    LANGUAGE_MODEL,
    MODELS,
    STORE,
    Command,
    refuse_options_before,
    with_options,
    with_settings,
)
from qa.settings import Settings

if TYPE_CHECKING:
    from qa.written.writing import AnswerWriter

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
class Reporting:
    """The options that say where a report goes, and what it is compared with."""

    baseline: Annotated[
        Path | None, typer.Option(metavar="RUN.json", help="Compare with this earlier eval.json.")
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the report.", show_default="reports/eval or /PROTOCOL-DIR"),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", help="Write the files, print nothing.")] = False

    def delivery(self, folder: str) -> Delivery:
        """Return where the report goes: `folder` below reports/ unless --out names another."""
        return Delivery.to(self.out or Path("reports") / folder, self.baseline, quiet=self.quiet)


def measuring(*more: str) -> Callable[[Command], Command]:
    """Give a command all that measuring needs, as `reporting` and `settings`; `more` are settings.

    `top_k` has a default of its own: what `ask` shows must not limit recall.
    """

    def give(command: Command) -> Command:
        options = inspect.signature(Reporting).parameters.values()
        reporting = with_options(command, "reporting", options, Reporting)
        names = ("top_k", "threshold", "without", *MODELS, *more)
        return with_settings(*names, top_k=TOP_K)(reporting)

    return give


@app.callback(invoke_without_command=True)
@measuring(*STORE, *LANGUAGE_MODEL)
def evaluate_command(
    settings: Settings,
    reporting: Reporting,
    context: typer.Context,
    gold: Annotated[
        Path | None,
        typer.Option(
            help="JSONL file of gold questions.", show_default="the questions about the seeds"
        ),
    ] = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Have a language model write each answer, too (see --llm)."),
    ] = False,
) -> None:
    """Measure finding, citing and abstaining on gold questions.

    Exit code 5: significantly worse than the baseline; 1: a failure, an offset that does not
    hold, or questions of the baseline that were not asked.
    """
    if context.invoked_subcommand:
        refuse_options_before(context)
        return
    delivery = reporting.delivery("eval")
    rows = read_gold(gold or PACKAGED_GOLD)
    writer = _writer(settings) if write else None
    engine = Engine.open(settings.location, **settings.for_engine)
    asked = locate(rows, [chunked.document for chunked in engine.snapshot.documents()])
    with progress_bar() as progress:
        measured = evaluate(engine, asked, top_k=settings.top_k, writer=writer, progress=progress)
    delivery.deliver(measured)


@app.command("beir")
@measuring()
def beir_command(
    settings: Settings,
    reporting: Reporting,
    folder: SetArgument,
    split: SplitOption = "test",
    cache: CacheOption = None,
) -> None:
    """Rank documents by their best passage, on a BEIR set."""
    _measure_set("beir", folder, settings, reporting, cache, partial(run_beir, folder, split))


@app.command("spans")
@measuring()
def spans_command(
    settings: Settings, reporting: Reporting, folder: SetArgument, cache: CacheOption = None
) -> None:
    """Measure what characters are cited, on gold spans."""
    _measure_set("spans", folder, settings, reporting, cache, partial(run_spans, folder))


@app.command("abstain")
@measuring()
def abstain_command(
    settings: Settings,
    reporting: Reporting,
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
    measure = partial(run_abstain, folder, far_off, seed, split)
    _measure_set("abstain", folder, settings, reporting, cache, measure)


def _writer(settings: Settings) -> "AnswerWriter":
    """Return what writes answers, and say what leaves this machine. Raises SettingsError."""
    from qa.written.opening import HOW_TO_SET, answer_writer, what_leaves

    writer = answer_writer(settings)
    if writer is None:
        raise SettingsError(HOW_TO_SET)
    note(what_leaves(settings))
    return writer


def _measure_set(
    protocol: str,
    folder: Path,
    settings: Settings,
    reporting: Reporting,
    cache: Path | None,
    measure: Callable[[IndexedSets], Run],
) -> None:
    delivery = reporting.delivery(f"{protocol}-{folder.resolve().name}")
    with progress_bar() as progress:
        measured = measure(IndexedSets(settings, cache, progress))
    delivery.deliver(measured)


def main() -> None:
    """Run the command; ends the process: 0 done, 1 failure, 2 wrong usage, 5 a regression."""
    sys.exit(run(app))
