"""What people gave: uploads, jobs, feedback and keys, each a row of JSON with its digest."""

import dataclasses
import hashlib
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import orjson
from filelock import FileLock, Timeout

from index.errors import GivenDamagedError, StoreError, StoreMissingError
from index.store.local.database import JOBS_LOCK, Database, insert
from index.store.records import (
    JOB_ID,
    MOST_FEEDBACK,
    MOST_FEEDBACK_BYTES,
    MOST_FINISHED,
    Feedback,
    FeedbackFullError,
    Job,
    Key,
    Upload,
    UploadChange,
    given_from_json,
)

Value = TypeVar("Value")

_DIGEST_BYTES = hashlib.sha256().digest_size
_log = logging.getLogger("pincite")


class Table(Generic[Value]):
    """A table of values by their ids, with the bytes that came with each."""

    name: ClassVar[str]
    advice: ClassVar[str]
    kind: type[Value]

    def __init__(self, database: Database) -> None:
        self._database = database

    def check(self) -> None:
        """Compare every row and its content with their digests. Raises GivenDamagedError."""
        for row_id in self._sound():
            self._content(row_id)

    def _read(
        self, where: str = "", values: Sequence[object] = ()
    ) -> tuple[dict[str, Value], list[bytes]]:
        """Return values in the order of their ids, and the ids of those that were altered.

        There are none if there is no store.
        """
        found, damaged = dict[str, Value](), list[bytes]()
        with suppress(StoreMissingError), self._database.reading() as connection:
            for row_id, fields, digest in connection.execute(
                # An altered bit makes a value NULL, or another type's.
                "SELECT CAST(ifnull(id, '') AS BLOB), CAST(ifnull(fields, '') AS BLOB),"
                f" CAST(ifnull(digest, '') AS BLOB) FROM {self.name} {where} ORDER BY id",
                values,
            ).fetchall():
                if _digest(row_id, fields) == digest[:_DIGEST_BYTES]:
                    found[row_id.decode()] = self.kind(**given_from_json(fields))
                else:
                    damaged.append(row_id)
        return found, damaged

    def _sound(self, where: str = "", values: Sequence[object] = ()) -> dict[str, Value]:
        """Return values in the order of their ids. Raises GivenDamagedError."""
        found, damaged = self._read(where, values)
        for row_id in damaged:
            raise self._damaged(row_id)
        return found

    def _content(self, row_id: str) -> bytes | None:
        """Return the bytes that came with a value, None if there are none."""
        query = (
            "SELECT CAST(content AS BLOB), CAST(ifnull(digest, '') AS BLOB)"
            f" FROM {self.name} WHERE "
        )
        row = None
        with self._database.reading() as connection:
            for where in ("id = ?", "+id = ?"):  # without the index, which a bad disk may alter
                row = row or connection.execute(query + where, [row_id]).fetchone()
        content: bytes | None
        content, digest = row or (None, b"")
        if content is not None and hashlib.sha256(content).digest() != digest[_DIGEST_BYTES:]:
            raise self._damaged(row_id.encode())
        return content

    def _damaged(self, row_id: bytes) -> GivenDamagedError:
        name = row_id.decode("utf-8", "replace")
        return GivenDamagedError(f"{self.name.removesuffix('s')} {name}", self.advice.format(name))


def put(
    connection: sqlite3.Connection,
    table: str,
    row_id: str,
    value: Any,
    content: bytes | None = None,
) -> int:
    """Write a value in the place of that with its id; return the size of its JSON."""
    fields = orjson.dumps(dataclasses.asdict(value))
    digest = _digest(row_id.encode(), fields)
    if content is not None:
        digest += hashlib.sha256(content).digest()
    row = {"id": row_id, "fields": fields, "digest": digest, "content": content}
    connection.execute(f"DELETE FROM {table} WHERE id = ?", [row_id])
    insert(connection, table, [row])
    return len(fields)


def _digest(row_id: bytes, fields: bytes) -> bytes:
    return hashlib.sha256(row_id + b"\n" + fields).digest()


def set_uploads(connection: sqlite3.Connection, changes: Sequence[UploadChange]) -> None:
    """Add, replace and remove uploads."""
    for change in changes:
        if change.upload:
            put(connection, "uploads", change.id, change.upload, change.content)
        else:
            connection.execute("DELETE FROM uploads WHERE id = ?", [change.id])


def take_over_keys(database: Database, folder: Path) -> None:
    """Add the keys that an earlier Pincite wrote into a folder, as files SHA256.json.

    One that cannot be read is left out, but the service asks for keys all the same.
    """
    if not folder.is_dir():
        return
    with database.transaction() as connection:
        connection.execute("UPDATE state SET keys_added = 1")
        for path in folder.glob("*.json"):
            with suppress(ValueError, TypeError):
                put(connection, "keys", path.stem, Key(**given_from_json(path.read_bytes())))


class LocalUploads(Table[Upload]):
    """The uploads of a `LocalStore`; see `index.store.protocols.Uploads`."""

    name, kind = "uploads", Upload
    advice = "upload it again with PUT /v1/documents/{}"

    def all(self) -> list[Upload]:
        uploads, damaged = self._read()
        for row_id in damaged:
            _log.warning("%s", self._damaged(row_id))
        return list(uploads.values())

    def find(self, upload_id: str) -> Upload | None:
        return self._read("WHERE id = ?", [upload_id])[0].get(upload_id)

    def content(self, upload: Upload) -> bytes:
        content = self._content(upload.id)
        if content is None or hashlib.sha256(content).hexdigest() != upload.sha256:
            raise self._damaged(upload.id.encode())
        return content


class LocalJobs(Table[Job]):
    """The jobs of a `LocalStore`; see `index.store.protocols.Jobs`."""

    name, kind = "jobs", Job
    advice = "upload its document again"

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._lock = FileLock(database.folder / JOBS_LOCK, timeout=0, thread_local=False)

    def hold(self) -> bool:
        with suppress(Timeout, StoreMissingError):
            if not self._lock.is_locked:
                self._database.make_folder()
                self._lock.acquire()
        return self._lock.is_locked

    def release(self) -> None:
        self._lock.release()

    def add(self, job: Job, content: bytes | None) -> None:
        with self._database.transaction() as connection:
            put(connection, "jobs", job.id, job, content)

    def find(self, job_id: str) -> Job | None:
        is_id = JOB_ID.fullmatch(job_id)
        return self._sound("WHERE id = ?", [job_id]).get(job_id) if is_id else None

    def pending(self) -> list[Job]:
        jobs, damaged = self._read("WHERE queued")
        for row_id in damaged:
            _log.error("%s", self._damaged(row_id))
            with self._database.transaction() as connection:
                connection.execute(
                    "UPDATE jobs SET queued = 0 WHERE CAST(id AS BLOB) = ?", [row_id]
                )
        return list(jobs.values())

    def content(self, job: Job) -> bytes | None:
        return self._content(job.id)

    def finish(self, job: Job) -> None:
        with self._database.transaction() as connection:
            put(connection, "jobs", job.id, job)
            connection.execute("UPDATE jobs SET queued = 0 WHERE id = ?", [job.id])
            connection.execute(
                "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE NOT queued "
                "ORDER BY id DESC LIMIT -1 OFFSET ?)",
                [MOST_FINISHED],
            )


class LocalFeedback(Table[Feedback]):
    """The feedback of a `LocalStore`; see `index.store.protocols.FeedbackEntries`."""

    name, kind = "feedback", Feedback
    advice = "`pincite feedback remove {}`"

    def add(self, entry: Feedback) -> None:
        with self._database.transaction() as connection:
            size = put(connection, "feedback", entry.id, entry)
            count, total = connection.execute(
                "SELECT count(*), sum(length(fields)) FROM feedback"
            ).fetchone()
            if count > MOST_FEEDBACK or total > MOST_FEEDBACK_BYTES:
                raise FeedbackFullError(
                    f"{count - 1} entries of feedback ({total - size:,} bytes) are kept already: "
                    "make gold questions of them with `pincite feedback gold` and remove them with "
                    "`pincite feedback remove --all`."
                )

    def all(self) -> list[Feedback]:
        return list(self._sound().values())

    def remove(self, ids: Sequence[str] | None = None) -> int:
        with self._database.transaction() as connection:
            stored = {row_id for (row_id,) in connection.execute("SELECT id FROM feedback")}
            wanted = stored if ids is None else set(ids)
            for unknown in sorted(wanted - stored):
                raise StoreError(
                    f"There is no feedback {unknown!r}: `pincite feedback list` tells which there "
                    "is."
                )
            connection.executemany("DELETE FROM feedback WHERE id = ?", [(i,) for i in wanted])
        return len(wanted)


class LocalKeys(Table[Key]):
    """The API keys of a `LocalStore`; see `index.store.protocols.Keys`."""

    name, kind = "keys", Key
    advice = "`pincite key add NAME` makes another"

    def ever_added(self) -> bool:
        with suppress(StoreMissingError), self._database.reading() as connection:
            query = "SELECT keys_added OR EXISTS (SELECT 1 FROM keys) FROM state"
            return any(bool(added) for (added,) in connection.execute(query))
        return False

    def all(self) -> list[Key]:
        return sorted(self._read()[0].values(), key=lambda key: (key.created, key.name))

    def find(self, secret_sha256: str) -> Key | None:
        return self._read("WHERE id = ?", [secret_sha256])[0].get(secret_sha256)

    def add(self, secret_sha256: str, key: Key) -> bool:
        with self._database.transaction() as connection:
            if any(other.name == key.name for other in self.all()):
                return False
            self._forget(connection)
            put(connection, "keys", secret_sha256, key)
            connection.execute("UPDATE state SET keys_added = 1")
        return True

    def remove(self, name: str) -> bool:
        with self._database.transaction() as connection:
            return self._forget(connection, name)

    def _forget(self, connection: sqlite3.Connection, name: str | None = None) -> bool:
        """Forget the key of a name, and those that cannot be read; tell whether it was there."""
        keys, damaged = self._read()
        named = [row_id.encode() for row_id, key in keys.items() if key.name == name]
        connection.executemany(
            "DELETE FROM keys WHERE CAST(id AS BLOB) = ?", [(i,) for i in (*named, *damaged)]
        )
        return bool(named)
