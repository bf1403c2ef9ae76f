"""A store on a PostgreSQL server: tables in a schema of its own, and advisory locks."""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg import sql

from index.errors import StoreDamagedError, StoreError, StoreMissingError
from index.progress import Progress, no_progress
from index.store.postgres import history, partitions
from index.store.postgres.address import ServerAddress
from index.store.postgres.callers import PostgresCallers
from index.store.postgres.connection import LOOK_S
from index.store.postgres.database import Database
from index.store.postgres.draft import PostgresDraft
from index.store.postgres.history import SNAPSHOTS, SnapshotRow, select, snapshot_of
from index.store.postgres.people import (
    PostgresFeedback,
    PostgresJobs,
    PostgresKeys,
    PostgresUploads,
)
from index.store.postgres.purge import purge
from index.store.postgres.snapshot import PostgresSnapshot
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

_GIVEN = ("uploads", "jobs", "feedback")
_TRIES = 20
_DROP_WAITS = "SET LOCAL lock_timeout = '500ms'"
"""Less than after what time PostgreSQL looks for who waits in a ring, and has one of them fail."""


class PostgresStore:
    """A store on a server; see `index.store.protocols.Store`."""

    folder: Path | None = None

    def __init__(self, address: ServerAddress, *, keep: int, may_be_made: bool = True) -> None:
        self.location = address
        self._keep = keep
        self._database = Database(address, may_be_made=may_be_made)
        self.uploads: Uploads = PostgresUploads(self._database)
        self.jobs: Jobs = PostgresJobs(self._database)
        self.feedback: FeedbackEntries = PostgresFeedback(self._database)
        self.keys: Keys = PostgresKeys(self._database)
        self.callers: Callers | None = PostgresCallers(self._database)

    @property
    def exists(self) -> bool:
        """Whether a snapshot was ever published here."""
        with suppress(StoreMissingError):
            return any(row["live"] for row in self._database.rows("SELECT live FROM state"))
        return False

    def close(self) -> None:
        """Close the connections; the next use opens them again."""
        self._database.close()

    # Reading

    def standing(self) -> Standing:
        """Return which snapshots are named."""
        rows = self._database.rows(
            "SELECT state.live AS number, l.id AS live, c.id AS checked, a.id AS aside FROM state"
            " LEFT JOIN snapshots AS l ON l.number = live"
            " LEFT JOIN snapshots AS c ON c.number = checked"
            " LEFT JOIN snapshots AS a ON a.number = aside"
        )
        if not rows or rows[0].pop("number") is None:
            raise self._database.missing()
        if rows[0]["live"] is None:
            raise StoreDamagedError("the live snapshot is missing")
        return Standing(**rows[0])

    def version(self) -> object:
        """Return a value that changes whenever anything is written."""
        return self._database.seen()

    def live_id(self) -> str:
        """Return the id of the live snapshot."""
        return self.standing().live

    def live(self) -> SnapshotInfo:
        """Return what the live snapshot holds and was made with."""
        return self._row(None).info

    def snapshots(self) -> list[SnapshotInfo]:
        """Return the snapshots that are kept, the one published last first."""
        rows = self._database.rows(f"{SNAPSHOTS} WHERE turn >= 0 ORDER BY turn DESC, number DESC")
        return [snapshot_of(row).info for row in rows]

    def open(
        self, snapshot: str | None = None, *, previous: Snapshot | None = None
    ) -> PostgresSnapshot:
        """Open a snapshot that is kept, by default the live one."""
        before = previous if isinstance(previous, PostgresSnapshot) else None
        for _ in range(_TRIES):
            row = self._row(snapshot)
            if before is not None and before.row == row:
                return before
            is_there = self._database.holds.hold(row.number)
            try:
                if is_there:  # and stays
                    return PostgresSnapshot(self._database, row, self._still_there(before))
            except BaseException:
                self._database.holds.release(row.number)
                raise
            self._database.holds.release(row.number)
            time.sleep(LOOK_S)  # what answers questions may be behind
        raise StoreError("Snapshots are published faster than they can be opened; try again.")

    def catch_up(self) -> None:
        """Wait until questions are answered from what was written last, some seconds at most."""
        self._database.catch_up()

    def _still_there(self, before: PostgresSnapshot | None) -> PostgresSnapshot | None:
        """Return a snapshot unless it is gone: nothing can be read as a difference to it then."""
        query = f"{SNAPSHOTS} WHERE snapshots.number = %s"
        rows = self._database.rows(query, [before.row.number]) if before else []
        return before if before and [snapshot_of(row) for row in rows] == [before.row] else None

    def check(self, progress: Progress = no_progress) -> None:
        """Compare texts with their digests and counts with rows. Raises StoreDamagedError.

        The server itself compares the checksums of its pages, where it keeps them.
        """
        kept = self.snapshots()
        total, done = sum(info.documents for info in kept), 0
        for info in kept:
            documents = passages = 0
            for chunked in self.open(info.id).documents():
                document = chunked.document
                if hashlib.sha256(document.text.encode()).hexdigest() != document.text_sha256:
                    raise StoreDamagedError(f"the text of {document.source} was altered")
                documents, passages = documents + 1, passages + len(chunked.passages)
                done += 1
                progress("Checking", done, total)
            if (documents, passages) != (info.documents, info.passages):
                raise StoreDamagedError(f"documents of snapshot {info.id} are missing")
        for upload in self.uploads.all():
            self.uploads.content(upload)

    def total_bytes(self) -> int:
        """Return how much disk the store's tables and indexes take."""
        size = self._database.total_bytes()
        with suppress(StoreError), self._database.reading() as connection:
            size += partitions.total_bytes(connection)
        return size

    def stored_documents(self, snapshot: Snapshot) -> tuple[list[StoredDocument], list[str]]:
        """Return what tells a snapshot's documents apart, and what is damaged."""
        assert isinstance(snapshot, PostgresSnapshot)  # noqa: S101 (it comes from this store)
        documents = snapshot.stored_documents()
        try:
            damaged = snapshot.damaged()
        except StoreDamagedError as error:  # a table is gone
            damaged = [error.reason]
        if len(documents) != snapshot.info.documents:
            damaged.append(f"documents of snapshot {snapshot.id} are missing")
        return documents, damaged

    # Writing

    @contextmanager
    def writing(self, *, wait_s: float = 0) -> Iterator[None]:
        """Hold the store for writing snapshots; a new one that nothing came to is removed again."""
        with self._database.writing(wait_s):
            try:
                yield
            except BaseException:
                with suppress(StoreError):
                    self._forget_unpublished()
                raise

    def migrate(self) -> None:
        """Bring a store of an earlier Pincite up to date."""
        self._database.migrate()

    def draft(
        self,
        made_by: MadeBy,
        parent: Snapshot | None,
        *,
        vectors_from: Sequence[Snapshot] = (),
    ) -> Draft:
        """Begin the next snapshot; the caller holds the store for writing."""
        before = parent if isinstance(parent, PostgresSnapshot) else None
        return PostgresDraft(self._database, made_by, before, vectors_from, self._keep)

    def publish(self, snapshot: str, *, checked: bool = False) -> None:
        """Make a committed snapshot live. What was kept aside is let go of."""
        with self._database.transaction() as connection:
            number = history.find_snapshot(connection, snapshot).number
            connection.execute("UPDATE state SET aside = NULL")
            if checked:
                connection.execute("UPDATE state SET checked = %s", [number])
            history.go_live(connection, number, self._keep, self._database.class_key)
            self._database.tell(connection)
        self._forget_content()

    def keep_aside(self, snapshot: str) -> None:
        """Keep a committed snapshot that a gate refused, in the place of the one before."""
        with self._database.transaction() as connection:
            number = history.find_snapshot(connection, snapshot).number
            connection.execute("UPDATE state SET aside = %s", [number])
            history.forget_snapshots(connection, self._keep, self._database.class_key)
            self._database.tell(connection)
        self._forget_content()

    def roll_back(self, snapshot: str | None = None) -> SnapshotInfo:
        """Make a snapshot that is kept live again, by default the one before the live one."""
        self.live_id()  # raises StoreMissingError
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
            with self._database.transaction() as connection:
                row = history.find_snapshot(connection, chosen)
                lock = self._database.class_key
                history.go_live(connection, row.number, self._keep, lock, again=True)
                self._database.tell(connection)
            self._forget_content()
        return row.info

    def newer_than_live(self) -> list[str]:
        """Return the snapshots that were live after the one that is live again, last one first."""
        newer, _ = self._others_published()
        return newer

    def set_calibration(self, snapshot: str, calibration: bytes | None) -> SnapshotInfo:
        """Publish the live snapshot with another calibration, or none."""
        self.live_id()  # raises StoreMissingError
        with self.writing():
            with self._database.transaction() as connection:
                live = history.find_snapshot(connection, None)
                if live.info.id != snapshot:
                    raise StoreError(
                        "The store changed while it was measured, so the calibration was not "
                        "published: run it again."
                    )
                number = history.with_calibration(connection, live, calibration)
                history.go_live(connection, number, self._keep, self._database.class_key)
                self._database.tell(connection)
                row = history.find_snapshot(connection, None)
            self._forget_content()
        return row.info

    def gold(self) -> Path | None:
        """Return the file of gold questions that new snapshots must pass; None for none."""
        with suppress(StoreMissingError):
            rows = self._database.rows("SELECT gold FROM state")
            return next((Path(os.fsdecode(row["gold"])) for row in rows if row["gold"]), None)
        return None

    def set_gold(self, gold: Path | None) -> bool:
        """Register a gold file, or none; tell whether there was one before."""
        before = self.gold()
        if gold is None and before is None:
            return False
        with self.writing():
            with self._database.transaction() as connection:
                path = os.fsencode(gold.absolute()) if gold else None
                connection.execute("UPDATE state SET gold = %s", [path])
                if gold is None:
                    connection.execute("UPDATE state SET checked = NULL, aside = NULL")
                    history.forget_snapshots(connection, self._keep, self._database.class_key)
                self._database.tell(connection)
            self._forget_content()
        return before is not None

    def purge(self, progress: Progress = no_progress) -> Purge:
        """Forget all but the live snapshot and what people gave, and prove that it is gone."""
        self.live_id()  # raises StoreMissingError
        with self.writing():
            return purge(self._database, self.open(), self.total_bytes, progress)

    def repair(self) -> str:
        """Let no snapshot outlive the next one that is published; nothing is set aside.

        What is left of lost tables can be read again.
        """
        with suppress(StoreMissingError), self._database.transaction() as connection:
            partitions.drop_lost(connection)
            connection.execute("UPDATE snapshots SET turn = -1")
            connection.execute("UPDATE state SET checked = NULL, aside = NULL")
        return ""

    def _row(self, snapshot: str | None) -> SnapshotRow:
        """Return a snapshot by its id, or the live one."""
        if snapshot is None:
            self.live_id()  # raises StoreMissingError
            rows = self._database.rows(f"{SNAPSHOTS} JOIN state ON snapshots.number = live")
        else:
            query = f"{SNAPSHOTS} WHERE id = %s AND turn >= 0 ORDER BY snapshots.number DESC"
            rows = self._database.rows(query, [snapshot])
        if not rows:
            raise StoreDamagedError(f"snapshot {snapshot or ''} is missing")
        return snapshot_of(rows[0])

    def _others_published(self) -> tuple[list[str], list[str]]:
        """Return what was live after the live snapshot, and before it, each the last one first."""
        rows = self._database.rows(
            "SELECT id, snapshots.number = live AS is_live FROM snapshots, state WHERE"
            " snapshots.number = live OR (turn > 0 AND snapshots.number IS DISTINCT FROM aside)"
            " ORDER BY turn DESC"
        )
        published = [row["id"] for row in rows]
        if not any(row["is_live"] for row in rows):
            raise self._database.missing()
        at = [row["is_live"] for row in rows].index(True)
        return published[:at], published[at + 1 :]

    def _forget_content(self) -> None:
        """Delete what no snapshot holds any more; what is left goes the next time."""
        with suppress(StoreError):
            history.forget_content(self._database)

    def _forget_unpublished(self) -> None:
        """Remove the rows of an attempt that failed, and a new schema that nothing came to.

        A schema that was made for the role, which may make none, stays; so does one that somebody
        uses. Who gives something while it is dropped waits, and is told that there is no store.
        """
        with self._database.transaction() as connection:
            history.forget_uncommitted(connection)
        with self._database.transaction() as connection:
            connection.execute(_DROP_WAITS)
            # In the order in which who gives something takes them, so that nobody waits in a ring.
            connection.execute(f"LOCK TABLE {', '.join(_GIVEN)}, state")
            given = " UNION ALL ".join(f"(SELECT 1 FROM {name} LIMIT 1)" for name in _GIVEN)
            rows = select(
                connection,
                "SELECT 1 FROM state WHERE live IS NOT NULL OR keys_added OR gold IS NOT NULL"
                " OR NOT has_database_privilege(current_database(), 'CREATE')"
                f" UNION ALL {given}",
            )
            if not rows:
                partitions.drop_all(connection)
                schema = sql.Identifier(self.location.schema)
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(schema))
        if not rows:
            self._database.close()
