"""Passages divided over several servers, by postgres_fdw: each has some rows, and their index.

Where the table `partitions` names foreign servers, the passages of a generation lie there, by a
hash of their rows. A search goes to every server, which orders its own rows, and is merged here.
"""

from index.store.postgres.connection import Connection
from index.store.postgres.history import select
from index.store.postgres.schema import PASSAGE, passage_table, vector_index


def servers(connection: Connection) -> list[str]:
    """Return the names of the foreign servers that passages are divided over; none: no division."""
    rows = select(connection, "SELECT server FROM partitions ORDER BY server")
    return [row["server"] for row in rows]


def make_passages(connection: Connection, schema: str, generation: int, dimension: int) -> None:
    """Make the table of a generation's passages, here or on the servers it is divided over."""
    over = servers(connection)
    statements = passage_table(generation, dimension)
    if not over:
        for statement in statements:
            connection.execute(statement)
        return
    name = f"passages_{generation}"
    columns = PASSAGE.format(dimension=dimension)
    connection.execute(f"CREATE TABLE {name} ({columns}) PARTITION BY HASH (row)")
    for number, server in enumerate(over):
        for statement in (f"CREATE SCHEMA IF NOT EXISTS {schema}", *statements):
            run_there(connection, server, statement, schema)
        connection.execute(
            f"CREATE FOREIGN TABLE {name}_{number} PARTITION OF {name}"
            f" FOR VALUES WITH (MODULUS {len(over)}, REMAINDER {number})"
            f" SERVER {server} OPTIONS (schema_name '{schema}', table_name '{name}')"
        )


def index_vectors(connection: Connection, schema: str, generation: int) -> None:
    """Make the index of a generation's vectors where there is none yet."""
    statement = vector_index(generation)
    for server in servers(connection):
        run_there(connection, server, statement, schema)
    if not servers(connection):
        connection.execute(statement)


def drop_passages(connection: Connection, schema: str, generation: int) -> None:
    """Drop the table of a generation's passages, wherever it is."""
    connection.execute(f"DROP TABLE passages_{generation} CASCADE")
    for server in servers(connection):
        run_there(connection, server, f"DROP TABLE IF EXISTS passages_{generation}", schema)


def run_there(connection: Connection, server: str, statement: str, schema: str) -> None:
    """Run a statement on a foreign server, in the store's schema there."""
    script = f'SET search_path = "{schema}", public; {statement}'
    connection.execute("SELECT dblink_exec(%s, %s)", [server, script])
