"""The commands about snapshots that are kept: rollback, purge."""

from typing import Annotated

import typer

from index.changes import plan
from index.errors import PinciteError, SourceError
from index.progress import progress_bar
from index.store.history import newer_than_live, roll_back
from index.store.purge import purge
from index.store.store import Store
from index.terminal import console, note, one_line
from qa.cli import StoreOption
from qa.settings import load_settings

_LISTED = 20


def rollback_command(
    snapshot: Annotated[
        str | None,
        typer.Argument(help="Which; none: the one before the live one.", show_default=False),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Make an older snapshot live again. The next `pincite index` follows the sources again."""
    settings = load_settings(store=store)
    target = Store(settings.store, keep=settings.keep)
    before = target.live_id()
    manifest = roll_back(target, snapshot)
    note(
        f"Snapshot {manifest.id} is live again: {manifest.documents} documents, "
        f"{manifest.passages} passages. {before} is kept: `pincite rollback {before}` goes back."
    )
    note(
        "The sources and uploads are as they were: the next `pincite index` follows them again, "
        "and so does `pincite serve` without --no-watch."
    )
    note(f"`pincite purge` would keep what is live now and forget {before}.")


def purge_command(store: StoreOption = None) -> None:
    """Forget what was removed for real: all snapshots but the live one, their text and vectors.

    What was deleted since `pincite index` last ran is still live: run that first. Every file that
    is kept is searched for what is forgotten. Exit code 1: something was found.
    """
    target = Store(load_settings(store=store).store)
    _tell_what_stays(target)
    with progress_bar() as progress:
        done = purge(target, progress)
    out = console(stderr=True)
    for source in done.documents[:_LISTED]:
        out.print(f"- {one_line(source)}", soft_wrap=True)
    if len(done.documents) > _LISTED:
        out.print(f"- … and {len(done.documents) - _LISTED} more")
    searched = (
        f"{done.files} files that are kept, {done.bytes / 2**20:.1f} MiB, searched for "
        f"{done.sentences} removed sentences and {done.vectors} vectors"
    )
    if done.found:
        for file, what in done.found[:_LISTED]:
            out.print(f"! {one_line(file)}: {one_line(what)}", soft_wrap=True)
        raise PinciteError(
            f"{searched}: {len(done.found)} found. Remove what holds them, and retry."
        )
    out.print(f"{searched}: none found.", soft_wrap=True)
    if done.feedback:
        out.print(f"Feedback that quoted what was removed is forgotten, too: {done.feedback}.")


def _tell_what_stays(store: Store) -> None:
    """Say what a person may think is forgotten, and is not; and the other way round."""
    live = store.live_manifest()
    for newer in newer_than_live(store):
        note(f"! {newer} is newer and goes: after a rollback, {live.id} is the live snapshot.")
    try:
        changes = plan(store, []) if live.sources else None
    except SourceError as error:
        note(f"! What is live was not compared with the sources: {error}")
        return
    if not changes:
        return
    stay = [f"{source} was deleted" for source in changes.removed]
    stay += [f"{source} was changed" for source in changes.changed]
    for line in stay[:_LISTED]:
        note(f"! {line}, and what was indexed of it is live and stays")
    if len(stay) > _LISTED:
        note(f"! … and {len(stay) - _LISTED} more")
    if stay:
        note("! To forget that, too: `pincite index`, then `pincite purge` again.")
