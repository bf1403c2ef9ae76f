"""A store in a folder: `store.sqlite`, `vectors/`, `arrays/`, and two locks."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from index.errors import StoreDamagedError, StoreError, StoreMissingError
from index.progress import Progress, no_progress
from index.store.local import history
from index.store.local.compaction import (
    compact,
    cut_uncommitted,
    rebuild_arrays,
    rebuild_damaged_arrays,
    remove_unused_files,
)
from index.store.local.damage import check_rows, check_store, repair
from index.store.local.database import (
    ARRAYS,
    OUTDATED,
    VECTORS,
    WRITE_LOCK,
    Database,
    files_of,
    is_outdated,
    missing,
    refuse_foreign,
)
from index.store.local.draft import LocalDraft
from index.store.local.explained import busy, errors_explained
from index.store.local.mapped import ArraysDamagedError
from index.store.local.people import (
    LocalFeedback,
    LocalJobs,
    LocalKeys,
    LocalUploads,
    take_over_keys,
)
from index.store.local.purge import purge
from index.store.local.schema import DATABASE
from index.store.local.snapshot import LocalSnapshot, open_snapshot
from index.store.protocols import (
    Callers,
    Draft,
    FeedbackEntries,
    Jobs,
    Keys,
    Snapshot,
    Uploads,
)
from index.store.records import MadeBy, Purge, SnapshotInfo, Standing, StoredDocument

Value = TypeVar("Value")


class LocalStore:
    """A store in a folder; see `index.store.protocols.Store`."""

    def __init__(self, folder: Path, *, keep: int, may_be_made: bool = True) -> None:
        self.folder = folder
        self._keep = keep
        self._database = Database(folder, may_be_made=may_be_made)
        self._write_lock = FileLock(folder / WRITE_LOCK)
        self.uploads: Uploads = LocalUploads(self._database)
        self.jobs: Jobs = LocalJobs(self._database)
        self.feedback: FeedbackEntries = LocalFeedback(self._database)
        self.keys: Keys = LocalKeys(self._database)
        self.callers: Callers | None = None

    @property
    def exists(self) -> bool:
        with suppress(StoreMissingError), self._database.reading() as connection:
            return history.live_number(connection) is not None
        return False

    def close(self) -> None:
        self._database.close()

    # Reading

    def standing(self) -> Standing:
        with self._database.reading() as connection:
            if history.live_number(connection) is None:
                raise missing(self.folder)
            live, checked, aside = connection.execute(
                "SELECT l.id, c.id, a.id FROM state LEFT JOIN snapshots AS l ON l.number = live"
                " LEFT JOIN snapshots AS c ON c.number = checked"
                " LEFT JOIN snapshots AS a ON a.number = aside"
            ).fetchone()
        if live is None:
            raise StoreDamagedError(f"{DATABASE}: the live snapshot is missing")
        return Standing(live, checked, aside)

    def version(self) -> object:
        return self._database.version()

    def catch_up(self) -> None:
        pass  # what is written is read at once

    def live_id(self) -> str:
        return self.standing().live

    def live(self) -> SnapshotInfo:
        self.live_id()  # raises StoreMissingError
        with self._database.reading() as connection:
            return history.find_snapshot(connection, None).info

    def snapshots(self) -> list[SnapshotInfo]:
        with self._database.reading() as connection:
            return [row.info for row in history.snapshot_rows(connection)]

    def open(self, snapshot: str | None = None, *, previous: Snapshot | None = None) -> Snapshot:
        if snapshot is None:
            self.live_id()  # raises StoreMissingError
            self._database.shorten_log()
        before = previous if isinstance(previous, LocalSnapshot) else None
        try:
            return self._unless_written_anew(
                lambda: open_snapshot(self._database, snapshot, before)
            )
        except ArraysDamagedError:
            with self.writing():
                rebuild_arrays(self._database, snapshot)
                self._rebuild_damaged_arrays()
                self._tidy()
        return open_snapshot(self._database, snapshot)

    def check(self, progress: Progress = no_progress) -> None:
        self._unless_written_anew(lambda: check_store(self._database, progress))
        for table in (LocalUploads, LocalJobs, LocalFeedback, LocalKeys):
            table(self._database).check()

    def total_bytes(self) -> int:
        total = 0
        for path in files_of(self.folder):
            with suppress(FileNotFoundError):  # another process may let go of it just now
                total += path.stat().st_size if path.is_file() else 0
        return total

    def stored_documents(self, snapshot: Snapshot) -> tuple[list[StoredDocument], list[str]]:
        assert isinstance(snapshot, LocalSnapshot)  # noqa: S101 (it comes from this store)
        documents: list[StoredDocument] = []
        try:
            documents, damaged = snapshot.stored_documents()
            check_rows(self._database)
        except StoreDamagedError as error:
            damaged = [error.reason]
        return documents, damaged

    # Writing

    @contextmanager
    def writing(self, *, wait_s: float = 0) -> Iterator[None]:
        with errors_explained(self.folder):
            refuse_foreign(self.folder)
            new_folders = self._database.make_folder()
            try:
                self._write_lock.acquire(timeout=wait_s)
            except Timeout:
                raise busy(self.folder) from None
        try:
            yield
        except BaseException:
            self._forget_unpublished(new_folders)
            raise
        finally:
            self._write_lock.release()

    def migrate(self) -> None:
        """Do nothing: to open the database brings it up to date."""

    def draft(
        self,
        made_by: MadeBy,
        parent: Snapshot | None,
        *,
        vectors_from: Sequence[Snapshot] = (),
    ) -> Draft:
        if is_outdated(self.folder) and not self._database.exists:
            self._database.connect(create=True, anew=True).close()
            take_over_keys(self._database, self.folder / "keys")
        before = self._as_it_is_now(parent) if isinstance(parent, LocalSnapshot) else None
        return LocalDraft(self._database, made_by, before, vectors_from, self._keep, self._tidy)

    def _as_it_is_now(self, snapshot: LocalSnapshot) -> LocalSnapshot:
        """Return an open snapshot, opened again if its files were written anew meanwhile."""
        with self._database.reading() as connection:
            row = history.find_snapshot(connection, snapshot.id)
        same = (row.number, row.generation) == (snapshot.row.number, snapshot.row.generation)
        return snapshot if same else open_snapshot(self._database, snapshot.id)

    def publish(self, snapshot: str, *, checked: bool = False) -> None:
        with self._database.transaction() as connection:
            number = history.find_snapshot(connection, snapshot).number
            connection.execute("UPDATE state SET aside = NULL")
            if checked:
                connection.execute("UPDATE state SET checked = ?", [number])
            history.go_live(connection, number, self._keep)
        self._rebuild_damaged_arrays()
        self._tidy()

    def keep_aside(self, snapshot: str) -> None:
        with self._database.transaction() as connection:
            number = history.find_snapshot(connection, snapshot).number
            connection.execute("UPDATE state SET aside = ?", [number])
            history.forget_snapshots(connection, self._keep)
        self._tidy()

    def roll_back(self, snapshot: str | None = None) -> SnapshotInfo:
        self.live_id()  # before a folder is made for the lock
        with self.writing():
            _, older = self._others_published()
            if not snapshot and not older:
                raise StoreError(
                    "No older snapshot is kept: change the sources back and run `pincite index`."
                )
            chosen = snapshot or older[0]
            if chosen not in [info.id for info in self.snapshots()]:
                raise StoreError(
                    f"There is no snapshot {chosen} in the store; `pincite status` lists what is "
                    "kept."
                )
            opened = self.open(chosen)
            with self._database.transaction() as connection:
                number = history.find_snapshot(connection, chosen).number
                history.go_live(connection, number, self._keep, again=True)
            self._tidy()
        return opened.info

    def newer_than_live(self) -> list[str]:
        newer, _ = self._others_published()
        return newer

    def set_calibration(self, snapshot: str, calibration: bytes | None) -> SnapshotInfo:
        self.live_id()  # before a folder is made for the lock
        with self.writing():
            with self._database.transaction() as connection:
                live = history.find_snapshot(connection, None)
                if live.info.id != snapshot:
                    raise StoreError(
                        "The store changed while it was measured, so the calibration was not "
                        "published: run it again."
                    )
                number = history.with_calibration(connection, live, calibration)
                history.go_live(connection, number, self._keep)
                found = history.find_snapshot(connection, None).info
            self._tidy()
        return found

    def gold(self) -> Path | None:
        try:
            with self._database.reading() as connection:
                (gold,) = connection.execute("SELECT gold FROM state").fetchone()
        except StoreMissingError:
            return None
        return Path(os.fsdecode(gold)) if gold is not None else None

    def set_gold(self, gold: Path | None) -> bool:
        before = self.gold()
        if gold is None and before is None:
            return False
        with self.writing():
            with self._database.transaction() as connection:
                path = os.fsencode(gold.absolute()) if gold else None
                connection.execute("UPDATE state SET gold = ?", [path])
                if gold is None:
                    connection.execute("UPDATE state SET checked = NULL, aside = NULL")
                    if history.live_number(connection) is not None:
                        history.forget_snapshots(connection, self._keep)
            self._tidy()
        return before is not None

    def purge(self, progress: Progress = no_progress) -> Purge:
        self.live_id()  # before a folder is made for the lock
        with self.writing():
            return purge(self._database, self.total_bytes, progress)

    def repair(self) -> str:
        return repair(self._database)

    def _unless_written_anew(self, read: Callable[[], Value]) -> Value:
        """Return what is read; again if another process wrote files anew, and removed them."""
        files = self._files()
        while True:
            try:
                return read()
            except StoreDamagedError:
                before, files = files, self._files()
                if files == before:
                    raise

    def _files(self) -> list[tuple[object, ...]]:
        """Return what names the files of all snapshots."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT number, generation, live, kind, sha256 FROM state, snapshots"
                " LEFT JOIN arrays ON arrays.snapshot = number ORDER BY number, kind"
            )
            return [tuple(row) for row in found]

    def _tidy(self) -> None:
        """Remove files that nothing names; a generation that is mostly dead is written anew."""
        with suppress(StoreError, OSError):  # what is left over is removed the next time
            compact(self._database)
            remove_unused_files(self._database)
            for name in OUTDATED if self.exists else ():
                path = self.folder / name
                shutil.rmtree(path, ignore_errors=True)
                path.unlink(missing_ok=True)

    def _others_published(self) -> tuple[list[str], list[str]]:
        """Return what was live after the live snapshot, and before it, each the last one first."""
        with self._database.reading() as connection:
            rows = history.snapshot_rows(
                connection,
                "JOIN state ON snapshots.number = live"
                " OR (turn > 0 AND snapshots.number IS NOT aside)",
            )
        published = [row.info.id for row in rows]
        at = published.index(self.live_id())
        return published[:at], published[at + 1 :]

    def _rebuild_damaged_arrays(self) -> None:
        for snapshot in self.snapshots():
            with suppress(StoreDamagedError):  # that one is no longer of use
                rebuild_damaged_arrays(self._database, snapshot.id)

    def _forget_unpublished(self, new_folders: Sequence[Path]) -> None:
        """Give back the room that an attempt took which failed, on a full disk above all."""
        with suppress(StoreError, OSError):
            if self.exists:
                cut_uncommitted(self._database)
                self._tidy()
                return
            given = self.uploads.all(), self.jobs.pending(), self.feedback.all()
            if any(given) or self.keys.ever_added() or self.gold() is not None:
                return
            self._database.close()
            for path in self.folder.glob(f"{DATABASE}*"):
                path.unlink(missing_ok=True)
            for name in (VECTORS, ARRAYS):
                shutil.rmtree(self.folder / name, ignore_errors=True)
            # Last, and while it is held: who waits for it finds it gone and makes another.
            (self.folder / WRITE_LOCK).unlink()
            for folder in new_folders:
                folder.rmdir()
