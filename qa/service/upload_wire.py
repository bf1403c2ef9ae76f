"""The JSON forms of what became of an upload."""

from typing import Literal

from pydantic import Field

from index.store.jobs import Job, State
from qa.formats.fields import SnapshotId, WireModel
from qa.service.wire import DocumentSummaryJson


class UploadedJson(WireModel):
    """What an upload became."""

    snapshot: SnapshotId = Field(description="The snapshot in which it was first searchable.")
    documents: list[DocumentSummaryJson] = Field(
        description="The documents in it: one, or one for each row or record of a file of them."
    )


class JobJson(WireModel):
    """An upload or removal on its way."""

    id: str = Field(
        description="What to ask /v1/jobs/{job_id} for.", examples=["18ea3e43e9627cb47c1f7249"]
    )
    document_id: str = Field(
        description="The id that the document was given.", examples=["clinic-hours"]
    )
    action: Literal["put", "delete"] = Field(
        description="Whether it adds or replaces a document, or removes one.", examples=["put"]
    )
    state: State = Field(
        description="`queued`: it will be done, whatever happens. `done`: the document can be "
        "searched, or is found no more. `failed`: nothing was changed, and `error` says why.",
        examples=["done"],
    )
    created: str = Field(
        description="When it came, ISO 8601, UTC.", examples=["2026-11-22T10:30:02.859859Z"]
    )
    finished: str | None = Field(
        description="When it was done or failed, ISO 8601, UTC; null before.",
        examples=["2026-11-22T10:30:03.790701Z", None],
    )
    error: str | None = Field(description="Why it failed; null otherwise.", examples=[None])
    snapshot: str | None = Field(
        description="The snapshot in which it was done; null before.",
        examples=["348f4baefb3ca58a", None],
    )

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
