"""Jobs that are done together."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from index.errors import SourceError
from index.store.jobs import Job
from index.store.objects import stored_as
from index.store.store import Store
from index.store.uploads import Upload, UploadChange
from index.sync import refuse_id_in_use, why_unreadable
from qa.engine import Engine

MOST_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be changed for the jobs `accepted`, and those that `failed`, with the reason."""

    changes: list[UploadChange] = field(default_factory=list[UploadChange])
    accepted: list[Job] = field(default_factory=list[Job])
    failed: list[Job] = field(default_factory=list[Job])


def collect(jobs: Iterable[Job], store: Store, engine: Engine) -> Batch:
    """Look at the first of `jobs`, until there are 64 MiB of content; the last one of an id counts.

    Raises OSError for content that cannot be read for the moment, ReadingError.
    """
    batch = Batch()
    changes: dict[str, UploadChange] = {}
    size = 0
    for job in jobs:
        change = _change(job, store, engine, batch.failed)
        if change:
            changes[job.document_id] = change
            batch.accepted.append(job)
            size += len(change.content)
        if size > MOST_BYTES:
            break
    batch.changes.extend(changes.values())
    return batch


def _change(job: Job, store: Store, engine: Engine, failed: list[Job]) -> UploadChange | None:
    path = store.jobs.content(job)
    try:
        refuse_id_in_use(job.document_id, engine.snapshot)
        if not job.kind:
            return UploadChange(job.document_id)
        content = path.read_bytes()
    except (SourceError, FileNotFoundError) as error:
        reason = str(error).rstrip(".") if isinstance(error, SourceError) else "its content is gone"
        failed.append(replace(job, state="failed", error=reason))
        return None
    upload = Upload(
        job.document_id,
        job.kind,
        stored_as(content),
        modified=job.created,
        title=job.title,
        metadata=job.metadata,
    )
    if reason := why_unreadable(upload, path, engine.model):
        failed.append(replace(job, state="failed", error=reason))
        return None
    return UploadChange(job.document_id, upload, content)
