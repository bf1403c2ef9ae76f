"""An engine that follows the store: when a new snapshot goes live, the next question uses it."""

import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from index.errors import PinciteError
from index.store.snapshot import open_snapshot
from index.store.store import Store
from qa.engine import Engine

_RETRY_SECONDS = 2.0
"""How long a live snapshot that could not be opened is let alone."""


class LiveEngine:
    """Holds the current engine; swaps it whole. Safe to share between threads.

    `options` are those of `Engine.open`.
    """

    def __init__(self, store: Path, **options: Any) -> None:
        self._store = Store(store)
        self._open = partial(Engine.open, store, **options)
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
            live = self._store.live_id()
        except PinciteError:
            return engine
        is_broken = live == self._broken_id and time.monotonic() < self._retry_at
        if live == engine.snapshot.id or is_broken:
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
