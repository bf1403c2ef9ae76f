"""`pincite index`: the store is made to hold what the sources hold."""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from index.changes import Plan, SyncReport
from index.errors import PinciteError, SettingsError, StoreBusyError, StoreError
from index.sources.listing import SkippedFile
from index.terminal import console, note, one_line
from qa.cli import BackendOption, KeepOption, ModelOption, ReaderOption, StoreOption
from qa.settings import Settings, load_settings

if TYPE_CHECKING:
    from index.encoding.encoder import Encoder
    from index.encoding.model import Model
    from index.store.store import Store

KEPT_ASIDE = 5
_WAIT_FOR_OTHERS_S = 5.0
"""How long a service may write that took an upload: that is soon done."""


def index_command(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Files and folders; none: those indexed last.", metavar="SOURCE…"),
    ] = None,
    at_first: Annotated[
        str | None,
        typer.Option("--at-first", help="What to index if nothing was yet.", metavar="SOURCE"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and index what changes until interrupted.")
    ] = False,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore",
            metavar="PATTERN",
            help="Pass over such files, as in .gitignore; repeatable, remembered.",
            show_default="those remembered",
        ),
    ] = None,
    reread: Annotated[
        bool, typer.Option("--reread", help="Extract the text of unchanged files anew, too.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Publish, whatever becomes of the gold questions.")
    ] = False,
    keep: KeepOption = None,
    model: ModelOption = None,
    reader: ReaderOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
) -> None:
    """Make the store hold exactly what the sources hold; only new text is embedded.

    Exit code 5: the registered gold questions are answered significantly worse (`pincite gate`);
    what was live stays live.
    """
    from index.store.store import Store

    settings = load_settings(
        store=store, model=model, reader=reader, backend=backend, keep=keep, ignore=ignore
    )
    target = Store(settings.store, keep=settings.keep)
    if at_first and not sources and not target.exists:
        sources = [at_first]
    if dry_run and watch:
        raise SettingsError("Tell what would be done with --dry-run, or go on with --watch.")
    if dry_run:
        _tell_plan(target, sources or [], settings)
        return
    indexing = _Indexing.of(target, settings, force=force, reread=reread)
    kept_aside = indexing.sync(sources or [])
    if watch:
        indexing.watch()
    elif kept_aside:
        raise typer.Exit(KEPT_ASIDE)


@dataclass(frozen=True, slots=True)
class _Indexing:
    """A store, and what it is brought up to date with."""

    store: "Store"
    settings: Settings
    model: "Model"
    encoder: "Encoder"
    force: bool
    reread: bool

    @classmethod
    def of(cls, store: "Store", settings: Settings, *, force: bool, reread: bool) -> "_Indexing":
        """Load the model. Raises PinciteError where it, or registered gold, cannot be had."""
        from index.encoding.choose import open_encoder
        from index.encoding.model import find_model
        from pincite.gating import GoldCheck

        model = find_model(settings.model or _model_in_use(store))
        GoldCheck.of(store, model, force=force)
        encoder = open_encoder(model, settings.backend, indexing=True)
        return cls(store, settings, model, encoder, force, reread)

    def sync(self, sources: list[str]) -> bool:
        """Bring the store up to date and tell of it; return whether a snapshot was kept aside."""
        from index.progress import progress_bar
        from index.sources.listing import resolve_sources
        from index.sources.selection import NothingToIndexError
        from index.sync import sync
        from pincite.gating import GoldCheck

        out = console(stderr=True)
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
            print_skipped(error.skipped, out)
            raise
        print_report(report, out)
        if report.dropped and not report.kept_aside:
            now = resolve_sources(sources)
            print_dropped(report.dropped, now, self.settings.store, out, done=True)
        check.tell(sources, out)
        return bool(report.kept_aside)

    def watch(self) -> None:
        """Go on until interrupted; what goes wrong is told and tried again with the next change."""
        import threading

        from index.sources.watching import watch_sources

        def changed() -> None:
            try:
                self.sync([])
            except PinciteError as error:
                note(f"pincite: {error}")

        live = self.store.live_manifest()
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


def _tell_plan(store: "Store", sources: list[str], settings: Settings) -> None:
    from index.changes import plan
    from index.sources.listing import resolve_sources
    from index.sources.selection import NothingToIndexError
    from index.store.registration import registered_gold

    out = console(stderr=True)
    try:
        planned = plan(store, sources, ignore=settings.ignore)
    except NothingToIndexError as error:
        print_skipped(error.skipped, out)
        raise
    print_plan(planned, out)
    if (registered := registered_gold(store)) and store.exists:
        note(f"The gold questions of {registered} were not asked; without --dry-run they decide.")
    print_dropped(planned.dropped, resolve_sources(sources), settings.store, out, done=False)


def _model_in_use(store: "Store") -> str:
    """Return the model that the store was built with: a sync does not change it unasked."""
    from index.encoding.model import DEFAULT_MODEL

    try:
        return store.remembered().model_name
    except StoreError:
        return DEFAULT_MODEL


_LISTED = 20


def print_report(report: SyncReport, out: Console) -> None:
    """Tell what a sync did."""
    if report.repaired:
        told = "The old store could not be used and was built anew from the sources"
        out.print(f"{told}: {one_line(report.repaired)}.", soft_wrap=True)
    _print_changes(report, out)
    print_skipped(report.skipped, out)
    for each in report.remarks:
        out.print(one_line(f"! {each.path}: {each.reason}"), soft_wrap=True)
    for file in report.kept:
        out.print(f"! {one_line(file.path)}: kept as it was, {file.reason}", soft_wrap=True)
    _print_empty(report.empty, out)
    for language, sources in report.foreign.items():
        out.print(f"! {_in_language(language, sources)}", soft_wrap=True)
    summary = _summary(report, len(report.skipped))
    told = f"{report.passages} passages, {report.embedded} texts newly embedded"
    out.print(f"{summary}: {told}.", soft_wrap=True)


def print_plan(plan: Plan, out: Console) -> None:
    """Tell what a sync would do."""
    _print_changes(plan, out)
    print_skipped(plan.skipped, out)
    for file in plan.kept:
        out.print(f"! {one_line(file.path)}: would be kept as it is, {file.reason}", soft_wrap=True)
    _print_empty(plan.empty, out)
    summary = _summary(plan, len(plan.skipped)) or "nothing"
    out.print(f"It would be: {summary}. Nothing was done.", soft_wrap=True)


def print_dropped(
    dropped: Sequence[Path], sources: Sequence[Path], store: Path, out: Console, *, done: bool
) -> None:
    """Tell which SOURCEs are none any more now that just `sources` were given, and the way back.

    `done` tells whether that is so, or would be.
    """
    become = "is no longer a SOURCE" if done else "would be no SOURCE any more"
    for source in dropped:
        out.print(one_line(f"! {source} {become}"), soft_wrap=True)
    there = [source for source in dropped if source.exists()]
    if there:
        at = [] if store == Settings.model_fields["store"].default else ["--store", str(store)]
        command = shlex.join(["pincite", "index", *at, *map(str, (*there, *sources))])
        out.print(one_line(f"! All of them: {command}"), soft_wrap=True)


def print_skipped(skipped: Sequence[SkippedFile], out: Console) -> None:
    """Tell what was passed over, all of it: it is told nowhere else."""
    for each in skipped:
        out.print(one_line(f"! {each.path}: skipped, {each.reason}"), soft_wrap=True)


def _print_empty(folders: Sequence[Path], out: Console) -> None:
    for folder in folders:
        out.print(f"! {one_line(_as_given(folder))}: nothing to index in it", soft_wrap=True)


def _print_changes(changes: Plan, out: Console) -> None:
    for sign, names in (("+", changes.added), ("~", changes.changed), ("-", changes.removed)):
        _print_listed([f"{sign} {name}" for name in names], sign, out)
    _print_listed([f"> {old} is {new} now" for old, new in changes.renamed], ">", out)


def _print_listed(lines: Sequence[str], sign: str, out: Console) -> None:
    for line in lines[:_LISTED]:
        out.print(one_line(line), soft_wrap=True)
    if len(lines) > _LISTED:
        out.print(f"{sign} … and {len(lines) - _LISTED} more")


def _summary(changes: Plan, skipped: int) -> str:
    counts = {
        "added": len(changes.added),
        "changed": len(changes.changed),
        "removed": len(changes.removed),
        "renamed": len(changes.renamed),
        "unchanged": len(changes.unchanged),
        "skipped": skipped,
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _in_language(language: str, sources: Sequence[str]) -> str:
    named = one_line(sources[0]) + (f" and {len(sources) - 1} more" if len(sources) > 1 else "")
    return (
        f"{named}: in another language ({language}) than the model is for; expect worse answers, "
        "or choose a multilingual model with --model"
    )


def _as_given(folder: Path) -> str:
    """Return the path from here, where the folder lies below; two may have the same name."""
    here = Path.cwd()
    below = folder != here and folder.is_relative_to(here)
    return str(folder.relative_to(here) if below else folder)
