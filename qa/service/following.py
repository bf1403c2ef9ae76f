"""Following the SOURCEs while the service runs, whichever these are by now."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from index.sources.watching import watch_sources
from index.store.manifest import Manifest

_log = logging.getLogger("pincite")


class Follower:
    """Calls `changed` soon after files in the SOURCEs of a manifest did, and once at the start."""

    def __init__(self, store: Path, changed: Callable[[], None]) -> None:
        self._store = store
        self._changed = changed
        self._followed: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, manifest: Manifest) -> None:
        """Watch the SOURCEs of `manifest` from now on, in place of others."""
        wanted = manifest.sources, manifest.ignore
        if wanted == self._followed:
            return
        self.stop()
        self._followed = wanted
        self._stop = threading.Event()
        arguments = [Path(source) for source in manifest.sources], manifest.ignore, self._stop
        self._thread = threading.Thread(
            target=self._watch, args=arguments, name="watch", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        self._thread = self._followed = None

    def _watch(self, sources: list[Path], ignore: tuple[str, ...], stop: threading.Event) -> None:
        try:
            watch_sources(sources, self._store, self._changed, stop, ignore=ignore, at_start=True)
        except Exception:  # noqa: BLE001 (the service answers on, and says that it follows no more)
            _log.exception("The sources are not watched any more: restart the service")
