"""The JSON forms of what became of an upload."""

from typing import Literal

from pydantic import Field

from index.jobs import Job, State
from qa.service.wire import DocumentSummaryJson
from qa.wire import WireModel


class UploadedJson(WireModel):
    """What an upload became."""

    snapshot: str = Field(description="The snapshot in which it was first searchable.")
    documents: list[DocumentSummaryJson] = Field(
        description="The documents in it: one, or one for each row or record of a file of them."
    )


class JobJson(WireModel):
    """An upload or removal on its way."""

    id: str
    document_id: str
    action: Literal["put", "delete"]
    state: State
    created: str = Field(description="ISO 8601, UTC.")
    finished: str | None
    error: str | None = Field(description="Why it failed; null otherwise.")
    snapshot: str | None = Field(description="The snapshot in which it was done.")

    @classmethod
    def of(cls, job: Job) -> "JobJson":
        """Return the JSON form of `job`."""
        return cls(
            id=job.id,
            document_id=job.document_id,
            action="put" if job.kind else "delete",
            state=job.state,
            created=job.created,
            finished=job.finished,
            error=job.error,
            snapshot=job.snapshot,
        )
