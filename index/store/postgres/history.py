"""Which snapshots hold which versions of documents; how a snapshot begins, goes live, and ends."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import orjson
from psycopg.errors import LockNotAvailable
from psycopg.rows import dict_row

from index.errors import StoreDamagedError
from index.store.postgres import partitions
from index.store.postgres.connection import Connection
from index.store.postgres.database import Database, Row
from index.store.postgres.schema import OPEN
from index.store.records import MadeBy, SnapshotInfo
from index.store.rows import snapshot_id


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A row of the table of snapshots."""

    number: int
    generation: int
    rows: int
    parts: tuple[int, ...]
    terms: int
    digest: bytes
    servers: tuple[str, ...]
    info: SnapshotInfo


Value = TypeVar("Value", MadeBy, SnapshotInfo, SnapshotRow)

SNAPSHOTS = (
    "SELECT snapshots.*, model_name, model_fingerprint, backend, dimension, servers"
    " FROM snapshots "
    "JOIN generations ON generations.number = generation "
)
_DROP_WAITS_S = 2.0
"""How long to wait for who reads a table that is of no use: autovacuum leaves it after one."""


def snapshot_of(row: Row) -> SnapshotRow:
    """Return a row of `SNAPSHOTS`."""
    settings = orjson.loads(row["settings"])
    values = row | {name: tuple(value) for name, value in settings.items()}
    values |= {"corpus": row["corpus"].hex(), "parts": tuple(row["parts"])}
    values["servers"] = tuple(row["servers"])
    values["made_by"] = _with_fields(MadeBy, values)
    values["info"] = _with_fields(SnapshotInfo, values)
    return _with_fields(SnapshotRow, values)


def _with_fields(kind: type[Value], values: Mapping[str, Any]) -> Value:
    """Return an instance of a dataclass with those of the values that are its fields."""
    return kind(**{field.name: values[field.name] for field in fields(kind)})


def select(connection: Connection, query: str, values: Any = ()) -> list[Row]:
    """Return the rows of a query as part of a transaction."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values, binary=True).fetchall()


def with_id(connection: Connection, wanted: str) -> list[SnapshotRow]:
    """Return the snapshot of an id, none where it is not kept or is to be made anew.

    Another may follow: the same that lies on other servers, until this one is live.
    """
    query = f"{SNAPSHOTS} WHERE id = %s AND turn >= 0 ORDER BY snapshots.number DESC"
    rows = select(connection, query, [wanted])
    return list(map(snapshot_of, rows))


def find_snapshot(connection: Connection, snapshot: str | int | None) -> SnapshotRow:
    """Return a snapshot by its id or number, or the live one. Raises StoreDamagedError."""
    if isinstance(snapshot, str):
        found = with_id(connection, snapshot)
    elif snapshot is None:
        query = f"{SNAPSHOTS} JOIN state ON snapshots.number = live"
        found = list(map(snapshot_of, select(connection, query)))
    else:
        query = f"{SNAPSHOTS} WHERE snapshots.number = %s"
        found = list(map(snapshot_of, select(connection, query, [snapshot])))
    if not found:
        raise StoreDamagedError(f"snapshot {snapshot or ''} is missing")
    return found[0]


def generation_of(connection: Connection, made_by: MadeBy, parent: SnapshotRow | None) -> int:
    """Return the generation that a snapshot's passages go into, perhaps a new one."""
    servers = partitions.servers(connection)
    if parent and parent.info.made_by.vectors == made_by.vectors and parent.servers == servers:
        return parent.generation
    (row,) = select(
        connection,
        "INSERT INTO generations (model_name, model_fingerprint, backend, dimension, servers)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING number",
        [made_by.model_name, *made_by.vectors, made_by.dimension, list(servers)],
    )
    number: int = row["number"]
    partitions.make_passages(connection, number, made_by.dimension, servers)
    return number


def insert_snapshot(
    connection: Connection, row: Row, removed: Sequence[int] = (), added: Sequence[int] = ()
) -> int:
    """Insert a snapshot that nobody sees yet; return its number.

    It holds the versions of its parent, but for those that are removed and added. Its turn, 0,
    tells that it never was live.
    """
    (state,) = select(connection, "SELECT snapshot + 1 AS number FROM state")
    number: int = state["number"]
    values = {**row, "published": time.time(), "turn": 0, "number": number}
    names = ", ".join(values)
    marks = ", ".join(f"%({name})s" for name in values)
    connection.execute(f"INSERT INTO snapshots ({names}) VALUES ({marks})", values)
    _change_members(connection, number, row["parent"], removed, added)
    # Last, for whoever gives something waits for this row until the transaction ends.
    connection.execute("UPDATE state SET snapshot = %s", [number])
    return number


def with_calibration(connection: Connection, live: SnapshotRow, calibration: bytes | None) -> int:
    """Insert the live snapshot once more, with another calibration; return its number."""
    (row,) = select(connection, "SELECT * FROM snapshots WHERE number = %s", [live.number])
    row["calibration"], row["parent"] = calibration, live.number
    row["id"] = snapshot_id(
        live.info.made_by, row["settings"], row["documents"], row["digest"], calibration
    )
    if existing := with_id(connection, row["id"]):
        return existing[0].number
    return insert_snapshot(connection, row)


def _change_members(
    connection: Connection,
    number: int,
    parent: int | None,
    removed: Sequence[int],
    added: Sequence[int],
) -> None:
    """Write which versions a new snapshot holds: those of its parent, but for what changed.

    Ranges without an end are those of the snapshot numbered before, which the parent need not be: a
    gate may have refused that one, or a rollback gone behind it.
    """
    numbers = {"number": number, "before": number - 1, "parent": parent or 0, "open": OPEN}
    if parent != number - 1:
        connection.execute(
            "UPDATE memberships SET last = %(before)s WHERE last = %(open)s AND NOT EXISTS ("
            "  SELECT 1 FROM memberships AS others WHERE others.version = memberships.version"
            "  AND %(parent)s BETWEEN others.first AND others.last)",
            numbers,
        )
        connection.execute(
            "INSERT INTO memberships (version, first, last)"
            " SELECT version, %(number)s, %(open)s FROM memberships"
            " WHERE %(parent)s BETWEEN first AND last AND NOT EXISTS"
            "  (SELECT 1 FROM memberships AS others"
            "   WHERE others.version = memberships.version AND others.last = %(open)s)",
            numbers,
        )
    gone, new = {**numbers, "versions": list(removed)}, {**numbers, "versions": list(added)}
    connection.execute(
        "DELETE FROM memberships WHERE version = ANY(%(versions)s) AND first = %(number)s", gone
    )
    connection.execute(
        "UPDATE memberships SET last = %(before)s"
        " WHERE version = ANY(%(versions)s) AND last = %(open)s",
        gone,
    )
    connection.execute(
        "INSERT INTO memberships (version, first, last)"
        " SELECT version, %(number)s, %(open)s FROM unnest(%(versions)s::bigint[]) AS version",
        new,
    )


def go_live(
    connection: Connection, number: int, keep: int, lock: int, *, again: bool = False
) -> None:
    """Make a snapshot live, and forget those that are no longer kept.

    With `again` the order in which snapshots were published stays, if it ever was. The same
    snapshot on other servers is of no use any more.
    """
    connection.execute(
        "UPDATE snapshots SET turn = -1 WHERE number <> %(number)s"
        " AND id = (SELECT id FROM snapshots WHERE number = %(number)s)",
        {"number": number},
    )
    (row,) = select(
        connection, "SELECT live, turn FROM state, snapshots WHERE number = %s", [number]
    )
    if row["turn"] < 1 or (row["live"] != number and not again):
        connection.execute(
            "UPDATE snapshots SET published = %s,"
            " turn = (SELECT greatest(0, max(turn)) + 1 FROM snapshots) WHERE number = %s",
            [time.time(), number],
        )
    connection.execute(
        "UPDATE state SET live = %(number)s, aside = nullif(aside, %(number)s)", {"number": number}
    )
    forget_snapshots(connection, keep, lock)


def forget_snapshots(connection: Connection, keep: int, lock: int) -> None:
    """Forget all but the snapshots that are named and the last ones published, `keep` in all.

    A snapshot that never was live, and is not kept aside any more, is no predecessor of anything.
    One that a process has open, by a shared advisory lock of the class `lock`, is no longer listed
    but stays until the next time. What only the others held is left to `forget_content`.
    """
    connection.execute(
        "UPDATE snapshots SET turn = -1 WHERE number NOT IN ("
        "  SELECT unnest(ARRAY[live, checked, aside]) FROM state"
        "  UNION (SELECT number FROM snapshots, state"
        "   WHERE turn > 0 AND number <> live AND number IS DISTINCT FROM aside"
        "   AND number IS DISTINCT FROM checked ORDER BY turn DESC LIMIT %s)"
        "  EXCEPT SELECT NULL)",
        [keep - 1],
    )
    connection.execute(
        "DELETE FROM snapshots WHERE turn < 0"
        " AND pg_try_advisory_xact_lock(%s::integer, (number & 2147483647)::integer)",
        [lock],
    )


def forget_content(database: Database) -> bool:
    """Delete what no snapshot holds any more; tell whether all of it went.

    It takes long, so it is no part of the transaction that forgets snapshots, for which all who
    give something wait. Where it is interrupted, or somebody reads a table, the next one goes on.
    """
    with database.transaction() as connection:
        _forget_members(connection)
    return _drop_generations(database)


def _forget_members(connection: Connection) -> None:
    # Only where the last snapshot is not kept can a range without an end be of no use.
    (state,) = select(
        connection,
        "SELECT EXISTS (SELECT 1 FROM snapshots WHERE number = state.snapshot) AS kept FROM state",
    )
    closed = f"last < {OPEN} AND" if state["kept"] else ""
    unheld = select(
        connection,
        f"DELETE FROM memberships WHERE {closed} NOT EXISTS"
        " (SELECT 1 FROM snapshots WHERE number BETWEEN first AND last) RETURNING version",
    )
    connection.execute(
        "DELETE FROM parts WHERE number NOT IN (SELECT unnest(parts) FROM snapshots)"
    )
    _forget_versions(connection, [row["version"] for row in unheld])


def _drop_generations(database: Database) -> bool:
    """Drop the tables of generations that are of no use; tell whether none is left.

    One that somebody reads, as a backup does for hours, stays.
    """
    with database.transaction() as connection:
        unused = select(
            connection,
            "SELECT number FROM generations WHERE number NOT IN (SELECT generation FROM snapshots)"
            " AND NOT EXISTS (SELECT 1 FROM versions WHERE generation = generations.number)",
        )
        left = [row["number"] for row in unused]
        connection.execute(f"SET LOCAL lock_timeout = '{_DROP_WAITS_S}s'")
        for number in list(left):
            with suppress(LockNotAvailable), connection.transaction():
                connection.execute(f"DROP TABLE passages_{number}")
                connection.execute("DELETE FROM generations WHERE number = %s", [number])
                left.remove(number)
    return not left


def _forget_versions(connection: Connection, versions: Sequence[int]) -> None:
    """Forget those versions that no snapshot holds, with passages and texts that no other has."""
    gone = select(
        connection,
        "DELETE FROM versions WHERE id = ANY(%s) AND NOT EXISTS"
        " (SELECT 1 FROM memberships WHERE version = id)"
        " RETURNING text, generation, first_row, passages",
        [list(versions)],
    )
    _forget_texts(connection, gone)
    for row in gone:
        generation, first, count = row["generation"], row["first_row"], row["passages"]
        query = "SELECT 1 FROM versions WHERE generation = %s AND first_row = %s LIMIT 1"
        if select(connection, query, [generation, first]):
            continue
        _forget_passages(connection, generation, first, first + count)
        connection.execute(
            "UPDATE generations SET dead = dead + %s WHERE number = %s", [count, generation]
        )


def _forget_passages(connection: Connection, generation: int, first: int, stop: int) -> None:
    """Delete passages; those on other servers are deleted when the transaction has ended."""
    on_others = connection.execute(
        "INSERT INTO forgotten SELECT number, %s, %s FROM generations"
        " WHERE number = %s AND servers <> '{}'",
        [first, stop, generation],
    )
    if not on_others.rowcount:
        query = f"DELETE FROM passages_{generation} WHERE row >= %s AND row < %s"
        connection.execute(query, [first, stop])


def _forget_texts(connection: Connection, versions: Sequence[Row]) -> None:
    connection.execute(
        "DELETE FROM texts WHERE sha256 = ANY(%s) AND NOT EXISTS"
        " (SELECT 1 FROM versions WHERE text = sha256)",
        [[row["text"] for row in versions]],
    )


def forget_uncommitted(connection: Connection) -> None:
    """Remove the rows of a draft that was never committed, and what other servers still have."""
    uncommitted = "DELETE FROM versions WHERE id > (SELECT document FROM state) RETURNING text"
    _forget_texts(connection, select(connection, uncommitted))
    for row in select(connection, "SELECT number, rows FROM generations"):
        query = f"DELETE FROM passages_{row['number']} WHERE row >= %s"
        connection.execute(query, [row["rows"]])
    partitions.tidy(connection)
