"""What people gave: uploads, jobs, feedback and keys, each a row of JSON."""

import dataclasses
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar, Generic, TypeVar

import orjson

from index.errors import GivenDamagedError, StoreError, StoreMissingError
from index.store.postgres.connection import Connection
from index.store.postgres.database import Database, Row
from index.store.postgres.history import select
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


class Table(Generic[Value]):
    """A table of values by their ids, with the bytes that came with each."""

    name: ClassVar[str]
    order: ClassVar[str] = "came"
    kind: type[Value]

    def __init__(self, database: Database) -> None:
        self._database = database

    def _read(self, where: str = "", values: Sequence[object] = ()) -> dict[str, Value]:
        """Return values in the table's order; none if there is no store."""
        rows: list[Row] = []
        with suppress(StoreMissingError):
            query = f"SELECT id, fields FROM {self.name} {where} ORDER BY {self.order}"
            rows = self._database.rows(query, values)
        return {row["id"]: self.kind(**given_from_json(row["fields"])) for row in rows}

    def _content(self, row_id: str) -> bytes | None:
        """Return the bytes that came with a value, None if there are none."""
        query = f"SELECT content FROM {self.name} WHERE id = %s"
        rows = self._database.rows(query, [row_id])
        return rows[0]["content"] if rows else None


def put(
    connection: Connection, table: str, row_id: str, value: Any, content: bytes | None = None
) -> int:
    """Write a value in the place of that with its id; return the size of its JSON."""
    fields = orjson.dumps(dataclasses.asdict(value))
    connection.execute(
        f"INSERT INTO {table} (id, fields, content) VALUES (%(id)s, %(fields)s, %(content)s)"
        " ON CONFLICT (id) DO UPDATE SET queued = true, fields = excluded.fields,"
        " content = excluded.content",
        {"id": row_id, "fields": fields, "content": content},
    )
    return len(fields)


def set_uploads(connection: Connection, changes: Sequence[UploadChange]) -> None:
    """Add, replace and remove uploads."""
    for change in changes:
        if change.upload:
            put(connection, "uploads", change.id, change.upload, change.content)
        else:
            connection.execute("DELETE FROM uploads WHERE id = %s", [change.id])


class PostgresUploads(Table[Upload]):
    """The uploads of a `PostgresStore`; see `index.store.protocols.Uploads`."""

    name, order, kind = "uploads", "id", Upload

    def all(self) -> list[Upload]:
        """Return all uploads by id."""
        return list(self._read().values())

    def find(self, upload_id: str) -> Upload | None:
        """Return an upload; None if there is none of that id."""
        if "\0" in upload_id:  # PostgreSQL takes none
            return None
        return self._read("WHERE id = %s", [upload_id]).get(upload_id)

    def content(self, upload: Upload) -> bytes:
        """Return the original bytes. Raises StoreDamagedError if they are not what was uploaded."""
        content = self._content(upload.id)
        if content is None or hashlib.sha256(content).hexdigest() != upload.sha256:
            raise GivenDamagedError(
                f"upload {upload.id}", f"upload it again with PUT /v1/documents/{upload.id}"
            )
        return content


class PostgresJobs(Table[Job]):
    """The jobs of a `PostgresStore`; see `index.store.protocols.Jobs`."""

    name, kind = "jobs", Job

    def hold(self) -> bool:
        """Try to be the one process that works jobs off, until `release`; tell whether it is.

        Ask before each job: it no longer is once its connection was lost.
        """
        with suppress(StoreMissingError):
            return self._database.lock("jobs")
        return False

    def release(self) -> None:
        """Let another process work jobs off."""
        self._database.unlock("jobs")

    def add(self, job: Job, content: bytes | None) -> None:
        """Queue a job; it is on the disk when this returns."""
        with self._database.transaction() as connection:
            put(connection, "jobs", job.id, job, content)

    def find(self, job_id: str) -> Job | None:
        """Return a job; None if there is none of that id, or no longer."""
        is_id = JOB_ID.fullmatch(job_id)
        return self._read("WHERE id = %s", [job_id]).get(job_id) if is_id else None

    def pending(self) -> list[Job]:
        """Return the jobs that are not finished, in the order in which they came."""
        return list(self._read("WHERE queued").values())

    def content(self, job: Job) -> bytes | None:
        """Return the bytes to index; None if they are gone."""
        return self._content(job.id)

    def finish(self, job: Job) -> None:
        """Write down what became of a job, and let go of its content and of old finished jobs."""
        with self._database.transaction() as connection:
            put(connection, "jobs", job.id, job)
            connection.execute("UPDATE jobs SET queued = false WHERE id = %s", [job.id])
            connection.execute(
                "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE NOT queued "
                "ORDER BY came DESC OFFSET %s)",
                [MOST_FINISHED],
            )


class PostgresFeedback(Table[Feedback]):
    """The feedback of a `PostgresStore`; see `index.store.protocols.FeedbackEntries`."""

    name, kind = "feedback", Feedback

    def add(self, entry: Feedback) -> None:
        """Keep an entry; it is on the disk when this returns."""
        with self._database.transaction() as connection:
            size = put(connection, "feedback", entry.id, entry)
            (row,) = select(
                connection,
                "SELECT count(*) AS count, sum(length(fields))::bigint AS total FROM feedback",
            )
            count, total = row["count"], row["total"]
            if count > MOST_FEEDBACK or total > MOST_FEEDBACK_BYTES:
                raise FeedbackFullError(
                    f"{count - 1} entries of feedback ({total - size:,} bytes) are kept already: "
                    "make gold questions of them with `pincite feedback gold` and remove them with "
                    "`pincite feedback remove --all`."
                )

    def all(self) -> list[Feedback]:
        """Return the entries in the order in which they came."""
        return list(self._read().values())

    def remove(self, ids: Sequence[str] | None = None) -> int:
        """Forget entries, all where no ids are given; return how many."""
        with self._database.transaction() as connection:
            stored = {row["id"] for row in select(connection, "SELECT id FROM feedback")}
            wanted = stored if ids is None else set(ids)
            for unknown in sorted(wanted - stored):
                raise StoreError(
                    f"There is no feedback {unknown!r}: `pincite feedback list` tells which there "
                    "is."
                )
            connection.execute("DELETE FROM feedback WHERE id = ANY(%s)", [list(wanted)])
        return len(wanted)


class PostgresKeys(Table[Key]):
    """The API keys of a `PostgresStore`; see `index.store.protocols.Keys`."""

    name, kind = "keys", Key

    def ever_added(self) -> bool:
        """Tell whether a key was ever added, even if all were removed since."""
        with suppress(StoreMissingError):
            return any(
                row["keys_added"] for row in self._database.rows("SELECT keys_added FROM state")
            )
        return False

    def all(self) -> list[Key]:
        """Return the keys in the order they were added."""
        return sorted(self._read().values(), key=lambda key: (key.created, key.name))

    def find(self, secret_sha256: str) -> Key | None:
        """Return the key of a secret, if any."""
        return self._read("WHERE id = %s", [secret_sha256]).get(secret_sha256)

    def add(self, secret_sha256: str, key: Key) -> bool:
        """Add a key; return False, and add nothing, where the name is taken."""
        with self._database.transaction() as connection:
            # Who adds one waits for the other.
            connection.execute("UPDATE state SET keys_added = true")
            rows = select(connection, "SELECT fields FROM keys")
            if any(given_from_json(row["fields"])["name"] == key.name for row in rows):
                return False
            put(connection, "keys", secret_sha256, key)
        return True

    def remove(self, name: str) -> bool:
        """Remove a key by its name; tell whether there was one."""
        with self._database.transaction() as connection:
            rows = select(connection, "SELECT id, fields FROM keys")
            named = [row["id"] for row in rows if given_from_json(row["fields"])["name"] == name]
            connection.execute("DELETE FROM keys WHERE id = ANY(%s)", [named])
        return bool(named)
