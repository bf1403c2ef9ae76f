"""`pincite index`: the store is made to hold what the sources hold."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import PinciteError, SettingsError, StoreBusyError, StoreError
from index.terminal import console, note
from qa.cli import BackendOption, KeepOption, ModelOption, ReaderOption, StoreOption
from qa.settings import Settings, load_settings

# What the commands need is imported when they run: `pincite ask` shares this command line and
# has to start quickly.
if TYPE_CHECKING:
    from index.encoder import Encoder
    from index.model import Model
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
        from index.backends.choose import open_encoder
        from index.model import find_model
        from pincite.gating import GoldCheck

        model = find_model(settings.model or _model_in_use(store))
        GoldCheck.of(store, model, force=force)
        encoder = open_encoder(model, settings.backend, indexing=True)
        return cls(store, settings, model, encoder, force, reread)

    def sync(self, sources: list[str]) -> bool:
        """Bring the store up to date and tell of it; return whether a snapshot was kept aside."""
        from index.build import sync
        from index.progress import progress_bar
        from index.refusals import NothingToIndexError
        from index.sources import resolve_sources
        from pincite.gating import GoldCheck
        from pincite.index_terminal import print_dropped, print_report, print_skipped

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

        from index.watching import watch_sources

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
    from index.plan import plan
    from index.refusals import NothingToIndexError
    from index.sources import resolve_sources
    from index.store.registration import registered_gold
    from pincite.index_terminal import print_dropped, print_plan, print_skipped

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
    from index.model import DEFAULT_MODEL

    try:
        return store.remembered().model_name
    except StoreError:
        return DEFAULT_MODEL
