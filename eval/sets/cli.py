"""`pincite eval beir`, `spans` and `abstain`: measuring on public sets."""

from pathlib import Path
from typing import Annotated

import typer

from eval.options import (
    BaselineOption,
    CacheOption,
    OutOption,
    QuietOption,
    SetArgument,
    SplitOption,
    TopKOption,
    measuring_settings,
)
from qa.cli import BackendOption, ModelOption, ReaderOption, ThresholdOption, WithoutOption


def beir_command(
    folder: SetArgument,
    split: SplitOption = "test",
    one_vector: Annotated[
        bool,
        typer.Option("--one-vector", help="Rank by one vector a document, too, to check by."),
    ] = False,
    baseline: BaselineOption = None,
    out: OutOption = None,
    quiet: QuietOption = False,
    top_k: TopKOption = None,
    threshold: ThresholdOption = None,
    without: WithoutOption = None,
    model: ModelOption = None,
    reader: ReaderOption = None,
    backend: BackendOption = None,
    cache: CacheOption = None,
) -> None:
    """Rank documents by their best passage, on a BEIR set."""
    from eval.report.terminal import Delivery
    from eval.sets.indexed import IndexedSets
    from eval.sets.protocols import run_beir
    from index.progress import progress_bar

    delivery = Delivery.to(out or _reports("beir", folder), baseline, quiet=quiet)
    settings = measuring_settings(
        top_k,
        model=model,
        reader=reader,
        backend=backend,
        threshold=threshold,
        without=without,
    )
    with progress_bar() as progress:
        measured = run_beir(
            folder, split, IndexedSets(settings, cache, progress), one_vector=one_vector
        )
    delivery.deliver(measured)


def spans_command(
    folder: SetArgument,
    baseline: BaselineOption = None,
    out: OutOption = None,
    quiet: QuietOption = False,
    top_k: TopKOption = None,
    threshold: ThresholdOption = None,
    without: WithoutOption = None,
    model: ModelOption = None,
    reader: ReaderOption = None,
    backend: BackendOption = None,
    cache: CacheOption = None,
) -> None:
    """Measure what characters are cited, on gold spans."""
    from eval.report.terminal import Delivery
    from eval.sets.indexed import IndexedSets
    from eval.sets.protocols import run_spans
    from index.progress import progress_bar

    delivery = Delivery.to(out or _reports("spans", folder), baseline, quiet=quiet)
    settings = measuring_settings(
        top_k,
        model=model,
        reader=reader,
        backend=backend,
        threshold=threshold,
        without=without,
    )
    with progress_bar() as progress:
        measured = run_spans(folder, IndexedSets(settings, cache, progress))
    delivery.deliver(measured)


def abstain_command(
    folder: SetArgument,
    far_off: Annotated[
        Path | None,
        typer.Option(
            "--far-off", help="Set to take far-off questions from.", show_default="one beside DIR"
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Which documents are dropped.")] = 0,
    split: SplitOption = "test",
    baseline: BaselineOption = None,
    out: OutOption = None,
    quiet: QuietOption = False,
    top_k: TopKOption = None,
    threshold: ThresholdOption = None,
    without: WithoutOption = None,
    model: ModelOption = None,
    reader: ReaderOption = None,
    backend: BackendOption = None,
    cache: CacheOption = None,
) -> None:
    """Measure abstaining, half of a BEIR set left out."""
    from eval.report.terminal import Delivery
    from eval.sets.indexed import IndexedSets
    from eval.sets.protocols import run_abstain
    from index.progress import progress_bar

    delivery = Delivery.to(out or _reports("abstain", folder), baseline, quiet=quiet)
    settings = measuring_settings(
        top_k,
        model=model,
        reader=reader,
        backend=backend,
        threshold=threshold,
        without=without,
    )
    with progress_bar() as progress:
        measured = run_abstain(folder, far_off, seed, split, IndexedSets(settings, cache, progress))
    delivery.deliver(measured)


def _reports(protocol: str, folder: Path) -> Path:
    return Path("reports") / f"{protocol}-{folder.resolve().name}"
