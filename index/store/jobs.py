"""Uploads that wait to be indexed: on the disk, so that they outlive a restart.

`jobs/ID.json` says what is to be done, `jobs/ID.content` is what was uploaded, and
`jobs/finished/ID.json` says what became of it. Ids are in the order in which the jobs came.
"""

import logging
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from index.errors import StoreError
from index.records import MetadataValue
from index.store.objects import write_atomically
from index.store.uploads import source_of_upload

State = Literal["queued", "done", "failed"]
FINISHED: tuple[State, ...] = ("done", "failed")
MOST_FINISHED = 1000
"""How many finished jobs are remembered."""

_log = logging.getLogger("pincite")
JOB_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class Job:
    """An upload to be indexed or, where `kind` is "", removed.

    `kind`, `title`, `metadata` and `file_name` are those of the upload. Times are in ISO 8601;
    `error` says why it failed, `snapshot` is the one in which it was done.
    """

    id: str
    document_id: str
    kind: str
    created: str
    title: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict[str, MetadataValue])
    state: State = "queued"
    finished: str | None = None
    error: str | None = None
    snapshot: str | None = None
    file_name: str = ""

    @property
    def source(self) -> str:
        """The name that the upload goes by among the sources."""
        return source_of_upload(self.document_id, self.kind, self.file_name)

    @classmethod
    def new(
        cls,
        document_id: str,
        kind: str = "",
        title: str = "",
        metadata: Mapping[str, MetadataValue] | None = None,
        file_name: str = "",
    ) -> "Job":
        """Return a job that is to be queued now."""
        job_id = f"{time.time_ns():016x}{secrets.token_hex(4)}"
        described = title, dict(metadata or {})
        return cls(job_id, document_id, kind, now(), *described, file_name=file_name)


class Jobs:
    """The jobs of a store. One process at a time works them off; others may add to them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._finished = folder / "finished"

    def add(self, job: Job, content: bytes | None) -> None:
        """Queue a job; it is on the disk when this returns."""
        written = orjson.dumps(asdict(job))
        self._folder.mkdir(exist_ok=True)
        if content is not None:
            write_atomically(self.content(job), content)
        write_atomically(self._path(job.id), written)

    def finish(self, job: Job) -> None:
        """Write down what became of a job that is finished, and let go of its content."""
        self._finished.mkdir(exist_ok=True)
        write_atomically(self._finished / f"{job.id}.json", orjson.dumps(asdict(job)))
        self._path(job.id).unlink(missing_ok=True)
        self.content(job).unlink(missing_ok=True)

    def find(self, job_id: str) -> Job | None:
        """Return a job; None if there is none of that id, or no longer."""
        if not JOB_ID.fullmatch(job_id):
            return None
        for folder in (self._folder, self._finished):
            with suppress(FileNotFoundError):
                return _read((folder / f"{job_id}.json").read_bytes())
        return None

    def pending(self) -> list[Job]:
        """Return the jobs that are not finished, in the order in which they came.

        One that cannot be read is set aside, with a warning; its content stays.
        """
        found: list[Job] = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                job = self.find(path.stem)
            except StoreError:
                _log.warning("%s cannot be read and was set aside.", path)
                path.replace(path.with_suffix(".damaged"))
                continue
            if job and job.state not in FINISHED:
                found.append(job)
        return found

    def content(self, job: Job) -> Path:
        """Return where the content of a job lies until it is finished."""
        return self._folder / f"{job.id}.content"

    def forget_finished(self, most: int = MOST_FINISHED) -> None:
        """Remove all finished jobs but the last `most`, and what a crash left half-written."""
        for path in sorted(self._finished.glob("*.json"))[: -most or None]:
            path.unlink(missing_ok=True)
        ids = {path.stem for path in self._folder.glob("*.json")}
        damaged = {path.stem for path in self._folder.glob("*.damaged")}
        for path in [*self._folder.glob("*.content"), *self._folder.rglob("writing-*")]:
            if path.stem not in ids | damaged and _is_old(path):
                path.unlink(missing_ok=True)

    def _path(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"


def now() -> str:
    """Return the time in ISO 8601, UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _read(content: bytes) -> Job:
    try:
        fields: dict[str, Any] = orjson.loads(content)
        metadata = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields.pop("metadata").items()
        }
        return Job(metadata=metadata, **fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise StoreError("A job of the store cannot be read: upload it again.") from None


def _is_old(path: Path) -> bool:
    """Tell whether a file is none that is being written: its job comes a moment later."""
    try:
        return time.time() - path.stat().st_mtime > 60
    except OSError:
        return False
