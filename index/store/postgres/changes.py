"""Hearing of changes to the stores on a server: by notification, or from a replica by looking."""

import logging
import threading
import weakref
from collections.abc import Collection
from typing import Any, Protocol

import psycopg
from psycopg import sql

from index.errors import StoreAwayError, StoreError, StoreMissingError
from index.store.postgres.connection import LOOK_S, Connection, reason_of
from index.store.postgres.connections import Pool

_SEEN = "SELECT changes, pg_postmaster_start_time() AS start FROM state"
_SCHEMAS = "SELECT nspname, oid FROM pg_namespace WHERE nspname ~ '^pincite(_|$)'"
_REPLAYED = "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()::text"

_PAUSE_S = 0.05
_log = logging.getLogger("pincite")


class Watched(Protocol):
    """A store on the server."""

    @property
    def channel(self) -> str:
        """Where it tells of changes."""

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query. Raises StoreError."""

    def tidy(self) -> None:
        """Keep its locks in order."""


class Watch:
    """Watches a server for all stores of this process, in one thread and by one connection.

    It looks for the server while that is away.
    """

    def __init__(self, pool: Pool, shown: str) -> None:
        self._pool, self._shown = pool, shown
        self._ended = threading.Event()
        self._seen: weakref.WeakKeyDictionary[Watched, object] = weakref.WeakKeyDictionary()
        self._schemas: dict[str, int] | None = None
        self._wants_schemas = False
        self._failure = ""
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()

    def seen(self, store: Watched) -> object:
        """Return a value that changes when a store does; it takes no time to speak of.

        Raises OperationalError while the server is away.
        """
        if self._failure:
            raise psycopg.OperationalError(self._failure)
        with self._turn:
            is_new = store not in self._seen
        if is_new:
            self.look(store)
        self.begin()
        return self._seen.get(store)

    def begin(self) -> None:
        """Watch from now on, be it only whether the server is there."""
        with self._turn:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="changes", daemon=True)
                self._thread.start()

    def look(self, store: Watched) -> None:
        """See a store now; None where it is no more. Raises StoreError."""
        try:
            seen = tuple(store.rows(_SEEN)[0].values())
        except StoreMissingError:
            self._set(store, None)
            raise
        self._set(store, seen)

    def leave(self, store: Watched) -> None:
        """Watch a store no more."""
        with self._turn:
            self._seen.pop(store, None)

    def schemas(self) -> dict[str, int] | None:
        """Return the collections' schemas with their object ids, as they were a moment ago.

        While the server is away they are those that it had; None where nobody watches.
        """
        self._wants_schemas = True
        return self._schemas

    def stop(self) -> None:
        """End soon."""
        self._ended.set()

    def _run(self) -> None:
        self._pool.is_looked_for = True
        while not self._ended.is_set():
            connection = self._reached()
            if connection is None:
                self._ended.wait(LOOK_S)
                continue
            try:
                with connection:
                    self._follow(connection)
            except (psycopg.Error, StoreAwayError):
                pass
            except Exception:  # noqa: BLE001 (nobody else looks)
                _log.exception("%s cannot be watched", self._shown)
            self._pool.lose()  # it is gone, or it is no longer what it was
            self._ended.wait(_PAUSE_S)

    def _reached(self) -> Connection | None:
        """Return a connection; None, after telling so, while the server is away."""
        try:
            self._pool.reach(looking=True)
            connection = self._pool.connect()
        except psycopg.Error as error:
            if not self._failure:
                reason = reason_of(error)
                _log.warning("%s cannot be reached, and is looked for: %s", self._shown, reason)
            self._failure = str(error)
            return None
        if self._failure:
            _log.warning("%s is reached again", self._shown)
        self._failure = ""
        return connection

    def _follow(self, connection: Connection) -> None:
        """See changes until the connection is lost, or the server is a replica no more."""
        known: weakref.WeakSet[Watched] = weakref.WeakSet()
        is_replica, replayed = _replayed(connection)
        changed: Collection[str] = ()
        while not self._ended.is_set():
            self._pool.reach(looking=True)
            self._look(connection, known, changed, listens=not is_replica)
            if not is_replica:
                told = connection.notifies(timeout=LOOK_S, stop_after=1)
                changed = {notify.channel for notify in told}
                continue
            self._ended.wait(LOOK_S)
            before = replayed
            is_replica, replayed = _replayed(connection)
            if not is_replica:
                return
            changed = () if replayed == before else {each.channel for each in self._all()}

    def _look(
        self,
        connection: Connection,
        known: "weakref.WeakSet[Watched]",
        changed: Collection[str],
        *,
        listens: bool,
    ) -> None:
        for store in self._all():
            channel = store.channel
            if channel in changed:
                known.discard(store)
            if store not in known:
                if listens:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                try:
                    self.look(store)
                    known.add(store)
                except StoreAwayError:
                    raise
                except StoreMissingError:
                    known.add(store)
                except StoreError:
                    pass  # who asks it is told; here it is looked at again
            store.tidy()
        if self._wants_schemas:
            self._schemas = schemas(connection)

    def _all(self) -> list[Watched]:
        with self._turn:
            return list(self._seen)

    def _set(self, store: Watched, seen: object) -> None:
        with self._turn:
            self._seen[store] = seen


def _replayed(connection: Connection) -> tuple[bool, str]:
    """Tell whether a server is a replica, and how far it is."""
    is_replica, position = connection.execute(_REPLAYED).fetchone() or (False, "")
    return is_replica, position


def schemas(connection: Connection) -> dict[str, int]:
    """Return the names and object ids of all collections' schemas, be there a store or not."""
    return {str(name): int(number) for name, number in connection.execute(_SCHEMAS).fetchall()}
