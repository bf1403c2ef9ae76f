"""`pincite index`: the store is made to hold what the sources hold."""

import shlex
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from index.changes import Plan, SyncReport, plan
from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder
from index.encoding.model import DEFAULT_MODEL, Model, find_model
from index.errors import PinciteError, SettingsError, StoreBusyError, StoreError
from index.ingest import refuse_without_passage
from index.progress import progress_bar
from index.sources.listing import SkippedFile, resolve_sources
from index.sources.selection import NothingToIndexError
from index.sources.watching import watch_sources
from index.store import open_store
from index.store.catalogue import refuse_new_collection
from index.store.protocols import Store
from index.sync import sync
from index.terminal import note, note_some
from pincite.gating import GoldCheck, gold_of
from qa.cli import read_scans
from qa.options import MODELS, STORE, with_settings
from qa.settings import Settings

KEPT_ASIDE = 5
_WAIT_FOR_OTHERS_S = 5.0
"""A service that stores an upload is soon done."""


@with_settings("ignore", "keep", "ocr", *MODELS, *STORE)
def index_command(
    settings: Settings,
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Files and folders; none: those indexed last.", metavar="SOURCE…"),
    ] = None,
    at_first: Annotated[
        str | None, typer.Option(help="What to index if nothing was yet.", metavar="SOURCE")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and index what changes until interrupted.")
    ] = False,
    reread: Annotated[
        bool, typer.Option("--reread", help="Extract the text of unchanged files anew, too.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Publish even if gold questions get worse.")
    ] = False,
) -> None:
    """Make the store hold exactly what the sources hold; only new text is embedded.

    Exit code 5: the registered gold questions are answered significantly worse (`pincite gate`);
    what was live stays live.
    """
    refuse_new_collection(settings.root, settings.collection)
    read_scans(settings)
    target = open_store(settings.location, keep=settings.keep)
    target.migrate()
    if at_first and not sources and not target.exists:
        sources = [at_first]
    if dry_run and watch:
        raise SettingsError("Tell what would be done with --dry-run, or go on with --watch.")
    if dry_run:
        _print_dry_run(target, sources or [], settings)
        return
    indexing = _Indexing.of(target, settings, force=force, reread=reread)
    kept_aside = indexing.sync(sources or [])
    if watch:
        indexing.watch()
    elif kept_aside:
        raise typer.Exit(KEPT_ASIDE)


@dataclass(frozen=True, slots=True)
class _Indexing:
    """A store, and what brings it up to date."""

    store: Store
    settings: Settings
    model: Model
    encoder: Encoder
    force: bool
    reread: bool

    @classmethod
    def of(cls, store: Store, settings: Settings, *, force: bool, reread: bool) -> "_Indexing":
        """Load the model. Raises PinciteError if it or the registered gold cannot be used."""
        model = _model_of(store, settings)
        GoldCheck.of(store, model, force=force)
        encoder = open_encoder(model, settings.backend, indexing=True)
        return cls(store, settings, model, encoder, force, reread)

    def sync(self, sources: list[str]) -> bool:
        """Sync the store and report it; return whether a snapshot was kept aside."""
        check = GoldCheck.of(self.store, self.model, force=self.force)
        try:
            with progress_bar() as progress:
                synced = partial(
                    sync,
                    self.store,
                    sources,
                    self.model,
                    self.encoder,
                    progress,
                    ignore=self.settings.ignore,
                    reread=self.reread,
                    gate=check.gate(self.settings, self.model, self.encoder, progress),
                )
                try:
                    report = synced()
                except StoreBusyError:
                    note(f"Another process is writing the store; waiting {_WAIT_FOR_OTHERS_S:g} s.")
                    report = synced(wait_s=_WAIT_FOR_OTHERS_S)
        except NothingToIndexError as error:
            _note_skipped(error.skipped)
            raise
        _note_report(report)
        if not report.kept_aside:
            _note_dropped(report.dropped, sources, self.settings, "is no longer a SOURCE")
        check.report([*self.settings.place, *sources])
        return bool(report.kept_aside)

    def watch(self) -> None:
        """Sync with each change until interrupted; report an error and go on."""

        def changed() -> None:
            try:
                self.sync([])
            except PinciteError as error:
                note(f"pincite: {error}")

        live = self.store.live()
        note("Watching for changes; Ctrl-C ends it.")
        with suppress(KeyboardInterrupt):
            watch_sources(
                [Path(source) for source in live.sources],
                self.store.folder,
                changed,
                threading.Event(),
                ignore=live.ignore,
                at_start=True,
            )


def _model_of(store: Store, settings: Settings) -> Model:
    name = DEFAULT_MODEL
    with suppress(StoreError):  # a sync keeps the model
        name = store.live().model_name
    return find_model(settings.model or name)


def _print_dry_run(store: Store, sources: list[str], settings: Settings) -> None:
    check = partial(refuse_without_passage, model=_model_of(store, settings))
    try:
        with progress_bar() as progress:
            planned = plan(store, sources, progress, ignore=settings.ignore, check=check)
    except NothingToIndexError as error:
        _note_skipped(error.skipped)
        raise
    summary = _note_changes(planned, "would be kept as it is") or "nothing"
    note(f"It would be: {summary}. Nothing was done.")
    if (registered := gold_of(store)) and store.exists:
        note(f"The gold questions of {registered} were not asked; without --dry-run they decide.")
    _note_dropped(planned.dropped, sources, settings, "would no longer be a SOURCE")


def _note_report(report: SyncReport) -> None:
    if report.repaired:
        note(
            "The old store could not be used and was built anew from the sources: "
            f"{report.repaired}."
        )
    summary = _note_changes(report, "kept as it was")
    for remark in report.remarks:
        note(f"! {remark.path}: {remark.reason}")
    for language, names in report.foreign.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        note(
            f"! {names[0]}{more}: in another language ({language}) than the model is for; expect "
            "worse answers, or choose a multilingual model with --model"
        )
    passages = "passage" if report.passages == 1 else "passages"
    texts = "text" if report.embedded == 1 else "texts"
    note(f"{summary}: {report.passages} {passages}, {report.embedded} {texts} newly embedded.")


def _note_changes(changes: Plan, kept: str) -> str:
    """Print what changed and what was passed over; return the counts of both."""
    for sign, lines in (
        ("+", changes.added),
        ("~", changes.changed),
        ("-", changes.removed),
        (">", [f"{old} is {new} now" for old, new in changes.renamed]),
    ):
        note_some(lines, sign)
    _note_skipped(changes.skipped)
    for file in changes.kept:
        note(f"! {file.path}: {kept}, {file.reason}")
    here = Path.cwd()
    for folder in changes.empty:  # with its path from here, since two may have the same name
        below = folder != here and folder.is_relative_to(here)
        note(f"! {folder.relative_to(here) if below else folder}: nothing to index in it")
    counts = {
        "added": len(changes.added),
        "changed": len(changes.changed),
        "removed": len(changes.removed),
        "renamed": len(changes.renamed),
        "unchanged": len(changes.unchanged),
        "skipped": len(changes.skipped),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _note_skipped(skipped: Sequence[SkippedFile]) -> None:
    """Print all that was skipped: no other output says it."""
    for file in skipped:
        note(f"! {file.path}: skipped, {file.reason}")


def _note_dropped(
    dropped: Sequence[Path], sources: list[str], settings: Settings, what: str
) -> None:
    """Print which SOURCEs end as only `sources` were given, and the command that keeps them."""
    for source in dropped:
        note(f"! {source} {what}")
    if there := [source for source in dropped if source.exists()]:
        roots = map(str, (*there, *resolve_sources(sources)))
        note(f"! To keep all: {shlex.join(['pincite', 'index', *settings.place, *roots])}")
