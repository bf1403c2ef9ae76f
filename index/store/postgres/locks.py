"""What this process holds of a server's stores: advisory locks, all by one connection."""

import threading
import time
from collections import Counter, deque

import psycopg
from psycopg import errors, sql

from index.store.postgres.connection import Connection
from index.store.postgres.connections import Pool

_PATIENCE = "SET lock_timeout = '250ms'"
"""One waits while nobody else waits for the connection."""
_IS_KEPT = "SELECT EXISTS (SELECT 1 FROM {}.snapshots WHERE number = %s)"
_TRIES = 2
_FORGETTING_S, _STEP_S = 5.0, 0.05
_LOOK_AT_ALL_S = 1.0


class Locks:
    """Locks of this process. The server lets go of them when the process or its machine is gone.

    All errors are psycopg's own.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: Connection | None = None
        self._owners: dict[int, object] = {}
        self._shared: Counter[tuple[int, int]] = Counter()
        self._locked: set[tuple[int, int]] = set()  # of these, by this connection
        self._let_go: deque[tuple[int, int]] = deque()
        self._look_at = 0.0
        self._turn = threading.Lock()

    def owns(self, key: int, owner: object) -> bool:
        """Tell whether one of this process got a lock, and did not lose it as far as is known."""
        return self._owners.get(key) is owner

    def take(self, key: int, owner: object) -> bool:
        """Try to get a lock for one `owner` of this process; tell whether it has it now."""
        with self._turn:
            connection = self._connected()
            try:
                if key in self._owners:
                    connection.execute("SELECT 1")  # else it would be lost
                elif _is_true(connection, "SELECT pg_try_advisory_lock(%s)", key):
                    self._owners[key] = owner
            except psycopg.Error:
                self._lose()
                raise
            return self._owners.get(key) is owner

    def give(self, key: int, owner: object) -> None:
        """Let another have a lock, if the owner has it; who has none does not wait."""
        if not self.owns(key, owner):
            return
        with self._turn:
            if self._connection and self._owners.get(key) is owner:
                del self._owners[key]
                try:
                    self._connection.execute("SELECT pg_advisory_unlock(%s)", [key])
                except psycopg.Error:
                    self._lose()

    def share(self, schema: str, number: int, key: tuple[int, int]) -> bool:
        """Keep a snapshot from being forgotten; tell whether it is still there.

        While it is being forgotten, one waits for what comes of that, some seconds at most. Where
        there is no server to write to, nothing can be forgotten.
        """
        with self._turn:
            self._shared[key] += 1
        until = time.monotonic() + _FORGETTING_S
        while (is_there := self._is_there(schema, number, key)) is None:
            if time.monotonic() >= until:
                return False
            time.sleep(_STEP_S)  # while others lock what they need
        return is_there

    def unshare(self, key: tuple[int, int]) -> None:
        """Let a snapshot be forgotten, soon. Safe to call while objects are being deleted."""
        self._let_go.append(key)  # no more: the garbage collector may have called

    def tidy(self) -> None:
        """Do what `unshare` asked for; lock again what is held where the connection was lost."""
        is_due = self._let_go or (self._shared and time.monotonic() > self._look_at)
        if not is_due or not self._turn.acquire(blocking=False):  # the next time will do
            return
        try:
            connection = self._connected()
            connection.execute("SELECT 1")
            self._match(connection)
        except psycopg.Error:
            self._lose()
        finally:
            self._look_at = time.monotonic() + _LOOK_AT_ALL_S
            self._turn.release()

    def close(self) -> None:
        """Let go of all."""
        with self._turn:
            self._lose()
            self._shared.clear()
            self._let_go.clear()

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._lose()
            self._connection = self._pool.connect()
            self._connection.execute(_PATIENCE)
        return self._connection

    def _is_there(self, schema: str, number: int, key: tuple[int, int]) -> bool | None:
        """Tell whether a snapshot is there, and stays; None while that is not known."""
        query = sql.SQL(_IS_KEPT).format(sql.Identifier(schema))
        with self._turn:
            for _ in range(_TRIES):
                try:
                    connection = self._connected()
                    self._match(connection)
                    return _is_true(connection, query, number) if key in self._locked else None
                except errors.LockNotAvailable:
                    return None  # the table is being packed
                except psycopg.Error:
                    self._lose()
        return True

    def _match(self, connection: Connection) -> None:
        """Lock and unlock on the server what is shared and no longer shared here.

        What is just being forgotten cannot be locked; it is tried again the next time.
        """
        while self._let_go:
            self._shared -= Counter([self._let_go.popleft()])
        for key in self._locked - self._shared.keys():
            connection.execute("SELECT pg_advisory_unlock_shared(%s::int, %s::int)", key)
            self._locked.discard(key)
        for key in self._shared.keys() - self._locked:
            if _is_true(connection, "SELECT pg_try_advisory_lock_shared(%s::int, %s::int)", *key):
                self._locked.add(key)

    def _lose(self) -> None:
        self._owners.clear()
        self._locked.clear()
        if self._connection:
            self._connection.close()
        self._connection = None


class Holds:
    """The snapshots of a store that this process has open: they are not forgotten."""

    def __init__(self, locks: Locks, schema: str, lock_class: int) -> None:
        self._locks, self._schema, self._lock_class = locks, schema, lock_class

    def hold(self, snapshot: int) -> bool:
        """Keep the content of a snapshot until `release`; tell whether it is still there."""
        return self._locks.share(self._schema, snapshot, self._key(snapshot))

    def release(self, snapshot: int) -> None:
        """Let a snapshot be forgotten, soon. Safe to call while objects are being deleted."""
        self._locks.unshare(self._key(snapshot))

    def _key(self, snapshot: int) -> tuple[int, int]:
        return self._lock_class, snapshot & 0x7FFFFFFF


def _is_true(connection: Connection, query: str | sql.Composed, *values: int) -> bool:
    return bool((connection.execute(query, values).fetchone() or (False,))[0])
