"""Following the SOURCEs: one call soon after files changed."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from index.errors import SourceError
from index.sources.listing import IGNORE_FILE, Ignored, is_left_out, is_made_by_tools, is_within

_log = logging.getLogger("pincite")

QUIET_MS = 1000
"""How long nothing more must change: an editor writes a file in several steps."""
LONGEST_MS = 10_000
"""How long to wait at most while files keep changing."""


def watch_sources(
    sources: Sequence[Path],
    store: Path | None,
    changed: Callable[[], None],
    stop: threading.Event,
    *,
    ignore: Sequence[str] = (),
    quiet_ms: int = QUIET_MS,
    at_start: bool = False,
) -> None:
    """Call `changed` soon after files in `sources` changed, until `stop` is set.

    Hidden and ignored files, and those of a store or of installed packages, do not count. While a
    SOURCE is missing, which it logs once, changes in the others wait. Where the system cannot watch
    so many files, it looks at them every few seconds. With `at_start` it calls `changed` once when
    watching has begun.
    """
    from watchfiles import watch

    polling = False
    due = at_start
    reported: set[Path] = set()
    while not stop.is_set():
        identities = _identities(sources)
        missing = {source for source, folder in identities.items() if folder is None}
        for source in sorted(missing - reported):
            _log.warning("%s is not there: nothing is indexed until it is back.", source)
        reported = missing
        try:
            batches = watch(
                *sorted({_folder_of(source) for source in identities.keys() - missing}),
                recursive=any(source.is_dir() for source in sources),
                watch_filter=_filter(sources, store, ignore),
                debounce=LONGEST_MS,
                step=quiet_ms,
                stop_event=stop,
                rust_timeout=500,
                yield_on_timeout=True,
                force_polling=polling or None,
                poll_delay_ms=3000,
            )
            for changes in batches:  # an empty one twice a second
                due = due or bool(changes)
                if _identities(sources) != identities:
                    due = True
                    break
                if due and not missing:
                    due = False
                    changed()
                if any(Path(name).name == IGNORE_FILE for _, name in changes):
                    due = True
                    break
        except (OSError, RuntimeError) as error:
            if polling:
                raise
            _log.warning("Looking at the files every few seconds, for the system says: %s", error)
            polling = True
        stop.wait(1)


def _identities(sources: Sequence[Path]) -> dict[Path, tuple[int, int] | None]:
    """Return the inode of each SOURCE's folder, None for a SOURCE that is missing.

    A folder of the same name may be another one: moved away and made anew, or mounted.
    """
    identities: dict[Path, tuple[int, int] | None] = {}
    for source in sources:
        try:
            source.stat()
            folder = _folder_of(source).stat()
            identities[source] = folder.st_dev, folder.st_ino
        except OSError:
            identities[source] = None
    return identities


def _filter(
    sources: Sequence[Path], store: Path | None, ignore: Sequence[str]
) -> Callable[[object, str], bool]:
    """Return what tells whether a change counts."""
    own = store.resolve() if store else None
    ignored: dict[Path, Ignored | None] = {}
    for source in sources:
        try:
            ignored[source] = Ignored(source, ignore)
        except SourceError:  # the sync will say so
            ignored[source] = None

    def counts(_: object, name: str) -> bool:
        path = Path(name)
        concerns = any(_concerns(path, source, patterns) for source, patterns in ignored.items())
        return concerns and not any(is_left_out(folder, own) for folder in path.parents)

    return counts


def _concerns(path: Path, source: Path, patterns: Ignored | None) -> bool:
    if path == source:
        return True
    if not is_within(path, source):
        return False
    if path.name == IGNORE_FILE:
        return True
    *folders, _ = parts = path.relative_to(source).parts
    if any(part.startswith(".") for part in parts):
        return False
    if any(is_made_by_tools(source.joinpath(*folders[: n + 1])) for n in range(len(folders))):
        return False
    return patterns is None or not patterns.has(path)


def _folder_of(source: Path) -> Path:
    return source if source.is_dir() else source.parent
