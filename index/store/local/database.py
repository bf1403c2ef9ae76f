"""The SQLite file of a store: connections, transactions, and what may lie beside it."""

import os
import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

from index.errors import (
    StoreDamagedError,
    StoreError,
    StoreMissingError,
    StoreOutdatedError,
)
from index.store.collection import COLLECTIONS
from index.store.local.explained import damaged, errors_explained
from index.store.local.schema import APPLICATION_ID, DATABASE, MIGRATIONS

VECTORS = "vectors"
ARRAYS = "arrays"
WRITE_LOCK = "write.lock"
JOBS_LOCK = "jobs.lock"
OUTDATED = ("live.json", "snapshots", "objects", "uploads", "jobs", "feedback", "keys", "gold.json")
"""What lies in the folder of a store that an earlier Pincite wrote."""

_OWN = re.compile(rf"{DATABASE}(-wal|-shm|-journal)?|damaged-.*")
_OLDEST_SQLITE = 3, 35
"""The first one with RETURNING."""
_OTHERS_WAIT_S = 30.0
_READER_KIB, _WRITER_KIB = 4_000, 32_000
"""What SQLite keeps in memory for a connection: a snapshot keeps documents itself."""
_LOG_BYTES = 8 << 20
"""A longer log is brought into the file, and made shorter once nobody reads it any more."""
_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|9p|afs|ncpfs|fuse\.(sshfs|glusterfs|s3fs|rclone)|ceph|lustre"
)


class Database:
    """The database in a store's folder: one connection to read with, and one to write with.

    Threads may share it; they take turns.
    """

    def __init__(self, folder: Path, *, may_be_made: bool = True) -> None:
        self.folder = folder
        self._may_be_made = may_be_made
        self.path = folder / DATABASE
        self._reading: sqlite3.Connection | None = None
        self._writing: sqlite3.Connection | None = None
        self._read_file: tuple[int, int] | None = None
        self._written_file: tuple[int, int] | None = None
        self._opened = self._modified = 0
        self._copied: tuple[int, ...] = ()
        self._read_turn = threading.RLock()
        self._write_turn = threading.RLock()

    def __del__(self) -> None:
        """Close the connections: the last one of all brings the log into the file."""
        self.close()

    @property
    def exists(self) -> bool:
        """Whether the file is there. Raises StoreError if that cannot be told."""
        return self.file() is not None

    def file(self) -> tuple[int, int] | None:
        """Return what tells the file from another of its name; None if there is none."""
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read: {error.strerror}.") from error
        self._modified = found.st_mtime_ns
        return found.st_dev, found.st_ino

    def version(self) -> tuple[object, ...]:
        """Return a value that is another one after each change that another connection made.

        That is also so after the log was copied into the file: who began to read before keeps the
        log from being emptied.
        """
        with self.reading() as connection:
            (changes,) = connection.execute("PRAGMA data_version").fetchone()
            return self._opened, changes, self._modified, self._copied

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection to read with. Raises StoreMissingError if there is no database."""
        with errors_explained(self.folder), self._read_turn:
            file = self.file()
            if self._reading is None or file != self._read_file:
                self._reading = self.connect()
                self._read_file = file
                self._opened += 1
            yield self._reading

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for changes that are made all or none, and are on the disk then."""
        with errors_explained(self.folder), self._write_turn:
            if self._writing and self._writing.in_transaction:  # part of one that is under way
                yield self._writing
                return
            if self._writing is None or self.file() != self._written_file:
                self._writing = self.connect(create=True)
                self._written_file = self.file()
            with _all_or_nothing(self._writing):
                yield self._writing

    def shorten_log(self, *, always: bool = False) -> None:
        """Bring a long log into the file, as far as nobody still reads what was before.

        SQLite does so after a write, but then the snapshot that a service has open is always older.
        Where all of the log is in the file, who opens a snapshot does not need the log, and the
        next write begins it anew. With `always` the log is emptied, if nobody reads it just now.
        """
        with suppress(OSError, StoreError):
            if always or self._log_bytes() > _LOG_BYTES:
                with self.reading() as connection:
                    connection.execute("PRAGMA busy_timeout = 0")
                    how = "TRUNCATE" if always else "PASSIVE"
                    copied = connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
                    connection.execute(f"PRAGMA busy_timeout = {int(1000 * _OTHERS_WAIT_S)}")
                    self._copied = tuple(copied)

    def connect(self, *, create: bool = False, anew: bool = False) -> sqlite3.Connection:
        """Open a connection. Raises StoreMissingError, StoreError for a foreign file.

        Only with `anew` a database is created beside a store that an earlier Pincite wrote, or in
        the place of one that was damaged.
        """
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise StoreError(
                f"This Python has SQLite {sqlite3.sqlite_version}; Pincite needs "
                f"{'.'.join(map(str, _OLDEST_SQLITE))} or newer: use another build of Python."
            )
        may_be_made = self._may_be_made and not is_outdated(self.folder)
        if not self.exists and not (create and (anew or may_be_made)):
            raise missing(self.folder)
        if create:
            refuse_foreign(self.folder)
            self.make_folder()
            self.path.touch(0o600)
        with errors_explained(self.folder):
            try:
                return self._connect("rwc" if create else "rw")
            except sqlite3.OperationalError as error:
                no_room = sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR
                if create or self._log_bytes() or error.sqlite_errorcode & 0xFF not in no_room:
                    raise
                return self._connect("ro&immutable=1")  # no room for what readers share

    def make_folder(self) -> list[Path]:
        """Make the folder if need be; return what was made, the innermost first.

        Raises StoreMissingError if it may not be made.
        """
        if self._may_be_made:
            new = [path for path in (self.folder, *self.folder.parents) if not path.exists()]
            self.folder.mkdir(parents=True, exist_ok=True)
            return new
        if not self.exists:
            raise missing(self.folder)
        return []

    def _log_bytes(self) -> int:
        log = self.path.with_name(f"{DATABASE}-wal")
        return log.stat().st_size if log.exists() else 0

    def _connect(self, mode: str) -> sqlite3.Connection:
        if mode == "rw" and not os.access(self.folder, os.W_OK):
            # Without a log to read nobody writes there; a new one could not be made.
            mode = "ro" if self._log_bytes() else "ro&immutable=1"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=_OTHERS_WAIT_S,
            check_same_thread=False,
        )
        connection.row_factory = sqlite3.Row
        # Text that a bad disk altered is told from its digest, not by an error of decoding.
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        try:
            _prepare(connection, self.folder, create=mode == "rwc")
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Close both connections; the next use opens them again."""
        with self._read_turn, self._write_turn:
            for connection in (self._reading, self._writing):
                if connection:
                    connection.close()
            self._reading = self._writing = None


@contextmanager
def _all_or_nothing(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk may have ended it already
            connection.execute("ROLLBACK")
        raise


def _prepare(connection: sqlite3.Connection, folder: Path, *, create: bool) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = _version(connection)
    if application != APPLICATION_ID:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables or application:
            raise StoreError(
                f"{folder / DATABASE} is no store of Pincite: name another folder with --store."
            )
        if not create:
            raise missing(folder)
    if version > len(MIGRATIONS):
        raise StoreError(
            f"The store at {folder} was written by a newer Pincite, in version {version}; this one "
            f"reads {len(MIGRATIONS)}: update Pincite, or name another folder with --store."
        )
    if version < len(MIGRATIONS) or create:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA cache_size = {-_WRITER_KIB if create else -_READER_KIB}")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    while version < len(MIGRATIONS):
        with _all_or_nothing(connection):
            version = _version(connection)  # another process may have been faster
            for statement in MIGRATIONS[version] if version < len(MIGRATIONS) else ():
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            version = min(version + 1, len(MIGRATIONS))
            connection.execute(f"PRAGMA user_version = {version}")
    check_schema(connection)


def check_schema(connection: sqlite3.Connection) -> None:
    """Raise StoreDamagedError if the schema is not that of the migrations."""
    if _schema_of(connection) != _expected_schema(MIGRATIONS):
        raise StoreDamagedError(f"{DATABASE}: its schema was altered")


def _schema_of(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return {tuple(row) for row in found}


@cache
def _expected_schema(migrations: tuple[tuple[str, ...], ...]) -> set[tuple[str, ...]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in chain.from_iterable(migrations):
            connection.execute(statement)
        return _schema_of(connection)


def select(
    connection: sqlite3.Connection, query: str, values: Sequence[object] | dict[str, object] = ()
) -> list[sqlite3.Row]:
    """Return the rows of a query. Raises StoreDamagedError where they cannot be read."""
    try:
        return connection.execute(query, values).fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise damaged(error) from error


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def missing(folder: Path) -> StoreError:
    """Return the error that there is no store, or only one of an earlier Pincite."""
    if is_outdated(folder):
        return StoreOutdatedError(folder)
    if folder.parent.name == COLLECTIONS:
        return StoreMissingError(
            f"There is no collection {folder.name} in {folder.parent.parent}: `pincite index "
            f"SOURCE… --collection {folder.name}` makes it, `pincite collections` lists those that "
            "there are."
        )
    return StoreMissingError(
        f"There is no store at {folder}: run `pincite index SOURCE…` first, "
        "or name another with --store."
    )


def is_outdated(folder: Path) -> bool:
    """Tell whether a folder holds a store that an earlier Pincite wrote, and no snapshot since."""
    return (folder / "objects").is_dir()


def refuse_foreign(folder: Path) -> None:
    """Raise StoreError for a folder with a user's own files, or on a network file system."""
    own = {VECTORS, ARRAYS, WRITE_LOCK, JOBS_LOCK, COLLECTIONS}
    if is_outdated(folder):
        own.update(OUTDATED)
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder} is a file: name an empty or new folder with --store.")
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    for name in names:
        if name not in own and not _OWN.fullmatch(name):
            raise StoreError(
                f"{folder} holds other files ({name}): name an empty or new folder with --store."
            )
    if kind := network_file_system(folder):
        raise StoreError(
            f"{folder} lies on a network file system ({kind}), where SQLite may lose what it "
            "holds: name a folder on a local disk with --store."
        )


def files_of(folder: Path) -> Iterator[Path]:
    """Yield the files of a store, without those of the other collections below it."""
    for above, folders, names in os.walk(folder):
        if Path(above) == folder and COLLECTIONS in folders:
            folders.remove(COLLECTIONS)
        yield from (Path(above, name) for name in names)


def network_file_system(folder: Path, mounts: str = "/proc/self/mounts") -> str:
    """Return the kind of network file system that a folder lies on; "" for a local disk."""
    try:
        lines = Path(mounts).read_text("utf-8", "replace").splitlines()
    except OSError:  # a system without such a list
        return ""
    mounted = [line.split()[1:3] for line in lines if len(line.split()) > 2]
    above = folder.absolute().resolve()
    inside = [
        (len(place), kind)
        for place, kind in mounted
        if above.is_relative_to(place.replace("\\040", " "))
    ]
    kind = max(inside, default=(0, ""))[1]
    return kind if _NETWORK.fullmatch(kind) else ""


def insert(connection: sqlite3.Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of the same columns."""
    if rows:
        names = list(rows[0])
        marks = ", ".join(f":{name}" for name in names)
        connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
