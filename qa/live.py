"""An engine that follows the store: when a new snapshot goes live, the next question uses it."""

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from index.encoding import Backend
from index.errors import PinciteError
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.store.store_folder import LIVE
from qa.engine import Engine

_RETRY_SECONDS = 2.0
"""How long a live snapshot that could not be opened is let alone."""
_SETTLED_S = 2.0
"""For so long after a change another one could look the same to who does not read the file."""


class LiveEngine:
    """Holds the current engine; swaps it whole. Safe to share between threads."""

    def __init__(
        self,
        store: Path,
        *,
        model: str | None = None,
        reader: str | None = None,
        backend: Backend = "auto",
        threshold: float | None = None,
        without: Iterable[str] = (),
    ) -> None:
        self._store = Store(store)
        self._open = partial(
            Engine.open,
            store,
            model=model,
            reader=reader,
            backend=backend,
            threshold=threshold,
            without=tuple(without),
        )
        self._pointer = _Pointer(self._store)
        self._swapping = threading.Lock()
        self._engine = self._open()
        self._engine.snapshot.dense.warm()
        self._broken_id: str | None = None
        self._retry_at = 0.0

    @property
    def latest(self) -> Engine:
        """The engine of the last question, at once: the store is not looked at."""
        return self._engine

    @property
    def published_at(self) -> float:
        """When the snapshot of `latest` was made, in seconds since 1970; 0 if that is forgotten."""
        try:
            return self._store.published_at(self._engine.snapshot.id)
        except PinciteError:
            return 0.0

    def current(self) -> Engine:
        """Return the engine of the live snapshot; where that cannot be opened, the last one."""
        engine = self._engine
        try:
            live = self._pointer.snapshot()
        except PinciteError:
            return engine
        if live == engine.snapshot.id:
            return engine
        if live == self._broken_id and time.monotonic() < self._retry_at:
            return engine
        if not self._swapping.acquire(blocking=False):
            return engine  # another thread is at it; this question need not wait
        try:
            self._engine = self._successor(engine)
        except PinciteError:
            self._broken_id = live
            self._retry_at = time.monotonic() + _RETRY_SECONDS
        finally:
            self._swapping.release()
        return self._engine

    def catch_up(self) -> Engine:
        """Return the engine of the live snapshot, however long it takes to open it.

        Raises PinciteError if it cannot be opened.
        """
        with self._swapping:
            if self._store.live_id() != self._engine.snapshot.id:
                self._engine = self._successor(self._engine)
            return self._engine

    def _successor(self, engine: Engine) -> Engine:
        """Open the live snapshot, with the loaded model if it is still the right one."""
        snapshot = open_snapshot(self._store, known=engine.snapshot)
        snapshot.dense.warm()
        if snapshot.manifest.model_fingerprint == engine.model.fingerprint:
            return replace(engine, snapshot=snapshot)
        return self._open()


class _Pointer:
    """Tells which snapshot is live, reading again only what may have changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._file = store.folder / LIVE
        self._read: tuple[_Stamp, str] | None = None

    def snapshot(self) -> str:
        """Return the id of the live snapshot. Raises as `Store.live_id` does."""
        stamp = self._stamp()
        if self._read and self._read[0] == stamp:
            return self._read[1]
        live = self._store.live_id()
        # A file that is this new may be replaced by another of the same time and place.
        settled = stamp and time.time() - stamp.changed_ns / 1e9 > _SETTLED_S
        self._read = (stamp, live) if stamp and settled else None
        return live

    def _stamp(self) -> "_Stamp | None":
        try:
            found = self._file.stat()
        except OSError:
            return None
        return _Stamp(found.st_ino, found.st_size, found.st_mtime_ns)


class _Stamp(NamedTuple):
    """Differs where a file is another one: it is never changed, but replaced."""

    inode: int
    size: int
    changed_ns: int
