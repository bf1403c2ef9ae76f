"""The connections to a server, to read and to write; errors that say what to do."""

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from pgvector.psycopg import register_vector
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from index.errors import StoreAwayError, StoreBusyError, StoreError, StoreMissingError
from index.store.collection import DEFAULT_COLLECTION
from index.store.postgres import partitions
from index.store.postgres.address import ServerAddress
from index.store.postgres.changes import CONNECT_S, LOOK_S, Changes
from index.store.postgres.holds import Holds
from index.store.postgres.schema import MIGRATIONS

Connection = psycopg.Connection[TupleRow]
Row = dict[str, Any]

_OLDEST_SERVER, _OLDEST_PGVECTOR = 14, (0, 8)
_MOST_CONNECTIONS = 8
_IDLE_S = 300.0
_LOST = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.DatabaseDropped,
    errors.ConnectionException,
)
_FULL = (errors.DiskFull, errors.OutOfMemory, errors.IoError)


class Database:
    """A store's schema on a server. Threads may share it."""

    def __init__(self, address: ServerAddress, *, may_be_made: bool = True) -> None:
        self.address = address
        self.schema = sql.Identifier(address.schema)
        self.changes = Changes(self)
        self.holds = Holds(self)
        self._may_be_made = may_be_made
        self._pools: dict[str, ConnectionPool[Connection]] = {}
        self._checked = False
        self._opening = threading.Lock()
        self._writer: Connection | None = None
        self._writing_thread: int | None = None

    def close(self) -> None:
        """Close the connections; the next use opens them again."""
        self.changes.stop()
        self.holds.close()
        with self._opening:
            pools, self._pools, self._checked = list(self._pools.values()), {}, False
        for pool in pools:
            pool.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection to read with. Raises StoreMissingError if there is no store."""
        if self._writer and self._writing_thread == threading.get_ident():
            yield self._writer  # sees what it has written itself
            return
        with self.errors_explained(), self._connection(self.read_url) as connection:
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
            self._connection(self.address.url) as connection,
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
        with self.errors_explained(), self.connect(self.address.url) as connection:
            self._lock(connection, wait_s)
            self._writer, self._writing_thread = connection, threading.get_ident()
            try:
                yield
            finally:
                self._writer = self._writing_thread = None

    def tell(self, connection: Connection) -> None:
        """Tell all who use the store that something changed, when the transaction ends."""
        connection.execute("UPDATE state SET changes = changes + 1")
        connection.execute("SELECT pg_notify(%s, '')", [self.address.schema])

    def rows(self, query: str, values: Sequence[Any] | Row = ()) -> list[Row]:
        """Return the rows of a query; once more by another connection if the first is lost."""
        try:
            return self._rows(query, values)
        except (_LostError, StoreAwayError):
            for pool in list(self._pools.values()):
                pool.check()
            return self._rows(query, values)

    def _rows(self, query: str, values: Sequence[Any] | Row) -> list[Row]:
        with self.reading() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, values, binary=True).fetchall()

    def make(self) -> None:
        """Make the schema, or bring it up to date.

        Raises StoreMissingError if there is none and it may not be made.
        """
        with self.errors_explained(), self._connection(self.address.url) as connection:
            version = self._version(connection)
            if version is None and not self._may_be_made:
                raise self.missing()
            if version is None or version < len(MIGRATIONS):
                self._migrate(connection)
            self._check(connection)

    @property
    def class_key(self) -> int:
        """The class of the advisory locks that tell which snapshots are open."""
        return self.lock_key("open") >> 32

    def locked(self, purpose: str) -> Connection | None:
        """Return a connection that holds a lock, None if another process has it."""
        self.make()
        with self.errors_explained():
            connection = self.connect(self.address.url)
            query = "SELECT pg_try_advisory_lock(%s)"
            if (connection.execute(query, [self.lock_key(purpose)]).fetchone() or (False,))[0]:
                return connection
            connection.close()
            return None

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
        with (
            self.errors_explained(),
            self._connection(self.read_url) as connection,
        ):
            found = connection.execute(
                "SELECT nspname, oid FROM pg_namespace WHERE nspname ~ '^pincite(_|$)'"
            )
            return {str(name): int(number) for name, number in found.fetchall()}

    def lock_key(self, purpose: str) -> int:
        """Return the number of an advisory lock of this store."""
        name = f"pincite/{self.address.schema}/{purpose}".encode()
        return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), signed=True)

    def missing(self) -> StoreMissingError:
        """Return the error that there is no store."""
        name = self.address.collection
        collection = "" if name == DEFAULT_COLLECTION else f" --collection {name}"
        return StoreMissingError(
            f"There is no store at {self.address}: run `pincite index SOURCE…{collection}` first, "
            "or name another with --store."
        )

    @contextmanager
    def errors_explained(self) -> Iterator[None]:
        """Turn errors of server and connection into a StoreError that says what to do."""
        try:
            with partitions.errors_explained(self.address):
                yield
        except (errors.InvalidSchemaName, errors.UndefinedTable) as error:
            raise self.missing() from error
        except errors.InsufficientPrivilege as error:
            raise StoreError(
                f"{self.address}: {_line(error)}. Grant the role what docs/postgres.md names, or "
                "use another role."
            ) from error
        except errors.ReadOnlySqlTransaction as error:
            raise StoreError(
                f"{self.address} only answers questions, as a replica does: name the primary with "
                "--store, and the replica with --read-from."
            ) from error
        except _FULL as error:
            raise StoreError(
                f"The store {self.address} cannot be written: {_line(error)}. What it held is "
                "unchanged; make room there."
            ) from error
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, *_LOST) as error:
            raise _LostError(
                f"The server of {self.address} cannot be reached: {_line(error)}. What was "
                "acknowledged is kept; start the server or check --store, and try again."
            ) from error
        except psycopg.Error as error:
            raise StoreError(f"{self.address}: {_line(error)}.") from error

    @property
    def read_url(self) -> str:
        """Who answers questions."""
        return self.address.read_from or self.address.url

    def connect(self, url: str) -> Connection:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_S)
        try:
            self._configure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connection(self, url: str) -> Any:
        """Return a context with a connection of the pool of a server."""
        with self._opening:
            if url not in self._pools:
                self.connect(url).close()  # a first failure says what is wrong
                self._pools[url] = ConnectionPool(
                    url,
                    kwargs={"autocommit": True, "connect_timeout": CONNECT_S},
                    configure=self._configure,
                    min_size=1,
                    max_size=_MOST_CONNECTIONS,
                    max_idle=_IDLE_S,
                    timeout=2 * CONNECT_S,
                    reconnect_timeout=CONNECT_S,
                    open=True,
                )
            return self._pools[url].connection()

    def _configure(self, connection: Connection) -> None:
        """Have names found in the store's schema, and vectors read as arrays."""
        found = connection.execute(
            "SELECT nspname FROM pg_extension JOIN pg_namespace ON extnamespace = "
            "pg_namespace.oid WHERE extname = 'vector'"
        ).fetchone()
        schemas = [self.schema, *([sql.Identifier(found[0])] if found else [])]
        connection.execute(sql.SQL("SET search_path = {}").format(sql.SQL(", ").join(schemas)))
        if found:
            register_vector(connection)
            connection.execute("SET hnsw.iterative_scan = relaxed_order")

    def _check(self, connection: Connection) -> None:
        """Raise StoreError if there is no store, or one that this Pincite does not read."""
        if self._checked:
            return
        version = self._version(connection)
        if version is None:
            raise self.missing()
        if version > len(MIGRATIONS):
            raise StoreError(
                f"The store at {self.address} was written by a newer Pincite, in version {version};"
                f" this one reads {len(MIGRATIONS)}: update Pincite."
            )
        if version < len(MIGRATIONS):
            raise StoreError(
                f"The store at {self.address} was written by an earlier Pincite: run `pincite "
                "index` to bring it up to date."
            )
        self._checked = True

    def _version(self, connection: Connection) -> int | None:
        """Return the version of the schema; None if there is none."""
        table = f'"{self.address.schema}".state'
        (there,) = connection.execute("SELECT to_regclass(%s)", [table]).fetchone() or (None,)
        if there is None:
            return None
        found = connection.execute("SELECT version FROM state").fetchone()
        return int(found[0]) if found else None

    def _migrate(self, connection: Connection) -> None:
        _refuse_unfit(connection, self.address)
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [self.lock_key("schema")])
            _add_extension(connection, self.address)
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(self.schema))
            self._configure(connection)
            version = self._version(connection) or 0  # another process may have been faster
            for number in range(version, len(MIGRATIONS)):
                for statement in MIGRATIONS[number]:
                    connection.execute(statement)
                connection.execute("UPDATE state SET version = %s", [number + 1])
        for pool in list(self._pools.values()):
            pool.drain()  # connections from before do not know vectors

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


class _LostError(StoreError):
    """The connection to the server was lost, or not made."""


def _refuse_unfit(connection: Connection, address: ServerAddress) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(
            f"The database of {address} has the encoding {encoding}: make one with "
            "`CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0` and name it with --store."
        )
    if connection.info.server_version < _OLDEST_SERVER * 10_000:
        version = connection.info.parameter_status("server_version")
        raise StoreError(
            f"The server of {address} is PostgreSQL {version}; Pincite needs {_OLDEST_SERVER} or "
            "newer."
        )


def _add_extension(connection: Connection, address: ServerAddress) -> None:
    oldest = ".".join(map(str, _OLDEST_PGVECTOR))
    try:
        with connection.transaction():
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
    except (errors.FeatureNotSupported, errors.UndefinedFile) as error:
        raise StoreError(
            f"The server of {address} has no pgvector: install pgvector {oldest} or newer there, "
            "see docs/postgres.md."
        ) from error
    except errors.InsufficientPrivilege as error:
        raise StoreError(
            f"{address}: the role may not add the extension pgvector: have an administrator run "
            "`CREATE EXTENSION vector` in that database."
        ) from error
    (version,) = connection.execute(
        "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    ).fetchone() or ("0",)
    if tuple(map(int, version.split(".")[:2])) < _OLDEST_PGVECTOR:
        raise StoreError(
            f"The database of {address} has pgvector {version}; Pincite needs {oldest} or newer: "
            "update it and run `ALTER EXTENSION vector UPDATE`."
        )


def _line(error: Exception) -> str:
    """Return what an error says, in one line and without what only the server knows."""
    diagnosis = getattr(error, "diag", None)
    said = (diagnosis and diagnosis.message_primary) or str(error)
    return " ".join(said.split()).rstrip(".")


def is_server_url(text: str) -> str:
    """Return a server's address as it was given. Raises StoreError if it cannot be understood."""
    try:
        conninfo_to_dict(text)
    except psycopg.ProgrammingError as error:
        raise StoreError(f"{text.partition('@')[2]}: {_line(error)}.") from error
    return text
