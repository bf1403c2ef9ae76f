"""Passages divided over several servers, by postgres_fdw: each has some rows, and their index.

An administrator makes foreign servers whose names begin with `pincite_`, see docs/postgres.md. The
passages of a generation then lie there, by a hash of their rows, in tables that are partitions of
one table here; all else is here. A search goes to every server at once, each finds what is nearest
of its own, and the nearest of all are chosen here.

postgres_fdw commits on the other servers first and here last, which is not one step. So a crash may
leave more there than is told of here, and never less: rows are written there before the transaction
that tells of them, and deleted there after the transaction that forgets them, by the next `tidy`.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

import psycopg
from psycopg import errors, sql

from index.errors import PartitionAwayError, StoreDamagedError, StoreError
from index.store.postgres.address import ServerAddress
from index.store.postgres.connection import REFUSED, Connection
from index.store.postgres.schema import PASSAGE, passage_table, vector_index

_SCHEMA_THERE = "passages_of_pincite"
"""deploy/postgres/partition.sql makes it, with the two relations that `_reach` names."""
_NOT_CONNECTED, _ENDED = "08", "57P"
"""Classes of SQLSTATE: this server could not reach another; another was stopped."""
_NAMES = re.compile(r"\bpassages_([0-9a-f]{12}_)?\d+(_\d+)?\b|\b(statements|tables)_of_pincite_")
"""Names of tables of passages, here or on another server, and of the ways to these."""
_GONE = (errors.UndefinedTable, errors.CheckViolation)
"""What comes of a table that is gone, and of a row for a partition that is."""


@contextmanager
def errors_explained(address: ServerAddress) -> Iterator[None]:
    """Turn errors of the other servers into a StoreError that says what to do."""
    try:
        yield
    except psycopg.Error as error:
        said = " ".join((error.diag.message_primary or "").split())
        state, is_there = error.sqlstate or "", "remote SQL command" in (error.diag.context or "")
        if isinstance(error, _GONE) and _NAMES.search(said):
            raise StoreDamagedError(f"passages are missing ({said})") from error
        if state.startswith(_NOT_CONNECTED) or (is_there and state.startswith(_ENDED)):
            why = (error.diag.message_detail or "").strip().partition("failed: ")[2]
            advice = "start it"
            if REFUSED.search(why):
                said = f"{said}: {' '.join(why.split())}"
                advice = "check its OPTIONS and those of the user mapping, see docs/postgres.md,"
            raise PartitionAwayError(
                f"A partition of {address} cannot be reached: {said}. Nothing is answered from the "
                f"others alone, and nothing is lost; {advice} and try again."
            ) from error
        if is_there:
            raise StoreError(
                f"A partition of {address} failed: {said}. What was acknowledged is kept; see "
                "docs/postgres.md for what it needs, and try again."
            ) from error
        raise


def servers(connection: Connection) -> tuple[str, ...]:
    """Return the names of the servers that new passages are divided over; none: they stay here."""
    names = _names(
        connection,
        "SELECT srvname FROM pg_foreign_server AS server"
        " JOIN pg_foreign_data_wrapper AS wrapper ON srvfdw = wrapper.oid"
        " WHERE fdwname = 'postgres_fdw' AND srvname ~ '^pincite_'"
        " AND has_server_privilege(server.oid, 'USAGE') ORDER BY srvname",
    )
    return tuple(names)


def tables(generation: int, over: int) -> list[str]:
    """Return the tables that passages lie in: one of this server, or one each of `over` others."""
    name = f"passages_{generation}"
    return [f"{name}_{number}" for number in range(over)] or [name]


def nearest_of(tables: Sequence[str], columns: str, where: str, distance: str) -> str:
    """Return the query for the passages at the least distance, `%(limit)s` of all tables."""
    queries = [
        f"SELECT {columns}, {distance} AS distance FROM {table} WHERE {where}"
        " ORDER BY distance LIMIT %(limit)s"
        for table in tables
    ]
    each = " UNION ALL ".join(f"({query})" for query in queries)
    # Servers are asked at once where results are appended, not where they are merged in order: the
    # sum is an order that none of them has.
    by = "distance + 0" if len(tables) > 1 else "distance"
    return f"SELECT {columns} FROM ({each}) AS found ORDER BY {by} LIMIT %(limit)s"


def make_passages(
    connection: Connection, generation: int, dimension: int, over: Sequence[str]
) -> None:
    """Make the table of a generation's passages, here or divided over servers."""
    name = f"passages_{generation}"
    if not over:
        for statement in passage_table(name, dimension):
            connection.execute(statement)
        return
    columns = PASSAGE.format(dimension=dimension)
    connection.execute(f"CREATE TABLE {name} ({columns}) PARTITION BY HASH (row)")
    there = _name_there(connection, generation)
    for number, (server, table) in enumerate(zip(over, tables(generation, len(over)), strict=True)):
        _reach(connection, server)
        for statement in passage_table(there, dimension):
            _run_there(connection, server, statement)
        _make_foreign(
            connection,
            sql.SQL(
                f"{table} PARTITION OF {name}"
                f" FOR VALUES WITH (MODULUS {len(over)}, REMAINDER {number})"
            ),
            server,
            there,
        )
        # So that ANALYZE has some hundred rows sent.
        connection.execute(f"ALTER FOREIGN TABLE {table} ALTER row SET STATISTICS 1")


def prepare_search(connection: Connection, generation: int, *, by_index: bool) -> None:
    """Make the index of a generation's vectors, and have it known how many there are elsewhere.

    Of a foreign table the planner knows that from ANALYZE alone, which nobody else does; where it
    guesses, it has more rows sent than are asked for.
    """
    over = _servers_of(connection, generation)
    if by_index and not over:
        connection.execute(vector_index(f"passages_{generation}"))
    for server in over if by_index else ():
        _run_there(connection, server, vector_index(_name_there(connection, generation)))
    for table in tables(generation, len(over)) if over else ():
        connection.execute(f"ANALYZE {table} (row)")


def tidy(connection: Connection) -> None:
    """Delete on the other servers what was forgotten here, in a transaction that has ended."""
    for generation, rows in connection.execute(
        "SELECT generation, array_agg(row) FROM forgotten,"
        " generate_series(first, stop - 1) AS row GROUP BY generation"
    ).fetchall():
        connection.execute(f"DELETE FROM passages_{generation} WHERE row = ANY(%s)", [rows])
    connection.execute("DELETE FROM forgotten")
    generations = connection.execute("SELECT number FROM generations").fetchall()
    _drop_others(connection, {_name_there(connection, number) for (number,) in generations})


def drop_lost(connection: Connection) -> None:
    """Have a generation's table hold what is still there, after tables of it were lost.

    A partition that another server has no more is dropped; a table that is gone is made anew.
    """
    there = {(server, name) for server, name, _ in _tables_there(connection)}
    for generation, dimension in connection.execute(
        "SELECT number, dimension FROM generations WHERE to_regclass('passages_' || number) IS NULL"
    ).fetchall():
        make_passages(connection, generation, dimension, ())
    for table, server, name in connection.execute(
        "SELECT ftrelid::regclass::text, srvname, option_value FROM pg_foreign_table"
        " JOIN pg_inherits ON inhrelid = ftrelid JOIN pg_class ON pg_class.oid = ftrelid"
        " JOIN pg_foreign_server AS server ON server.oid = ftserver,"
        " pg_options_to_table(ftoptions) WHERE option_name = 'table_name'"
        " AND relnamespace = current_schema()::regnamespace"
    ).fetchall():
        if (server, name) not in there:
            connection.execute(f"DROP FOREIGN TABLE {table}")


def drop_all(connection: Connection) -> None:
    """Drop all that the store has on other servers, before it is dropped itself."""
    _drop_others(connection, set())


def write_anew(connection: Connection) -> None:
    """Have the other servers write their tables anew, without what was deleted."""
    for server, name, _ in _tables_there(connection):
        _run_there(connection, server, f"CLUSTER {name} USING {name}_pkey")


def total_bytes(connection: Connection) -> int:
    """Return how much disk the store's tables and indexes take on the other servers."""
    return sum(size for *_, size in _tables_there(connection))


def _reach(connection: Connection, server: str) -> None:
    """Make the foreign tables by which a server is told what to do, and tells what it has.

    A statement that is inserted into `statements` is run there, as part of the transaction.
    """
    relations = {"statements": "statement text", "tables": "name text, bytes bigint"}
    for relation, columns in relations.items():
        name = sql.Identifier(f"{relation}_of_{server}")
        table = sql.SQL(f"IF NOT EXISTS {{}} ({columns})").format(name)
        _make_foreign(connection, table, server, relation)


def _make_foreign(connection: Connection, table: sql.Composable, server: str, there: str) -> None:
    statement = sql.SQL("CREATE FOREIGN TABLE {} SERVER {} OPTIONS (schema_name {}, table_name {})")
    connection.execute(statement.format(table, sql.Identifier(server), _SCHEMA_THERE, there))


def _run_there(connection: Connection, server: str, statement: str) -> None:
    table = sql.Identifier(f"statements_of_{server}")
    connection.execute(sql.SQL("INSERT INTO {} VALUES (%s)").format(table), [statement])


def _drop_others(connection: Connection, kept: set[str]) -> None:
    for server, name, _ in _tables_there(connection):
        if name not in kept:
            _run_there(connection, server, f"DROP TABLE {name}")


def _tables_there(connection: Connection) -> list[tuple[str, str, int]]:
    """Return this store's tables on other servers: server, name, bytes with indexes."""
    reached = _names(
        connection,
        "SELECT srvname FROM pg_foreign_table JOIN pg_class ON pg_class.oid = ftrelid"
        " JOIN pg_foreign_server AS server ON server.oid = ftserver"
        " WHERE relnamespace = current_schema()::regnamespace"
        " AND relname = left('tables_of_' || srvname, 63) ORDER BY srvname",
    )
    return list(chain.from_iterable(_tables_of(connection, server) for server in reached))


def _tables_of(connection: Connection, server: str) -> Iterator[tuple[str, str, int]]:
    query = sql.SQL("SELECT name, bytes FROM {} WHERE starts_with(name, %s) ORDER BY name")
    table, start = sql.Identifier(f"tables_of_{server}"), _name_there(connection, "")
    for name, size in connection.execute(query.format(table), [start]).fetchall():
        yield server, name, size


def _servers_of(connection: Connection, generation: int) -> list[str]:
    query = "SELECT unnest(servers) FROM generations WHERE number = %s"
    return [name for (name,) in connection.execute(query, [generation]).fetchall()]


def _name_there(connection: Connection, generation: int | str) -> str:
    """Return the name of a generation's table on the other servers, as no other store has it."""
    (token,) = connection.execute("SELECT token FROM state").fetchone() or ("",)
    return f"passages_{token}_{generation}"


def _names(connection: Connection, query: str) -> list[str]:
    return [name for (name,) in connection.execute(query).fetchall()]
