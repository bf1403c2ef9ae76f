"""An engine that follows the store: when a new snapshot goes live, the next question uses it."""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from index.errors import PinciteError
from index.store import open_store
from index.store.location import Location
from qa.engine import Engine

_RETRY_SECONDS = 2.0
"""How long to wait before opening again a live snapshot that could not be opened."""
_RENEW_SECONDS = 0.5
"""How long to wait before opening once more the snapshot that is open."""
_MOST_RENEWALS = 3


class LiveEngine:
    """Holds the current engine of a `store`, opened with `options`; swaps it whole. Thread-safe.

    The models of the engines `beside` it are shared where the snapshot was made with one of them.
    """

    def __init__(self, store: Location, *, beside: Iterable[Engine] = (), **options: Any) -> None:
        self.store = open_store(store)
        self._open = partial(Engine.open, store, **options)
        self._swapping = threading.Lock()
        self._version: object = None
        self._engine = self._first(list(beside))
        self._engine.snapshot.warm()
        self._broken_id: str | None = None
        self._retry_at = 0.0

    @property
    def latest(self) -> Engine:
        """The engine of the last question, without a look at the store."""
        return self._engine

    @property
    def published_at(self) -> float:
        """When the snapshot of `latest` went live, in seconds since 1970."""
        return self._engine.snapshot.info.published

    def current(self) -> Engine:
        """Return the engine of the live snapshot, or the last one where that cannot be opened.

        The same snapshot is opened once more when something else was written: who has it open from
        before keeps what was purged since.
        """
        engine = self._engine
        try:
            version = self.store.version()
            if version == self._version:
                return engine
            live = self.store.live_id()
        except PinciteError:
            return engine
        if live in (engine.snapshot.id, self._broken_id) and time.monotonic() < self._retry_at:
            return engine
        if not self._swapping.acquire(blocking=False):
            return engine  # another thread opens it; this question need not wait
        try:
            self._engine = self._successor(self._engine)
            self._version = version
            self._retry_at = time.monotonic() + _RENEW_SECONDS
        except PinciteError:
            self._broken_id = live
            self._retry_at = time.monotonic() + _RETRY_SECONDS
        finally:
            self._swapping.release()
        return self._engine

    def follow(self) -> None:
        """Look at the store again and again, for good, so that nothing purged is kept open."""
        while True:
            time.sleep(_RENEW_SECONDS)
            self.current()

    def catch_up(self) -> Engine:
        """Wait for the engine of the live snapshot. Raises PinciteError if it cannot be opened.

        It is opened once more where anything was written since, at most three times: opening may
        itself bring what was written to its place.
        """
        self.store.catch_up()
        with self._swapping:
            for _ in range(_MOST_RENEWALS):
                version = self.store.version()
                if version == self._version:
                    break
                self._engine = self._successor(self._engine)
                self._version = version
            return self._engine

    def close(self) -> None:
        """Let go of the engine and of the store's files. Nobody may ask any more."""
        del self._engine
        self.store.close()

    def _first(self, beside: Sequence[Engine]) -> Engine:
        """Open the live snapshot, with a model that is loaded already if it is the right one."""
        if beside:
            snapshot = self.store.open()
            for engine in beside:
                if engine.model.fingerprint == snapshot.info.model_fingerprint:
                    return replace(engine, snapshot=snapshot)
        return self._open()

    def _successor(self, engine: Engine) -> Engine:
        """Open the live snapshot, with the loaded model if it is still the right one."""
        snapshot = self.store.open(previous=engine.snapshot)
        if snapshot.id != engine.snapshot.id:
            snapshot.warm()
        if snapshot.info.model_fingerprint == engine.model.fingerprint:
            return replace(engine, snapshot=snapshot)
        return self._open()
