"""Hearing of changes to the stores on a server: by notification, or from a replica by looking."""

import logging
import threading
import time
import weakref
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from index.errors import StoreError, StoreMissingError
from index.store.postgres.connection import LOOK_S, Connection

if TYPE_CHECKING:
    from index.store.postgres.database import Database
    from index.store.postgres.server import Server

_SEEN = "SELECT changes, pg_postmaster_start_time() AS start FROM state"
_SCHEMAS = "SELECT nspname, oid FROM pg_namespace WHERE nspname ~ '^pincite(_|$)'"
_REPLAYED = "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()::text"

_log = logging.getLogger("pincite")


class Watch:
    """Watches a server for all stores of this process, in one thread and by one connection.

    It looks for the server while that is away, and ends when nobody has the server any more.
    """

    def __init__(self, server: "weakref.ref[Server]", shown: str) -> None:
        self._server, self._shown = server, shown
        self._seen: weakref.WeakKeyDictionary[Database, object] = weakref.WeakKeyDictionary()
        self._schemas: dict[str, int] | None = None
        self._wants_schemas = False
        self._failure = ""
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()

    def seen(self, database: "Database") -> object:
        """Return a value that changes when a store does; it takes no time to speak of.

        Raises OperationalError while the server is away.
        """
        if self._failure:
            raise psycopg.OperationalError(self._failure)
        with self._turn:
            is_new = database not in self._seen
        if is_new:
            self._note(database)
        with self._turn:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="changes", daemon=True)
                self._thread.start()
            return self._seen.get(database)

    def leave(self, database: "Database") -> None:
        """Watch a store no more."""
        with self._turn:
            self._seen.pop(database, None)

    def schemas(self) -> dict[str, int] | None:
        """Return the collections' schemas with their object ids, as they were a moment ago.

        While the server is away they are those that it had; None where nobody watches.
        """
        self._wants_schemas = True
        return self._schemas

    def _run(self) -> None:
        while (server := self._server()) is not None:
            server.is_looked_for = True
            connection = self._reached(server)
            del server  # nobody else may have it any more
            if connection is None:
                time.sleep(LOOK_S)
                continue
            try:
                with connection:
                    self._follow(connection)
            except (psycopg.Error, StoreError):
                pass
            except Exception:  # noqa: BLE001 (nobody else looks)
                _log.exception("%s cannot be watched", self._shown)
                time.sleep(LOOK_S)
            if server := self._server():
                server.lose()  # it is gone, or it is no longer what it was

    def _reached(self, server: "Server") -> Connection | None:
        """Return a connection; None, after telling so, while the server is away."""
        try:
            server.reach(looking=True)
            connection = server.connect()
        except psycopg.Error as error:
            if not self._failure:
                said = " ".join(str(error).split()).rstrip(".")
                _log.warning("%s cannot be reached, and is looked for: %s", self._shown, said)
            self._failure = str(error)
            return None
        if self._failure:
            _log.warning("%s is reached again", self._shown)
        self._failure = ""
        return connection

    def _follow(self, connection: Connection) -> None:
        """See changes until the connection is lost, or the server is a replica no more."""
        known: weakref.WeakSet[Database] = weakref.WeakSet()
        is_replica, replayed = _replayed(connection)
        changed: Collection[str] = ()
        while (server := self._server()) is not None:
            server.reach(looking=True)
            del server
            self._look(connection, known, changed, listens=not is_replica)
            if not is_replica:
                told = connection.notifies(timeout=LOOK_S, stop_after=1)
                changed = {notify.channel for notify in told}
                continue
            time.sleep(LOOK_S)
            before = replayed
            is_replica, replayed = _replayed(connection)
            if not is_replica:
                return
            changed = () if replayed == before else {each.address.schema for each in self._all()}

    def _look(
        self,
        connection: Connection,
        known: "weakref.WeakSet[Database]",
        changed: Collection[str],
        *,
        listens: bool,
    ) -> None:
        for database in self._all():
            schema = database.address.schema
            if listens and database not in known:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(schema)))
            if schema in changed or database not in known:
                known.add(database)
                with suppress(StoreMissingError):
                    self._note(database)
            database.locks.tidy()
        if self._wants_schemas:
            self._schemas = schemas(connection)

    def _all(self) -> list["Database"]:
        with self._turn:
            return list(self._seen)

    def _note(self, database: "Database") -> None:
        """See a store; None where it is no more."""
        missing: StoreMissingError | None = None
        seen: object = None
        try:
            seen = tuple(database.rows(_SEEN)[0].values())
        except StoreMissingError as error:
            missing = error
        with self._turn:
            self._seen[database] = seen
        if missing:
            raise missing


def _replayed(connection: Connection) -> tuple[bool, str]:
    """Tell whether a server is a replica, and how far it is."""
    is_replica, position = connection.execute(_REPLAYED).fetchone() or (False, "")
    return is_replica, position


def schemas(connection: Connection) -> dict[str, int]:
    """Return the names and object ids of all collections' schemas, be there a store or not."""
    return {str(name): int(number) for name, number in connection.execute(_SCHEMAS).fetchall()}
