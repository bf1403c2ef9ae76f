"""The routes that upload, replace and remove documents, and the jobs that do it."""

import asyncio
from concurrent.futures import Future
from http import HTTPStatus
from itertools import takewhile
from typing import Annotated, Any, Literal, Self

from fastapi import FastAPI, Header, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.convertors import PathConvertor, register_url_convertor

from index.errors import PinciteError, SourceError, StoreAwayError, StoreMissingError
from index.store.protocols import Store
from index.store.records import JOB_ID, UPLOAD_ID, Job, State
from index.sync import owner_of_id, refuse_id_in_use
from qa.formats.fields import JsonModel, SnapshotId
from qa.live import LiveEngine
from qa.service.openapi import answered_with
from qa.service.problems import not_now, problem_responses
from qa.service.routes.documents import DocumentSummaryJson
from qa.service.uploads import BODIES, UNREADABLE, read_body
from qa.service.work_queue import WorkQueue
from qa.service.writer import FAILED, Writer


class _UploadIdConvertor(PathConvertor):
    """Any path but that of a page: an id with a slash gets a message that tells what ids are."""

    regex = "(?!.+/pages/).*"


register_url_convertor("upload_id", _UploadIdConvertor())
_DOCUMENT = "/v1/documents/{document_id:upload_id}"
_PATIENCE_S = 600.0
"""How long a call waits for its upload to be indexed; then it returns the job."""
_NO_UPLOAD = "There is no upload of that id."
_NO_JOB = "There is no job of that id."
_BAD_ID = "document_id: use lower-case letters, digits and hyphens between them, 120 at most."
_TAKEN = "That id is a document's in a file of a SOURCE: change the file, or choose another id."
_OWNED_BY = {
    "upload": "That id is a record's in another upload: upload that one again without the record.",
    "source": "That id is a document's in a file of a SOURCE, not an upload: delete that file or "
    "name it in .pinciteignore, and it is no longer indexed.",
}
_NO_TEXT = "The document cannot be indexed: no text in it (scanned?); read it with --ocr."

UploadId = Annotated[
    str,
    Path(
        description="Lower-case letters, digits and hyphens between them, 120 at most.",
        examples=["clinic-hours"],
        json_schema_extra={"pattern": f"^{UPLOAD_ID.pattern}$"},
    ),
]
Wait = Annotated[
    bool,
    Query(
        description="`false` returns a job at once, whose state you can ask for.",
        examples=[True],
    ),
]
JobId = Annotated[
    str,
    Path(
        description="The id of a job, as a 202 has it.",
        examples=["18ea3e43e9627cb47c1f7249"],
        json_schema_extra={"pattern": f"^{JOB_ID.pattern}$"},
    ),
]
FileName = Annotated[
    str,
    Header(
        alias="Content-Disposition",
        description="The name of the file that is the body; `source` shows it.",
        examples=['attachment; filename="hours.pdf"'],
    ),
]

_JOB_LINKS = {
    "job": {
        "operationId": "get_job",
        "parameters": {"job_id": "$response.body#/id"},
        "description": "The state of the job.",
    }
}
_DOCUMENT_LINKS = {
    name: {
        "operationId": f"{name}_document",
        "parameters": {"document_id": "$request.path.document_id"},
        "description": description,
    }
    for name, description in (
        ("get", "The document with its text."),
        ("delete", "Remove it again."),
    )
}


class UploadedJson(JsonModel):
    """An upload that is indexed."""

    snapshot: SnapshotId = Field(description="The first snapshot in which it can be searched.")
    documents: list[DocumentSummaryJson] = Field(
        description="The documents in it: one, or one for each row or record."
    )


class ProgressJson(JsonModel):
    """How far a document is read, such as a scan."""

    page: int = Field(description="The last page that was read.")
    pages: int = Field(description="How many pages it has.")


class JobJson(JsonModel):
    """The state of an upload or removal."""

    id: str = Field(description="The id to ask /v1/jobs/{job_id} for.")
    document_id: str = Field(description="The id of the document.")
    action: Literal["put", "delete"] = Field(description="`put` adds or replaces the document.")
    state: State = Field(description="`queued`, `done`, or `failed`: then nothing was changed.")
    created: str = Field(description="When it came, ISO 8601, UTC.")
    progress: ProgressJson | None = Field(
        description="How far a document with pages is read; null where that is not known."
    )
    finished: str | None = Field(description="When it was done or failed; null before.")
    error: str | None = Field(description="Why it failed; null otherwise.")
    snapshot: str | None = Field(description="The snapshot in which it was done; null before.")

    @classmethod
    def of(cls, job: Job, page: int = 0, pages: int = 0) -> Self:
        """Return the JSON form of `job`, of which so many pages are read."""
        return cls(
            id=job.id,
            document_id=job.document_id,
            action="put" if job.kind else "delete",
            state=job.state,
            created=job.created,
            progress=ProgressJson(page=page, pages=pages) if pages else None,
            finished=job.finished,
            error=job.error,
            snapshot=job.snapshot,
        )


def _indexed(description: str) -> dict[str, Any]:
    return answered_with(description, "uploaded", model=UploadedJson, links=_DOCUMENT_LINKS)


_ACCEPTED = answered_with(
    "It will be done, whatever happens; ask for the job's state.",
    "job",
    model=JobJson,
    links=_JOB_LINKS,
    headers={
        "Location": {
            "description": "Where to ask for the job's state.",
            "required": True,
            "schema": {"type": "string"},
            "example": "/v1/jobs/18ea3e43e9627cb47c1f7249",
        }
    },
)


def add_upload_routes(
    app: FastAPI, live: LiveEngine, store: Store, writer: Writer, bodies: WorkQueue
) -> None:
    """Add the routes that change documents in `store` by `writer`.

    Uploads take turns in `bodies`, each until it is on the disk, so that few are in memory.
    """

    @app.put(
        _DOCUMENT,
        tags=["Documents"],
        summary="Add or replace a document",
        responses={
            200: _indexed("Replaced, and searchable."),
            201: _indexed("Added, and searchable."),
            202: _ACCEPTED,
            **problem_responses({409: _TAKEN, 415: UNREADABLE, 422: _NO_TEXT, 503: FAILED}),
        },
        response_model=None,
        openapi_extra={"requestBody": {"required": True, "content": BODIES}},
    )
    async def put_document(
        document_id: UploadId,
        request: Request,
        wait: Wait = True,  # noqa: FBT002 (a query parameter)
        _: FileName = "",  # which `read_body` reads
    ) -> Response:
        """Add or replace a document: text in JSON, or a file as the body or in a form.

        When the call returns, the document can be searched. With `wait=false`, or after ten
        minutes, it returns a job to ask about. You cannot replace a document in a file of a SOURCE
        (409): change the file. A file without readable text is refused (422), and the document that
        was there stays.
        """
        replaced = await run_in_threadpool(_find_to_replace, document_id, live, store)
        async with bodies.turn():
            file = await read_body(request)
            job = Job.new(document_id, file.kind, file.title, file.metadata, file.name)
            future = await _queue(writer, job, file.content, wait=wait)
            del file  # it is on the disk
        finished = await _finished(job, future)
        if finished.state != "done":
            return _accepted(finished)
        return _uploaded(live, finished, HTTPStatus.OK if replaced else HTTPStatus.CREATED)

    @app.delete(
        _DOCUMENT,
        status_code=HTTPStatus.NO_CONTENT,
        tags=["Documents"],
        summary="Remove a document",
        responses={
            204: {"description": "Removed, and no longer found."},
            202: _ACCEPTED,
            **problem_responses(
                {404: _NO_UPLOAD, 409: _OWNED_BY["source"], 422: _BAD_ID, 503: FAILED}
            ),
        },
        response_model=None,
    )
    async def delete_document(document_id: UploadId, wait: Wait = True) -> Response:  # noqa: FBT002 (a query parameter)
        """Remove an uploaded document. `pincite purge` removes it from old snapshots, too."""
        await run_in_threadpool(_find_to_delete, document_id, live, store)
        job = Job.new(document_id)
        finished = await _finished(job, await _queue(writer, job, None, wait=wait))
        if finished.state != "done":
            return _accepted(finished)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @app.get(
        "/v1/jobs/{job_id}",
        tags=["Documents"],
        summary="Ask for the state of a job",
        responses={
            200: answered_with("The job as it is now.", "finished_job"),
            **problem_responses({404: _NO_JOB}),
        },
    )
    def get_job(job_id: JobId) -> JobJson:
        """Return the state of a job. The last 1000 finished ones are remembered."""
        state = store.jobs.find(job_id)
        if state is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, _NO_JOB)
        return JobJson.of(state, *writer.pages_read(job_id))


async def _queue(
    writer: Writer, job: Job, content: bytes | None, *, wait: bool
) -> Future[Job] | None:
    """Put a job on the disk. Return a future of the finished job if the caller waits for it."""
    try:
        if wait:
            return await run_in_threadpool(writer.perform, job, content)
        await run_in_threadpool(writer.submit, job, content)
    except (StoreMissingError, StoreAwayError):
        raise  # its collection was removed, or the server is away
    except PinciteError:
        raise not_now(FAILED, 10) from None
    return None


async def _finished(job: Job, future: Future[Job] | None) -> Job:
    """Return a job when it is done; unfinished, if the caller does not wait or it takes long."""
    if future is None:
        return job
    try:
        finished = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), _PATIENCE_S)
    except (TimeoutError, asyncio.CancelledError):
        return job
    if finished.error == FAILED:
        raise not_now(FAILED, 10)
    if finished.error:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"The document cannot be indexed: {finished.error}."
        )
    return finished


def _check(document_id: str) -> None:
    if not UPLOAD_ID.fullmatch(document_id):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, _BAD_ID)


def _find_to_replace(document_id: str, live: LiveEngine, store: Store) -> bool:
    """Tell whether an id has an upload. Raises HTTPException if it cannot have one."""
    _check(document_id)
    try:
        refuse_id_in_use(document_id, live.current().snapshot)
    except SourceError as error:
        raise HTTPException(HTTPStatus.CONFLICT, str(error)) from None
    return store.uploads.find(document_id) is not None


def _find_to_delete(document_id: str, live: LiveEngine, store: Store) -> None:
    """Raise HTTPException unless an id has an upload, or one that waits to be indexed."""
    _check(document_id)
    if owner := owner_of_id(document_id, live.current().snapshot):
        raise HTTPException(HTTPStatus.CONFLICT, _OWNED_BY[owner])
    waiting = (job.kind for job in store.jobs.pending() if job.document_id == document_id)
    if not store.uploads.find(document_id) and not any(waiting):
        raise HTTPException(HTTPStatus.NOT_FOUND, _NO_UPLOAD)


def _accepted(job: Job) -> Response:
    return JSONResponse(
        JobJson.of(job).model_dump(), HTTPStatus.ACCEPTED, {"Location": f"/v1/jobs/{job.id}"}
    )


def _uploaded(live: LiveEngine, job: Job, status: int) -> Response:
    rest = live.current().snapshot.documents((job.source, ""))
    of_source = takewhile(lambda chunked: chunked.document.source == job.source, rest)
    documents = [DocumentSummaryJson.of(chunked.document) for chunked in of_source]
    body = UploadedJson(snapshot=job.snapshot or "", documents=documents)
    return JSONResponse(body.model_dump(), status)
