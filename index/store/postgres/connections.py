"""The connections of this process to the host of a URL that answers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool, PoolClosed

from index.store.postgres.connection import CONNECT_S, LOOK_S, Connection, with_defaults

_MOST_CONNECTIONS = 8
_TURN_S = 10.0
_IDLE_S = 300.0


class Pool:
    """Connections that threads lend; all errors are psycopg's own.

    Of several hosts that a URL names, all connections are to the one that answered first, until it
    is lost: two replicas may not be equally far. What is lost is looked for again by the next who
    asks; where somebody does so in the background (`is_looked_for`), all others fail at once.
    """

    def __init__(self, url: str) -> None:
        self.is_looked_for = False
        self._url = with_defaults(url)
        self._pool: ConnectionPool[Connection] | None = None
        self._reaching = threading.Lock()
        self._failure = ""
        self._retry_at = 0.0

    @contextmanager
    def lend(self, schema: str) -> Iterator[Connection]:
        """Yield a connection that others use afterwards."""
        pool, connection = self._borrowed()
        try:
            with connection:
                connection.use(schema)
                yield connection
        except psycopg.Error as error:
            if connection.closed or isinstance(error, errors.ReadOnlySqlTransaction):
                self.lose(pool)
            raise
        finally:
            pool.putconn(connection)

    def connect(self, schema: str = "") -> Connection:
        """Return a connection of one's own, to the same host as all others.

        A statement may take as long as it needs.
        """
        pool = self.reach()
        try:
            connection = Connection.connect(str(pool.conninfo), autocommit=True)
        except psycopg.OperationalError:
            self.lose(pool)
            raise
        try:
            connection.configure()
            connection.execute("SET statement_timeout = 0")
            connection.use(schema)
        except BaseException:
            connection.close()
            raise
        return connection

    def reach(self, *, looking: bool = False) -> ConnectionPool[Connection]:
        """Return the connections to the host that answers; find one first where there is none.

        `looking` is who does nothing else. Whoever knows that there is none does not wait.
        """
        if pool := self._pool:
            return pool
        if not self._reaching.acquire(blocking=not self._failure):
            raise psycopg.OperationalError(self._failure)
        try:
            if pool := self._pool:
                return pool
            is_waited_for = self.is_looked_for or time.monotonic() < self._retry_at
            if self._failure and is_waited_for and not looking:
                raise psycopg.OperationalError(self._failure)
            self._pool = self._found()
            self._failure = ""
            return self._pool
        finally:
            self._reaching.release()

    def lose(self, pool: "ConnectionPool[Connection] | None" = None) -> None:
        """Use these connections no more: the host is gone, or is not what was asked for."""
        if pool is None or pool is self._pool:
            pool, self._pool = self._pool, None
            if pool:
                pool.close(timeout=0)

    def configure_anew(self) -> None:
        """Have all connections find pgvector, which was not there before."""
        if pool := self._pool:
            pool.drain()

    def _found(self) -> ConnectionPool[Connection]:
        try:
            with Connection.connect(self._url, autocommit=True) as first:
                where = first.info
                is_local = where.host.startswith(("/", "@"))
                address = {} if is_local or not where.hostaddr else {"hostaddr": where.hostaddr}
                pinned = make_conninfo(self._url, host=where.host, port=where.port, **address)
        except psycopg.OperationalError as error:
            self._failure, self._retry_at = str(error), time.monotonic() + LOOK_S
            raise
        return ConnectionPool(
            pinned,
            connection_class=Connection,
            kwargs={"autocommit": True},
            configure=Connection.configure,
            min_size=1,
            max_size=_MOST_CONNECTIONS,
            max_idle=_IDLE_S,
            timeout=_TURN_S,
            reconnect_timeout=CONNECT_S,
            open=True,
        )

    def _borrowed(self) -> tuple[ConnectionPool[Connection], Connection]:
        """Return a connection and what it belongs to, which may be lost meanwhile."""
        pool = self.reach()
        try:
            return pool, pool.getconn()
        except PoolClosed:
            pool = self.reach()
            return pool, pool.getconn()
