"""Which snapshots hold which versions of documents; how a snapshot begins, goes live, and ends."""

import hashlib
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import orjson

from index.errors import StoreDamagedError
from index.store.local.database import insert, select
from index.store.local.schema import DATABASE, OPEN
from index.store.records import MadeBy, SnapshotInfo
from index.store.rows import snapshot_id


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A row of the table of snapshots."""

    number: int
    generation: int
    rows: int
    row_sentences: int
    terms: int
    digest: bytes
    info: SnapshotInfo


Value = TypeVar("Value", MadeBy, SnapshotInfo, SnapshotRow)

_SNAPSHOTS = (
    "SELECT snapshots.*, model_name, model_fingerprint, backend, dimension FROM snapshots "
    "LEFT JOIN generations ON generations.number = generation "
)
_SEALED = (
    *("number", "id", "generation", "chunking", "settings", "documents", "passages", "sentences"),
    *("terms", "rows", "row_sentences", "digest", "corpus", "calibration"),
    *("model_name", "model_fingerprint", "backend", "dimension"),
)
"""What never changes of a snapshot, but when its files are written anew."""


def snapshot_rows(
    connection: sqlite3.Connection, where: str = "", values: Sequence[object] = ()
) -> list[SnapshotRow]:
    """Return the snapshots that are kept, the one published last first."""
    found = select(connection, f"{_SNAPSHOTS} {where} ORDER BY turn DESC", values)
    for row in found:
        if row["seal"] != _seal_of(row):
            raise StoreDamagedError(f"what it says of snapshot {row['id']} was altered")
    return [_snapshot_row(row) for row in found]


def with_id(connection: sqlite3.Connection, wanted: str) -> list[SnapshotRow]:
    """Return the snapshot of an id, none where it is not kept or is to be made anew."""
    return snapshot_rows(connection, "WHERE id = ? AND turn >= 0", [wanted])


def find_snapshot(connection: sqlite3.Connection, snapshot: str | int | None) -> SnapshotRow:
    """Return a snapshot by its id or number, or the live one. Raises StoreDamagedError."""
    if isinstance(snapshot, str):
        rows = with_id(connection, snapshot)
    else:
        number = live_number(connection) if snapshot is None else snapshot
        rows = snapshot_rows(connection, "WHERE snapshots.number = ?", [number])
    if not rows:
        raise StoreDamagedError(f"snapshot {snapshot or ''} is missing")
    return rows[0]


def seal(connection: sqlite3.Connection, number: int) -> None:
    """Write the digest of what is said of a snapshot."""
    row = connection.execute(f"{_SNAPSHOTS} WHERE snapshots.number = ?", [number]).fetchone()
    connection.execute("UPDATE snapshots SET seal = ? WHERE number = ?", (_seal_of(row), number))


def _seal_of(row: sqlite3.Row) -> bytes:
    return hashlib.sha256(repr([row[name] for name in _SEALED]).encode()).digest()


def _snapshot_row(row: sqlite3.Row) -> SnapshotRow:
    settings = orjson.loads(row["settings"])
    values = dict(row) | {name: tuple(value) for name, value in settings.items()}
    values["corpus"] = row["corpus"].hex()
    values["made_by"] = _with_fields(MadeBy, values)
    values["info"] = _with_fields(SnapshotInfo, values)
    return _with_fields(SnapshotRow, values)


def _with_fields(kind: type[Value], values: Mapping[str, Any]) -> Value:
    """Return an instance of a dataclass with those of the values that are its fields."""
    return kind(**{field.name: values[field.name] for field in fields(kind)})


def generation_of(
    connection: sqlite3.Connection, made_by: MadeBy, parent: SnapshotRow | None
) -> int:
    """Return the generation of files that a snapshot's vectors go into, perhaps a new one."""
    if parent and parent.info.made_by.vectors == made_by.vectors:
        return parent.generation
    names = ("model_name", "model_fingerprint", "backend", "dimension")
    values = [getattr(made_by, name) for name in names]
    cursor = connection.execute(
        f"INSERT INTO generations ({', '.join(names)}) VALUES (?, ?, ?, ?)", values
    )
    return int(cursor.lastrowid or 0)


def insert_snapshot(
    connection: sqlite3.Connection, row: Mapping[str, Any], arrays: Mapping[str, str]
) -> int:
    """Insert a snapshot that nobody sees yet; return its number.

    Its turn, 0, tells that it never was live.
    """
    connection.execute("UPDATE state SET snapshot = snapshot + 1")
    (number,) = connection.execute("SELECT snapshot FROM state").fetchone()
    times = {"published": time.time(), "turn": 0}
    insert(connection, "snapshots", [{**row, **times, "number": number, "seal": b""}])
    seal(connection, number)
    set_arrays(connection, number, arrays)
    return int(number)


def set_arrays(connection: sqlite3.Connection, number: int, arrays: Mapping[str, str]) -> None:
    """Write which files a snapshot has: their SHA-256 by kind."""
    connection.execute("DELETE FROM arrays WHERE snapshot = ?", [number])
    connection.executemany(
        "INSERT INTO arrays (snapshot, kind, sha256) VALUES (?, ?, ?)",
        [(number, kind, sha256) for kind, sha256 in arrays.items()],
    )


def array_names(connection: sqlite3.Connection, number: int) -> dict[str, str]:
    """Return the SHA-256 of each file of a snapshot by its kind."""
    query = "SELECT kind, sha256 FROM arrays WHERE snapshot = ?"
    return dict(connection.execute(query, [number]).fetchall())


def with_calibration(
    connection: sqlite3.Connection, live: SnapshotRow, calibration: bytes | None
) -> int:
    """Insert the live snapshot once more, with another calibration; return its number."""
    query = "SELECT * FROM snapshots WHERE number = ?"
    row = dict(connection.execute(query, [live.number]).fetchone())
    made_by, settings = live.info.made_by, row["settings"].encode()
    row["calibration"], row["parent"] = calibration, live.number
    row["id"] = snapshot_id(made_by, settings, row["documents"], row["digest"], calibration)
    if existing := with_id(connection, row["id"]):
        return existing[0].number
    number = insert_snapshot(connection, row, array_names(connection, live.number))
    change_members(connection, number, live.number)
    return number


def change_members(
    connection: sqlite3.Connection,
    number: int,
    parent: int | None,
    removed: Sequence[int] = (),
    added: Sequence[tuple[int, bytes]] = (),
) -> None:
    """Write which versions a new snapshot holds: those of its parent, but for what changed.

    Ranges without an end are those of the snapshot numbered before, which the parent need not be: a
    gate may have refused that one, or a rollback gone behind it.
    """
    numbers = {"number": number, "before": number - 1, "parent": parent, "open": OPEN}
    if parent != number - 1:
        connection.execute(
            "UPDATE memberships SET last = :before WHERE last = :open AND NOT ("
            "  SELECT coalesce(max(:parent BETWEEN others.first AND others.last), 0)"
            "  FROM memberships AS others WHERE others.version = memberships.version)",
            numbers,
        )
        connection.execute(
            "INSERT INTO memberships (version, first, last, digest)"
            " SELECT version, :number, :open, digest FROM memberships"
            " WHERE :parent BETWEEN first AND last AND NOT EXISTS"
            "  (SELECT 1 FROM memberships AS others"
            "   WHERE others.version = memberships.version AND others.last = :open)",
            numbers,
        )
    connection.executemany(
        "DELETE FROM memberships WHERE version = ? AND first = ?",
        [(version, number) for version in removed],
    )
    connection.executemany(
        "UPDATE memberships SET last = ? WHERE version = ? AND last = ?",
        [(number - 1, version, OPEN) for version in removed],
    )
    connection.executemany(
        "INSERT INTO memberships (version, first, last, digest) VALUES (?, ?, ?, ?)",
        [(version, number, OPEN, digest) for version, digest in added],
    )


def live_number(connection: sqlite3.Connection) -> int | None:
    """Return the number of the live snapshot, None if there is none yet."""
    rows = select(connection, "SELECT live, live_again FROM state")
    if len(rows) != 1 or rows[0]["live"] != rows[0]["live_again"]:
        raise StoreDamagedError(f"{DATABASE}: it does not tell which snapshot is live")
    number: int | None = rows[0]["live"]
    return number


def go_live(connection: sqlite3.Connection, number: int, keep: int, *, again: bool = False) -> None:
    """Make a snapshot live, and forget those that are no longer kept.

    With `again` the order in which snapshots were published stays, if it ever was.
    """
    live, turn = connection.execute(
        "SELECT live, turn FROM state, snapshots WHERE number = ?", [number]
    ).fetchone()
    if turn < 1 or (live != number and not again):
        connection.execute(
            "UPDATE snapshots SET published = ?,"
            " turn = (SELECT max(0, max(turn)) + 1 FROM snapshots) WHERE number = ?",
            (time.time(), number),
        )
    connection.execute(
        "UPDATE state SET live = :number, live_again = :number, aside = nullif(aside, :number)",
        {"number": number},
    )
    forget_snapshots(connection, keep)


def forget_snapshots(connection: sqlite3.Connection, keep: int) -> None:
    """Forget all but the snapshots that are named and the last ones published, `keep` in all.

    A snapshot that never was live, and is not kept aside any more, is no predecessor of anything.
    """
    connection.execute(
        "DELETE FROM snapshots WHERE number NOT IN ("
        "  SELECT live FROM state UNION SELECT checked FROM state WHERE checked NOTNULL"
        "  UNION SELECT aside FROM state WHERE aside NOTNULL"
        "  UNION SELECT * FROM (SELECT number FROM snapshots, state"
        "   WHERE turn > 0 AND number <> live AND number IS NOT aside AND number IS NOT checked"
        "   ORDER BY turn DESC LIMIT ?))",
        [keep - 1],
    )
    connection.execute("DELETE FROM arrays WHERE snapshot NOT IN (SELECT number FROM snapshots)")
    gone = connection.execute(
        "DELETE FROM memberships WHERE NOT EXISTS"
        " (SELECT 1 FROM snapshots WHERE number BETWEEN first AND last) RETURNING version"
    ).fetchall()
    for (version,) in gone:
        _forget_version(connection, version)
    connection.execute(
        "DELETE FROM generations WHERE number NOT IN (SELECT generation FROM snapshots)"
        " AND NOT EXISTS (SELECT 1 FROM versions WHERE generation = generations.number)"
    )
    connection.execute(
        "DELETE FROM blocks WHERE CAST(file AS INTEGER) NOT IN (SELECT number FROM generations)"
    )


def _forget_version(connection: sqlite3.Connection, version: int) -> None:
    """Forget a version that no snapshot holds, and its passages and text if no other has them."""
    deleted = connection.execute(
        "DELETE FROM versions WHERE id = ? AND NOT EXISTS"
        " (SELECT 1 FROM memberships WHERE version = id)"
        " RETURNING text, generation, first_row, passages",
        [version],
    ).fetchone()
    if deleted is None:
        return
    text, generation, first_row, passages = deleted
    _forget_text(connection, text)
    query = "SELECT 1 FROM versions WHERE generation = ? AND first_row = ?"
    if not connection.execute(query, (generation, first_row)).fetchone():
        connection.execute(
            "DELETE FROM passages WHERE generation = ? AND row >= ? AND row < ?",
            (generation, first_row, first_row + passages),
        )
        connection.execute(
            "UPDATE generations SET dead = dead + ? WHERE number = ?", (passages, generation)
        )


def _forget_text(connection: sqlite3.Connection, text: bytes) -> None:
    connection.execute(
        "DELETE FROM texts WHERE sha256 = :text AND NOT EXISTS"
        " (SELECT 1 FROM versions WHERE text = :text)",
        {"text": text},
    )


def check_counters(connection: sqlite3.Connection) -> None:
    """Raise StoreDamagedError if a number would be given again that a row has."""
    rows = select(
        connection,
        "SELECT typeof(snapshot) = 'integer' AND typeof(version) = 'integer'"
        " AND snapshot >= coalesce((SELECT max(number) FROM snapshots), 0)"
        " AND version >= coalesce((SELECT max(version) FROM memberships), 0) FROM state",
    )
    if [tuple(row) for row in rows] != [(1,)]:
        raise StoreDamagedError(f"{DATABASE}: its counters were altered")


def mend_counters(connection: sqlite3.Connection) -> None:
    """Have the counters go on behind all rows that there are."""
    connection.execute(
        "UPDATE state SET version = max(coalesce((SELECT max(id) FROM versions), 0),"
        "  coalesce((SELECT max(version) FROM memberships), 0)),"
        " snapshot = max(coalesce((SELECT max(number) FROM snapshots), 0),"
        "  coalesce((SELECT max(first) FROM memberships), 0))"
    )


def forget_uncommitted(connection: sqlite3.Connection) -> None:
    """Remove the rows of a draft that was never committed."""
    check_counters(connection)
    uncommitted = "DELETE FROM versions WHERE id > (SELECT version FROM state) RETURNING text"
    for (text,) in connection.execute(uncommitted).fetchall():
        _forget_text(connection, text)
    connection.executemany(
        "DELETE FROM passages WHERE generation = ? AND row >= ?",
        connection.execute("SELECT number, rows FROM generations").fetchall(),
    )
