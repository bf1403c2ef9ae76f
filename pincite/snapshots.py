"""The commands about snapshots that are kept: rollback, purge."""

from typing import Annotated

import typer

from index.errors import PinciteError
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
    from index.history import roll_back
    from index.store import Store

    settings = load_settings(store=store)
    target = Store(settings.store, keep=settings.keep)
    before = target.live_id()
    manifest = roll_back(target, snapshot)
    note(
        f"Snapshot {manifest.id} is live again: {manifest.documents} documents, "
        f"{manifest.passages} passages. {before} is kept: `pincite rollback {before}` goes back."
    )
    note("The sources and uploads are as they were: the next `pincite index` follows them again.")


def purge_command(store: StoreOption = None) -> None:
    """Forget what was removed for real: old snapshots, their text and vectors.

    Every file that is kept is searched for them. Exit code 1: something was found.
    """
    from index.progress import progress_bar
    from index.purge import purge
    from index.store import Store

    target = Store(load_settings(store=store).store)
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
