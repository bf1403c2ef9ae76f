"""Writing files anew: vectors without the dead rows, and derived arrays that were damaged.

The caller holds the store for writing. New files lie beside the old ones until one transaction
names them; who reads the old ones has them open.
"""

import sqlite3

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamagedError
from index.search.postings import combine, count_terms
from index.search.ranges import in_ranges
from index.store.local.appended import Generation
from index.store.local.arrays import ArrayFolder
from index.store.local.database import ARRAYS, VECTORS, Database
from index.store.local.documents import VERSION, Version
from index.store.local.explained import errors_explained
from index.store.local.history import (
    SnapshotRow,
    array_names,
    find_snapshot,
    forget_uncommitted,
    seal,
    set_arrays,
    snapshot_rows,
)
from index.store.local.mapped import CODES, KINDS, base_of, write_arrays
from index.store.local.snapshot import open_snapshot

_FEWEST_DEAD = 1024
_DEAD_SHARE = 3
"""A generation is written anew when more rows are dead, and more than a third of all."""

_BLOCK = 1 << 14


def compact(database: Database, *, always: bool = False) -> None:
    """Write generations anew of which a third is dead, or `always` where any row is."""
    with database.reading() as connection:
        generations = connection.execute("SELECT * FROM generations").fetchall()
    for row in generations:
        dead, rows = row["dead"], row["rows"]
        if dead > (0 if always else max(_FEWEST_DEAD, rows // _DEAD_SHARE)):
            with database.transaction() as connection:
                forget_uncommitted(connection)  # their rows lie behind those that are copied
            _write_anew(database, row)


def _write_anew(database: Database, row: sqlite3.Row) -> None:
    with database.reading() as connection:
        snapshots = snapshot_rows(connection, "WHERE generation = ?", [row["number"]])
        cuts = connection.execute(
            "SELECT DISTINCT first_row, passages FROM versions WHERE generation = ? "
            "ORDER BY first_row",
            [row["number"]],
        ).fetchall()
        (highest,) = connection.execute("SELECT seq FROM sqlite_sequence").fetchone()
    old = Generation.of(database.folder, row["number"], row["dimension"])
    new = Generation.of(database.folder, highest + 1, row["dimension"])
    ranges = np.array([tuple(cut) for cut in cuts], np.int64).reshape(-1, 2)
    new_row = np.full(row["rows"], -1, np.int64)
    _, kept = in_ranges(ranges[:, 0], ranges.sum(axis=1))
    new_row[kept] = np.arange(len(kept))
    with errors_explained(database.folder):
        sentences = _copy(old, new, kept, new_row, row)
        blocks = new.sync((0, 0), (len(kept), sentences))
        arrays = {
            snapshot.number: _renumbered(database, snapshot, new_row, new, len(kept))
            for snapshot in snapshots
        }
    with database.transaction() as connection:
        _rename(connection, row, new.number, len(kept), sentences, ranges)
        connection.executemany("INSERT INTO blocks VALUES (?, ?, ?)", blocks)
        for number, names in arrays.items():
            seal(connection, number)
            set_arrays(connection, number, names)


def _copy(
    old: Generation,
    new: Generation,
    kept: NDArray[np.int64],
    new_row: NDArray[np.int64],
    row: sqlite3.Row,
) -> int:
    """Copy the rows that are kept, renumbered; return how many sentences they have."""
    vectors, rows = old.vectors.map(row["rows"]), old.rows.map(row["rows"])
    digests, sentences = old.sentences.map(row["sentences"]), 0
    for start in range(0, max(1, len(kept)), _BLOCK):
        some = kept[start : start + _BLOCK]
        numbers = rows[some]
        starts, counts = (
            numbers["sentences"].copy(),
            numbers["sentence_count"] + numbers["features"],
        )
        _, places = in_ranges(starts, starts + counts)
        numbers["sentences"] = sentences + np.cumsum(counts) - counts
        length = numbers["stop"] - numbers["first"]
        numbers["first"] = new_row[numbers["first"]]
        numbers["stop"] = numbers["first"] + length
        new.vectors.write(start, vectors[some])
        new.rows.write(start, numbers)
        new.sentences.write(sentences, digests[places])
        sentences += len(places)
    return sentences


def _renumbered(
    database: Database, row: SnapshotRow, new_row: NDArray[np.int64], new: Generation, count: int
) -> dict[str, str]:
    """Write the arrays of a snapshot for the new rows; return their SHA-256 by kind."""
    snapshot = open_snapshot(database, row.info.id)
    postings, living = snapshot.words.postings, snapshot.mapped.living
    terms = combine([postings.base, postings.delta], living).renumbered(new_row)
    alive = np.zeros(count, np.bool_)
    alive[new_row[np.flatnonzero(living)]] = True
    return write_arrays(database.folder, base_of([terms], alive), alive, new.vectors.map(count), {})


def rebuild_damaged_arrays(database: Database, snapshot: str) -> None:
    """Derive the arrays of a snapshot once more if any of them was altered or is missing."""
    with database.reading() as connection:
        names = array_names(connection, find_snapshot(connection, snapshot).number)
    try:
        if names.keys() | {CODES} != KINDS:
            raise StoreDamagedError("the kind of an array was altered")
        for name in names.values():
            ArrayFolder(database.folder / ARRAYS).check(name)
    except StoreDamagedError:
        rebuild_arrays(database, snapshot)


def rebuild_arrays(database: Database, snapshot: str | None) -> None:
    """Derive the arrays of a snapshot once more from its documents, by its id or the live one."""
    with database.reading() as connection:
        row = find_snapshot(connection, snapshot)
        versions = connection.execute(
            f"SELECT {VERSION} FROM versions JOIN memberships ON version = versions.id "
            "AND ? BETWEEN first AND last ORDER BY first_row",
            [row.number],
        ).fetchall()
        read = (Version(version, connection) for version in versions)
        terms, _ = count_terms((version.chunked(), version.first_row) for version in read)
    alive = np.zeros(row.rows, np.bool_)
    for version in versions:
        first = version["first_row"]
        alive[first : first + version["passages"]] = True
    files = Generation.of(database.folder, row.generation, row.info.made_by.dimension)
    with errors_explained(database.folder):
        vectors = files.vectors.map(row.rows)
        names = write_arrays(database.folder, base_of([terms], alive), alive, vectors, {})
    with database.transaction() as connection:
        set_arrays(connection, row.number, names)


def cut_uncommitted(database: Database) -> None:
    """Give back the room of a draft that failed: bytes behind the committed rows, and its rows."""
    with database.reading() as connection:
        generations = connection.execute(
            "SELECT number, dimension, rows, sentences FROM generations"
        ).fetchall()
    for number, dimension, *counts in generations:
        Generation.of(database.folder, number, dimension).cut(*counts)
    with database.transaction() as connection:
        forget_uncommitted(connection)
    database.shorten_log(always=True)


def remove_unused_files(database: Database) -> None:
    """Remove files that the database does not name."""
    with database.reading() as connection:
        arrays = {name for (name,) in connection.execute("SELECT DISTINCT sha256 FROM arrays")}
        generations = {str(n) for (n,) in connection.execute("SELECT number FROM generations")}
    ArrayFolder(database.folder / ARRAYS).keep_only(arrays)
    for path in (database.folder / VECTORS).glob("*.*"):
        if path.stem not in generations:
            path.unlink(missing_ok=True)


def _rename(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    number: int,
    rows: int,
    sentences: int,
    ranges: NDArray[np.int64],
) -> None:
    """Have versions, passages and snapshots name the new generation and its rows."""
    old = row["number"]
    connection.execute(
        "INSERT INTO generations (number, model_name, model_fingerprint, backend, dimension, rows,"
        " sentences) SELECT ?, model_name, model_fingerprint, backend, dimension, ?, ?"
        " FROM generations WHERE number = ?",
        (number, rows, sentences, old),
    )
    starts = np.cumsum(ranges[:, 1]) - ranges[:, 1]
    connection.execute(
        "CREATE TEMP TABLE cuts (old INTEGER PRIMARY KEY, size INTEGER, new INTEGER)"
    )
    cuts = np.column_stack([ranges, starts]).tolist()
    connection.executemany("INSERT INTO cuts VALUES (?, ?, ?)", cuts)
    connection.execute(
        "INSERT INTO passages (generation, row, start, stop, section, sentences, embedded, boxes)"
        " SELECT ?, row - old + new, start, stop, section, sentences, embedded, boxes"
        " FROM cuts JOIN passages ON generation = ? AND row >= old AND row < old + size",
        (number, old),
    )
    connection.execute("DELETE FROM passages WHERE generation = ?", [old])
    connection.execute(
        "UPDATE versions SET generation = ?,"
        " first_row = (SELECT new FROM cuts WHERE old = first_row) WHERE generation = ?",
        (number, old),
    )
    connection.execute(
        "UPDATE snapshots SET generation = ?, rows = ?, row_sentences = ? WHERE generation = ?",
        (number, rows, sentences, old),
    )
    connection.execute("DROP TABLE cuts")
    connection.execute("DELETE FROM generations WHERE number = ?", [old])
    connection.execute("DELETE FROM blocks WHERE CAST(file AS INTEGER) = ?", [old])
