"""A store's schema on a server: reading, writing, and errors that say what to do."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import Any, TypeVar

import psycopg
from psycopg import errors, sql
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from index.errors import StoreAwayError, StoreBusyError, StoreError, StoreMissingError
from index.store.postgres import migration
from index.store.postgres.address import ServerAddress
from index.store.postgres.changes import schemas
from index.store.postgres.connection import CONNECT_S, LOOK_S, Connection
from index.store.postgres.explained import errors_explained, missing
from index.store.postgres.locks import Holds
from index.store.postgres.server import Server

Row = dict[str, Any]
Result = TypeVar("Result")

_TRIES = 3
_CATCH_UP_S, _STEP_S = 10.0, 0.02
_END_WITH_US = "SET client_connection_check_interval = '2s'"
"""A long statement of a process that was killed must not hold the store."""
_WRITTEN = "SELECT pg_current_wal_lsn()::text"
_REPLAYED = """
SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= %s::pg_lsn AS "all"
"""
_SIZE = """
SELECT coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::bigint
FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid
WHERE nspname = %s AND relkind = 'r'
"""


class Database:
    """A store's schema on a server. Threads may share it."""

    def __init__(self, address: ServerAddress, *, may_be_made: bool = True) -> None:
        self.address = address
        self.schema = sql.Identifier(address.schema)
        self._may_be_made = may_be_made
        self._opened: tuple[Server, Server] | None = None
        self._checked = False
        self._opening = threading.Lock()
        self._writer: Connection | None = None
        self._writing_thread: int | None = None

    def close(self) -> None:
        """Let go of what is held here; the next use opens it again."""
        with self._opening:
            opened, self._opened, self._checked = self._opened, None, False
        if opened:
            written, read = opened
            read.watch.leave(self)
            written.locks.give(self.lock_key("jobs"), self)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection to read with. Raises StoreMissingError if there is no store."""
        if self._writer and self._writing_thread == threading.get_ident():
            with self.errors_explained():
                yield self._writer  # sees what it has written itself
            return
        with self._reading_explained(), self._read.pool.lend(self.address.schema) as connection:
            self._check(connection)
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection for changes that are made all or none, and are on the disk then.

        Who holds the store for writing changes it by the connection that holds it: where that is
        lost, another may hold it, and nothing more is changed.
        """
        if self._writer and self._writing_thread == threading.get_ident():
            with self.errors_explained(), self._writer.transaction():
                yield self._writer
            return
        self.make()
        with (
            self.errors_explained(),
            self._written.pool.lend(self.address.schema) as connection,
            connection.transaction(),
        ):
            yield connection
            self.tell(connection)

    @contextmanager
    def writing(self, wait_s: float) -> Iterator[None]:
        """Hold the store for writing. The thread that holds it may do so once more.

        Raises StoreBusyError if another process holds it for `wait_s` seconds.
        """
        if self._writer and self._writing_thread == threading.get_ident():
            yield
            return
        self.make()
        with self.errors_explained(), self._written.pool.connect(self.address.schema) as connection:
            with suppress(psycopg.Error):  # not all systems can tell
                connection.execute(_END_WITH_US)
            self._lock(connection, wait_s)
            self._writer, self._writing_thread = connection, threading.get_ident()
            try:
                yield
            finally:
                self._writer = self._writing_thread = None

    def tell(self, connection: Connection) -> None:
        """Tell all who use the store that something changed, when the transaction ends."""
        connection.execute("UPDATE state SET changes = changes + 1")
        connection.execute("SELECT pg_notify(%s, '')", [self.channel])

    def rows(self, query: str, values: Sequence[Any] | Row = ()) -> list[Row]:
        """Return the rows of a query; once more by another connection if the first is lost."""

        def read() -> list[Row]:
            with self.reading() as connection, connection.cursor(row_factory=dict_row) as cursor:
                try:
                    return cursor.execute(query, values, binary=True).fetchall()
                except errors.UndefinedTable:
                    if connection.info.transaction_status == TransactionStatus.IDLE:
                        migration.check(connection, self.address)  # tells where all is gone
                    raise

        return self._tried(read)

    def change_silently(self, query: str, values: Row) -> list[Row]:
        """Make a change that nobody is told of, in one round trip; return the statement's rows."""
        with (
            self.errors_explained(),
            self._written.pool.lend(self.address.schema) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            rows: list[Row] = cursor.execute(query, values).fetchall()
            return rows

    def make(self) -> None:
        """Make the schema, or bring it up to date.

        Raises StoreMissingError if there is none and it may not be made.
        """

        def make() -> None:
            with (
                self.errors_explained(),
                self._written.pool.lend(self.address.schema) as connection,
            ):
                version = migration.version(connection, self.address)
                if version is None and not self._may_be_made:
                    raise self.missing()
                if version is None or version < migration.newest():
                    migration.migrate(connection, self.address, self.lock_key("schema"))
                    self._written.pool.configure_anew()
                self._check(connection)

        self._tried(make)

    def migrate(self) -> None:
        """Bring the schema up to date if there is one."""

        def version() -> int | None:
            with self.errors_explained(), self._read.pool.lend(self.address.schema) as connection:
                return migration.version(connection, self.address)

        found = self._tried(version)
        if found is not None and found < migration.newest():
            self.make()

    def catch_up(self) -> None:
        """See all that was written: a replica is waited for, for some seconds at most.

        Where there is no server to write to, it has all.
        """
        if self._read is not self._written:
            with suppress(StoreError), self.errors_explained():
                with self._written.pool.lend(self.address.schema) as connection:
                    (written,) = connection.execute(_WRITTEN).fetchone() or ("0/0",)
                until = time.monotonic() + _CATCH_UP_S
                while not self.rows(_REPLAYED, [written])[0]["all"] and time.monotonic() < until:
                    time.sleep(_STEP_S)
        self._read.watch.look(self)

    def seen(self) -> object:
        """Return a value that changes when the store does; it takes no time to speak of.

        Raises StoreAwayError while the server is away.
        """
        written, read = self._servers()
        if written is not read:
            written.watch.begin()  # who writes need not wait for a server that is away
        with self.errors_explained():
            return read.watch.seen(self)

    @property
    def channel(self) -> str:
        """Where it is told that the store changed."""
        return self.address.schema

    def tidy(self) -> None:
        """Let go on the server of what is held no longer, and hold the rest for sure."""
        self._written.locks.tidy()

    @property
    def holds(self) -> Holds:
        """The snapshots that this process has open."""
        return Holds(self._written.locks, self.address.schema, self.class_key)

    @property
    def class_key(self) -> int:
        """The class of the advisory locks that tell which snapshots are open."""
        return self.lock_key("open") >> 32

    def lock(self, purpose: str) -> bool:
        """Tell whether this store has a lock, after trying to get it: it may have lost it."""
        key = self.lock_key(purpose)
        if not self._written.locks.owns(key, self):
            self.make()
        with self.errors_explained():
            return self._written.locks.take(key, self)

    def unlock(self, purpose: str) -> None:
        """Let another process have a lock."""
        self._written.locks.give(self.lock_key(purpose), self)

    def tables(self) -> list[str]:
        """Return the names of the store's tables."""
        rows = self.rows(
            "SELECT format('%%I.%%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname = %s ORDER BY tablename",
            [self.address.schema],
        )
        return [row["name"] for row in rows]

    def schemas(self) -> dict[str, int]:
        """Return the names and object ids of all collections' schemas, be there a store or not."""

        def read() -> dict[str, int]:
            with self.errors_explained(), self._read.pool.lend("") as connection:
                return schemas(connection)

        return self._tried(read)

    def schemas_seen(self) -> dict[str, int]:
        """Return `schemas` as they were a moment ago; no time to speak of where that is known."""
        seen = self._read.watch.schemas()
        return self.schemas() if seen is None else seen

    def total_bytes(self) -> int:
        """Return how much disk the tables and indexes take, be they of another Pincite."""

        def read() -> int:
            with self.errors_explained(), self._read.pool.lend("") as connection:
                found = connection.execute(_SIZE, [self.address.schema]).fetchone()
                return int(found[0]) if found else 0

        return self._tried(read)

    def lock_key(self, purpose: str) -> int:
        """Return the number of an advisory lock of this store."""
        name = f"pincite/{self.address.schema}/{purpose}".encode()
        return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), signed=True)

    def missing(self) -> StoreMissingError:
        """Return the error that there is no store."""
        return missing(self.address)

    def errors_explained(self) -> AbstractContextManager[None]:
        """Turn errors of server and connection into a StoreError that says what to do."""
        return errors_explained(self.address)

    def _reading_explained(self) -> AbstractContextManager[None]:
        if not self.address.read_from:
            return errors_explained(self.address)
        return errors_explained(replace(self.address, url=self.address.read_from), "--read-from")

    def _servers(self) -> tuple[Server, Server]:
        """Return who is written, and who answers questions."""
        with self._opening:
            if self._opened is None:
                url = self.address.url
                self._opened = Server.at(url), Server.at(self.address.read_from or url)
            return self._opened

    @property
    def _written(self) -> Server:
        return self._servers()[0]

    @property
    def _read(self) -> Server:
        return self._servers()[1]

    def _tried(self, work: Callable[[], Result]) -> Result:
        """Return what comes of work that may be done again, by other connections.

        Who waited for one in vain does not wait again.
        """
        for _ in range(_TRIES - 1):
            began = time.monotonic()
            try:
                return work()
            except StoreAwayError:
                if time.monotonic() - began >= CONNECT_S:
                    raise
        return work()

    def _check(self, connection: Connection) -> None:
        if not self._checked:
            migration.check(connection, self.address)
            self._checked = True

    def _lock(self, connection: Connection, wait_s: float) -> None:
        until = time.monotonic() + wait_s
        query, values = "SELECT pg_try_advisory_lock(%s)", [self.lock_key("writing")]
        while not (connection.execute(query, values).fetchone() or (False,))[0]:
            if time.monotonic() >= until:
                raise StoreBusyError(
                    f"Another process is writing the store {self.address}; wait until it is done "
                    "and try again."
                )
            time.sleep(min(LOOK_S, wait_s))
