"""The commands that make a store and look at it: index, status."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import StoreError
from index.terminal import console, one_line
from qa.cli import BackendOption, ModelOption, StoreOption
from qa.settings import Settings, load_settings

# What the commands need is imported when they run: `pincite ask` shares this command line and
# has to start quickly.
if TYPE_CHECKING:
    from rich.console import Console

    from index.report import SyncReport
    from index.sources import SkippedFile
    from index.store import Store
    from pincite.calibration_status import CalibrationStatus

KEPT_ASIDE = 5
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Status:
    """What `pincite status` tells."""

    store: str
    snapshot: str
    model: str
    documents: int
    passages: int
    sentences: int
    bytes: int
    outdated: bool
    sources: tuple[str, ...]
    checked: bool
    calibration: "CalibrationStatus | None"
    gold: str | None


def index_command(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Files and folders; none: those indexed last.", metavar="SOURCE…"),
    ] = None,
    at_first: Annotated[
        str | None,
        typer.Option("--at-first", help="What to index if nothing was yet.", metavar="SOURCE"),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Publish, whatever becomes of the gold questions.")
    ] = False,
    model: ModelOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
) -> None:
    """Make the store hold exactly what the sources hold; only new text is embedded.

    Exit code 5: the registered gold questions are answered significantly worse (`pincite gate`);
    what was live stays live.
    """
    from index.backends.choose import open_encoder
    from index.build import sync
    from index.model import find_model
    from index.progress import progress_bar
    from index.refusals import NothingToIndexError
    from index.store import Store
    from pincite.gating import GoldCheck
    from qa.probing import background_measure

    settings = load_settings(store=store, model=model, backend=backend)
    target = Store(settings.store)
    found = find_model(settings.model or _model_in_use(target))
    check = GoldCheck.of(target, found, force=force)
    out = console(stderr=True)
    if at_first and not sources and not target.exists:
        sources = [at_first]
    try:
        with progress_bar() as progress:
            encoder = open_encoder(found, settings.backend, indexing=True)
            report = sync(
                target,
                sources or [],
                found,
                encoder,
                progress,
                measure=background_measure(found, encoder),
                gate=check.gate(settings, found, encoder, progress),
            )
    except NothingToIndexError as error:
        _print_skipped(error.skipped, out)
        raise
    _print_report(report, out)
    check.tell(sources or [], out)
    if report.kept_aside:
        raise typer.Exit(KEPT_ASIDE)


def status_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Compare every checksum.")] = False,
    store: StoreOption = None,
) -> None:
    """Show what the store holds."""
    from pincite.calibration_status import in_words

    status = _status(load_settings(store=store), check)
    if as_json:
        print(json.dumps(asdict(status), indent=2, ensure_ascii=False))
        return
    checked = ", every checksum holds" if status.checked else ""
    print(f"store        {one_line(status.store)}, {status.bytes / 2**20:.1f} MiB{checked}")
    if status.outdated:
        print("outdated     written by an earlier Pincite; `pincite index` brings it up to date")
    print(f"snapshot     {status.snapshot}")
    print(f"model        {one_line(status.model)}")
    print(f"documents    {status.documents}")
    print(f"passages     {status.passages}, of {status.sentences} sentences")
    print(f"calibration  {one_line(in_words(status.calibration))}")
    if status.gold:
        print(f"gold         {one_line(status.gold)}; a new snapshot must answer it no worse")
    for source in status.sources:
        print(f"source       {one_line(source)}")


def _status(settings: Settings, check: bool) -> Status:
    from index.manifest import FORMAT
    from index.registration import registered_gold
    from index.snapshot import open_snapshot
    from index.store import Store
    from pincite.calibration_status import CalibrationStatus

    store = Store(settings.store)
    manifest = open_snapshot(store).manifest if check else store.live_manifest()
    registered = registered_gold(store)
    return Status(
        store=str(settings.store),
        snapshot=manifest.id,
        model=manifest.model_name,
        documents=manifest.documents,
        passages=manifest.passages,
        sentences=manifest.sentences,
        bytes=store.total_bytes(),
        outdated=manifest.format != FORMAT,
        sources=manifest.sources,
        checked=check,
        calibration=CalibrationStatus.of(
            manifest,
            store.objects,
            by_hand=settings.threshold is not None,
            without=settings.without,
        ),
        gold=str(registered) if registered else None,
    )


def _model_in_use(store: "Store") -> str:
    """Return the model that the store was built with: a sync does not change it unasked."""
    from index.model import DEFAULT_MODEL

    try:
        return store.live_manifest().model_name
    except StoreError:
        return DEFAULT_MODEL


def _print_report(report: "SyncReport", out: "Console") -> None:
    if report.repaired:
        told = "The old store could not be used and was built anew from the sources"
        out.print(f"{told}: {one_line(report.repaired)}.", soft_wrap=True)
    for sign, names in (("+", report.added), ("~", report.changed), ("-", report.removed)):
        for name in names[:_LISTED]:
            out.print(f"{sign} {one_line(name)}", soft_wrap=True)
        if len(names) > _LISTED:
            out.print(f"{sign} … and {len(names) - _LISTED} more")
    _print_skipped(report.skipped, out)
    for file in report.kept:
        out.print(f"! {one_line(file.path)}: kept as it was, {file.reason}", soft_wrap=True)
    for folder in report.empty:
        out.print(f"! {one_line(_as_given(folder))}: nothing to index in it", soft_wrap=True)
    counts = {
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "skipped": report.skipped,
    }
    summary = ", ".join(f"{len(names)} {what}" for what, names in counts.items() if names)
    out.print(f"{summary}: {report.passages} passages, {report.embedded} texts newly embedded.")


def _print_skipped(skipped: "Sequence[SkippedFile]", out: "Console") -> None:
    for file in skipped:
        out.print(f"! {one_line(file.path)}: skipped, {file.reason}", soft_wrap=True)


def _as_given(folder: Path) -> str:
    """Return the path from here, where the folder lies below; two may have the same name."""
    here = Path.cwd()
    below = folder != here and folder.is_relative_to(here)
    return str(folder.relative_to(here) if below else folder)
