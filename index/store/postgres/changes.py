"""Hearing of changes to a store: by notification, or from a replica by looking."""

import threading
import weakref
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from index.errors import StoreError

if TYPE_CHECKING:
    from index.store.postgres.database import Connection, Database

CONNECT_S = 5
"""How long to wait for a server that does not answer."""
LOOK_S = 0.25
"""How often a replica, which cannot notify, is asked for changes; and a lock that another has."""


class Changes:
    """Hears, in a thread of its own, when a store changes: by notification, or from a replica."""

    def __init__(self, database: "Database") -> None:
        self._database = weakref.ref(database)  # the thread keeps no store alive
        self._seen: object = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._starting = threading.Lock()

    def seen(self) -> object:
        """Return a value that changes when the store does; it takes no time to speak of."""
        with self._starting:
            if self._thread is None:
                self._ended = threading.Event()
                self._seen = _look(self._open)
                run = partial(self._run, self._ended)
                self._thread = threading.Thread(target=run, name="changes", daemon=True)
                self._thread.start()
        return self._seen

    def stop(self) -> None:
        """End the thread, the next question for what was seen begins another."""
        with self._starting:
            self._ended.set()
            self._thread = None

    @property
    def _open(self) -> "Database":
        database = self._database()
        if database is None:
            raise _GoneError
        return database

    def _run(self, ended: threading.Event) -> None:
        with suppress(_GoneError):
            while not ended.is_set():
                with suppress(StoreError, psycopg.Error), _listening(self._open) as connection:
                    while not ended.is_set():
                        self._seen = _look(self._open)
                        self._open.holds.tidy()
                        for _ in connection.notifies(timeout=LOOK_S, stop_after=1):
                            pass
                ended.wait(LOOK_S)


class _GoneError(Exception):
    """Nobody has the store any more."""


def _look(database: "Database") -> object:
    rows = database.rows("SELECT changes, pg_postmaster_start_time() AS start FROM state")
    return tuple(rows[0].values()) if rows else None


def _listening(database: "Database") -> "Connection":
    """Return a connection that is told of changes, unless it is one to a replica."""
    connection = psycopg.connect(database.read_url, autocommit=True, connect_timeout=CONNECT_S)
    if not (connection.execute("SELECT pg_is_in_recovery()").fetchone() or (True,))[0]:
        connection.execute(sql.SQL("LISTEN {}").format(database.schema))
    return connection
