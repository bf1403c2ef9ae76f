"""The routes that change documents: upload, replace, remove, and what became of it."""

import asyncio
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from index.errors import PinciteError, SourceError
from index.jobs import Job
from index.store import Store
from index.uploading import owner_of_id, refuse_id_in_use
from index.uploads import UPLOAD_ID, Upload
from qa.live import LiveEngine
from qa.service.problems import problem_responses
from qa.service.upload_body import BODIES, read_body
from qa.service.upload_wire import JobJson, UploadedJson
from qa.service.wire import DocumentJson, DocumentSummaryJson
from qa.service.work_queue import WorkQueue
from qa.service.writer import FAILED, Writer

_DOCUMENT = "/v1/documents/{document_id:path}"
"""An id with a slash in it gets here, too, and is told what ids are like."""
_PATIENCE_S = 600.0
"""How long a call waits for its upload to be indexed; then it is told the job."""
_ERRORS = (400, 403, 409, 422, 503)

DocumentId = Annotated[
    str,
    Path(
        description="Lower-case letters, digits and hyphens between them, 120 at most.",
        examples=["clinic-hours"],
    ),
]
Wait = Annotated[
    bool,
    Query(description="`false`: do not wait until it can be searched; a job to poll is returned."),
]


def add_upload_routes(
    app: FastAPI, live: LiveEngine, store: Store, writer: Writer, bodies: WorkQueue
) -> None:
    """Let documents be uploaded to `store`; `writer` does it. Only so many `bodies` are held."""

    @app.put(
        _DOCUMENT,
        responses={
            HTTPStatus.OK: {"model": UploadedJson, "description": "Replaced, and searchable."},
            HTTPStatus.CREATED: {"model": UploadedJson, "description": "Added, and searchable."},
            HTTPStatus.ACCEPTED: {"model": JobJson, "description": "Will be done."},
            **problem_responses(*_ERRORS, 413, 415),
        },
        response_model=None,
        openapi_extra={"requestBody": {"required": True, "content": BODIES}},
    )
    async def put(document_id: DocumentId, request: Request, wait: Wait = True) -> Response:  # noqa: FBT002 (a query parameter)
        """Add or replace a document: text in JSON, or a file as the body or in a form.

        When the call returns, the document can be searched. A document in a file of a SOURCE
        cannot be replaced (409): change the file.
        """
        _check(document_id)
        _refuse_in_use(document_id, live)
        async with bodies.place():
            body = await read_body(request)
        replaced = await run_in_threadpool(store.uploads.find, document_id) is not None
        job = Job.new(document_id, body.kind, body.title, body.metadata)
        finished = await _done(writer, job, body.content, wait=wait)
        if finished.state != "done":
            return _accepted(finished)
        return _uploaded(live, finished, HTTPStatus.OK if replaced else HTTPStatus.CREATED)

    @app.delete(
        _DOCUMENT,
        status_code=HTTPStatus.NO_CONTENT,
        responses={
            HTTPStatus.NO_CONTENT: {"description": "Removed, and found no more."},
            HTTPStatus.ACCEPTED: {"model": JobJson, "description": "Will be done."},
            **problem_responses(*_ERRORS, 404),
        },
        response_model=None,
    )
    async def delete(document_id: DocumentId, wait: Wait = True) -> Response:  # noqa: FBT002 (a query parameter)
        """Remove an uploaded document. What is in old snapshots goes with `pincite purge`."""
        _check(document_id)
        _refuse_not_uploaded(document_id, live)
        if not await run_in_threadpool(_is_there, store, document_id):
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no upload of that id.")
        finished = await _done(writer, Job.new(document_id), None, wait=wait)
        if finished.state != "done":
            return _accepted(finished)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @app.get("/v1/jobs/{job_id}", responses=problem_responses(400, 403, 404, 422))
    def job(job_id: str) -> JobJson:
        """Tell what became of an upload. The last 1000 finished jobs are remembered."""
        found = store.jobs.find(job_id)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no job of that id.")
        return JobJson.of(found)


async def _done(writer: Writer, job: Job, content: bytes | None, *, wait: bool) -> Job:
    """Queue a job and return it when it is done, or as it is if that is not waited for."""
    try:
        if not wait:
            await run_in_threadpool(writer.submit, job, content)
            return job
        future = await run_in_threadpool(writer.perform, job, content)
    except (OSError, PinciteError):
        raise _not_written() from None
    try:
        finished = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), _PATIENCE_S)
    except (TimeoutError, asyncio.CancelledError):
        return job
    if finished.error == FAILED:
        raise _not_written()
    if finished.error:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"The document cannot be indexed: {finished.error}."
        )
    return finished


def _not_written() -> HTTPException:
    return HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, FAILED, {"Retry-After": "10"})


def _check(document_id: str) -> None:
    if not UPLOAD_ID.fullmatch(document_id):
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "document_id: use lower-case letters, digits and hyphens between them, 120 at most.",
        )


def _refuse_in_use(document_id: str, live: LiveEngine) -> None:
    try:
        refuse_id_in_use(document_id, live.current().snapshot)
    except SourceError as error:
        raise HTTPException(HTTPStatus.CONFLICT, str(error)) from None


def _refuse_not_uploaded(document_id: str, live: LiveEngine) -> None:
    owner = owner_of_id(document_id, live.current().snapshot)
    if owner == "upload":
        raise HTTPException(
            HTTPStatus.CONFLICT,
            "That id is a record's in another upload: upload that one again without the record.",
        )
    if owner == "source":
        raise HTTPException(
            HTTPStatus.CONFLICT,
            "That id is a document's in a file of a SOURCE, not an upload: delete that file or "
            "name it in .pinciteignore, and it is indexed no more.",
        )


def _is_there(store: Store, document_id: str) -> bool:
    coming = (job for job in store.jobs.pending() if job.document_id == document_id)
    return store.uploads.find(document_id) is not None or any(job.kind for job in coming)


def _accepted(job: Job) -> Response:
    return JSONResponse(
        JobJson.of(job).model_dump(), HTTPStatus.ACCEPTED, {"Location": f"/v1/jobs/{job.id}"}
    )


def _uploaded(live: LiveEngine, job: Job, status: int) -> Response:
    source = Upload.source_of(job.document_id, job.kind)
    found = [
        DocumentSummaryJson(**DocumentJson.fields_of(each.document))
        for each in live.current().snapshot.chunked.values()
        if each.document.source == source
    ]
    body = UploadedJson(snapshot=job.snapshot or "", documents=found)
    return JSONResponse(body.model_dump(), status)
