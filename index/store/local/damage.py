"""Finding damage by checksums, and setting a database aside that SQLite cannot read any more."""

import sqlite3
import time
from contextlib import closing, suppress

from index.errors import StoreDamagedError
from index.progress import Progress
from index.store.local.arrays import ArrayFolder
from index.store.local.database import ARRAYS, Database, check_schema
from index.store.local.explained import errors_explained
from index.store.local.history import (
    SnapshotRow,
    check_counters,
    live_number,
    mend_counters,
    snapshot_rows,
)
from index.store.local.schema import DATABASE
from index.store.local.snapshot import open_snapshot

_GIVEN = ("uploads", "jobs", "feedback", "keys")
_UNREADABLE = sqlite3.Error, UnicodeDecodeError
_FOR_THE_MOMENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,  # too many open files, say
}
"""Errors that say nothing of the file."""


def check_store(database: Database, progress: Progress) -> None:
    """Compare all rows and files of the snapshots that are kept. Raises StoreDamagedError."""
    rows = check_rows(database)
    with database.reading() as connection:
        arrays = [name for (name,) in connection.execute("SELECT DISTINCT sha256 FROM arrays")]
    for name in arrays:
        ArrayFolder(database.folder / ARRAYS).check(name)
    total, done = sum(row.info.documents for row in rows), 0
    for row in rows:
        snapshot = open_snapshot(database, row.info.id)
        passages = 0
        for chunked in snapshot.documents():
            passages += len(chunked.passages)
            done += 1
            progress("Checking", done, total)
        if passages != row.info.passages:
            raise StoreDamagedError(f"passages of snapshot {row.info.id} are missing")


def check_rows(database: Database) -> list[SnapshotRow]:
    """Compare indexes with tables, and the rows of snapshots with their digests; return these."""
    with database.reading() as connection:
        (problem,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if problem != "ok":
            raise StoreDamagedError(f"{DATABASE}: {' '.join(problem.split())}")
        check_counters(connection)
        rows = snapshot_rows(connection)
        live = live_number(connection)
        if live is not None and live not in {row.number for row in rows}:
            raise StoreDamagedError(f"{DATABASE}: the live snapshot is missing")
        return rows


def repair(database: Database) -> str:
    """Set the database aside if it is malformed; return the new name of its file, "" if it is not.

    In one that is not, no snapshot outlives the next one that is published.
    Uploads, jobs, feedback, keys and the registered gold file go into a new database, as far as
    they can be read. If keys cannot be, the service still asks for keys.
    """
    if not database.exists:
        return ""
    with errors_explained(database.folder):
        is_sound = _is_sound(database)
    if is_sound:
        with database.transaction() as connection:
            connection.execute("UPDATE snapshots SET turn = -1")
            connection.execute("UPDATE state SET checked = NULL, aside = NULL")
            mend_counters(connection)
        return ""
    database.close()
    folder = database.folder
    aside = f"damaged-{time.time_ns():016x}-{DATABASE}"
    with errors_explained(folder):
        for suffix in ("", "-wal", "-shm"):
            path = folder / f"{DATABASE}{suffix}"
            if path.exists():
                path.rename(folder / f"{aside}{suffix}")
        database.connect(create=True, anew=True).close()
        old = sqlite3.connect(f"{(folder / aside).absolute().as_uri()}?mode=ro", uri=True)
        with closing(old), database.transaction() as new:
            for table in _GIVEN:
                _take_over(old, new, table)
            new.execute("UPDATE state SET keys_added = 1")
            with suppress(*_UNREADABLE):
                state = old.execute("SELECT gold, keys_added FROM state").fetchone()
                new.execute("UPDATE state SET gold = ?, keys_added = ?", state)
    return aside


def _is_sound(database: Database) -> bool:
    """Tell whether the database can be read. Raises sqlite3.Error if that cannot be told now."""
    try:
        with closing(sqlite3.connect(database.path)) as connection:
            check_schema(connection)
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
            connection.execute("SELECT live FROM state").fetchone()
    except (*_UNREADABLE, StoreDamagedError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FOR_THE_MOMENT:
            raise
        return False
    return bool(found and found[0] == "ok")


def _take_over(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> None:
    """Copy row by row what can be read."""
    row_ids: list[int] = []
    with suppress(*_UNREADABLE):
        row_ids += (row_id for (row_id,) in old.execute(f"SELECT rowid FROM {table}"))
    for row_id in row_ids:
        with suppress(*_UNREADABLE):
            rows = old.execute(f"SELECT * FROM {table} WHERE rowid = ?", [row_id])
            marks = ", ".join("?" * len(rows.description))
            new.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)
