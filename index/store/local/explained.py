"""Errors of SQLite and of the file system, as errors that say what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import StoreBusyError, StoreDamagedError, StoreError
from index.store.local.schema import DATABASE

_FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
}


@contextmanager
def errors_explained(folder: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into a StoreError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise busy(folder) from error
        if code in _FULL:
            raise unwritable(folder, str(error)) from error
        raise damaged(error) from error
    except UnicodeDecodeError as error:  # of a name in the schema
        raise damaged(error) from error
    except OSError as error:
        raise unwritable(folder, error.strerror or str(error)) from error


def damaged(error: Exception) -> StoreDamagedError:
    """Return the error that SQLite cannot read the database."""
    return StoreDamagedError(f"{DATABASE}: {' '.join(str(error).split())}")


def busy(folder: Path) -> StoreBusyError:
    """Return the error that another process writes."""
    return StoreBusyError(
        f"Another process is writing the store {folder}; wait until it is done and try again."
    )


def unwritable(folder: Path, reason: str) -> StoreError:
    """Return the error of a full disk or a forbidden folder."""
    return StoreError(
        f"The store {folder} cannot be written: {reason}. What it held is unchanged; make room "
        "there, or choose another place with --store."
    )
