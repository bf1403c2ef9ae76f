"""Following the SOURCEs: something is done soon after a file changed, once for many changes."""

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from index.sources import is_store

QUIET_MS = 1000
"""How long nothing more must change: an editor writes a file in several steps."""
LONGEST_MS = 10_000
"""How long to wait at most while files keep changing."""


def watch_sources(
    sources: Sequence[Path],
    store: Path,
    changed: Callable[[], None],
    stop: threading.Event,
    *,
    quiet_ms: int = QUIET_MS,
    at_start: bool = False,
) -> None:
    """Call `changed` after files in `sources` did, until `stop` is set. What it does is waited for.

    Changes in `store`, and in any other store, do not count; a SOURCE that is not there for the
    moment is looked for again. Where all of `sources` are files, only their folders are watched,
    not those below. With `at_start`, `changed` is called once when watching has begun, for what
    happened just before.
    """
    from watchfiles import watch

    own = store.resolve()

    def counts(_: object, name: str) -> bool:
        path = Path(name)
        return any(_concerns(path, source) for source in sources) and not any(
            is_store(folder, own) for folder in path.parents
        )

    while not stop.is_set():
        folders = sorted({_folder_of(source) for source in sources if source.exists()})
        if not folders:
            stop.wait(1)
            continue
        for changes in watch(
            *folders,
            recursive=any(source.is_dir() for source in sources),
            watch_filter=counts,
            debounce=LONGEST_MS,
            step=quiet_ms,
            stop_event=stop,
            rust_timeout=500,
            yield_on_timeout=True,
        ):
            if changes or at_start:
                at_start = False
                changed()
            if not all(folder.is_dir() for folder in folders):
                break
        stop.wait(1)


def _folder_of(source: Path) -> Path:
    return source if source.is_dir() else source.parent


def _concerns(path: Path, source: Path) -> bool:
    return path == source or os.fspath(path).startswith(f"{source}{os.sep}")
