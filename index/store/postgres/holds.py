"""Which snapshots this process has open: their content stays, be they forgotten meanwhile."""

import threading
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg

from index.errors import StoreError

if TYPE_CHECKING:
    from index.store.postgres.database import Connection, Database


class Holds:
    """Shared advisory locks on the snapshots that this process has open, by one connection."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._held: Counter[int] = Counter()
        self._released: deque[int] = deque()
        self._connection: Connection | None = None
        self._turn = threading.Lock()

    def hold(self, snapshot: int) -> None:
        """Keep the content of a snapshot from being forgotten, until `release`."""
        with self._turn:
            self._held[snapshot] += 1
            self._lock([snapshot])
            self._unlock()

    def release(self, snapshot: int) -> None:
        """Let a snapshot be forgotten, soon. Safe to call while objects are being deleted."""
        self._released.append(snapshot)  # no more: the garbage collector may have called

    def tidy(self) -> None:
        """Unlock what was released; lock again what is held where the connection was lost."""
        with self._turn:
            if self._released or (self._held and self._connection is None):
                self._lock([])
                self._unlock()

    def close(self) -> None:
        """Let go of all."""
        with self._turn:
            self._held.clear()
            self._released.clear()
            if self._connection:
                self._connection.close()
            self._connection = None

    def _lock(self, snapshots: Sequence[int]) -> None:
        """Lock snapshots; where there is no server to write to, nothing can be forgotten."""
        with suppress(StoreError), self._database.errors_explained():
            try:
                if self._connection is None:
                    self._connection = self._database.connect(self._database.address.url)
                    snapshots = list(self._held.elements())
                for snapshot in snapshots:
                    self._call("pg_advisory_lock_shared", snapshot)
            except psycopg.Error:
                self._connection = None
                raise

    def _unlock(self) -> None:
        while self._released:
            snapshot = self._released.popleft()
            self._held -= Counter([snapshot])
            if self._connection is not None:
                with suppress(psycopg.Error):
                    self._call("pg_advisory_unlock_shared", snapshot)

    def _call(self, function: str, snapshot: int) -> None:
        if self._connection is not None:
            values = [self._database.class_key, snapshot & 0x7FFFFFFF]
            self._connection.execute(f"SELECT {function}(%s::integer, %s::integer)", values)
