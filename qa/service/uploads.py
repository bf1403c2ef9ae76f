"""The routes that change documents: upload, replace, remove, and what became of it."""

import asyncio
from concurrent.futures import Future
from http import HTTPStatus
from itertools import takewhile

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from index.errors import PinciteError, SourceError
from index.store.jobs import Job
from index.store.store import Store
from index.store.uploads import UPLOAD_ID, Upload
from index.sync import owner_of_id, refuse_id_in_use
from qa.live import LiveEngine
from qa.service.openapi import answered_with
from qa.service.parameters import DOCUMENT_LINKS, JOB_LINKS, JobId, UploadId, Wait
from qa.service.problems import GATE, OF_A_BODY, problem_responses
from qa.service.upload_body import Uploaded, read_body
from qa.service.upload_schema import BODIES
from qa.service.upload_wire import JobJson, UploadedJson
from qa.service.wire import DocumentJson, DocumentSummaryJson
from qa.service.work_queue import WorkQueue
from qa.service.writer import FAILED, Writer

_DOCUMENT = "/v1/documents/{document_id:path}"
"""An id with a slash in it gets here, too, and is told what ids are like."""
_PATIENCE_S = 600.0
"""How long a call waits for its upload to be indexed; then it is told the job."""
_NO_UPLOAD = "There is no upload of that id."
_NO_JOB = "There is no job of that id."
_BAD_ID = "document_id: use lower-case letters, digits and hyphens between them, 120 at most."
_NO_TEXT = "The document cannot be indexed: no text in it (scanned?); run OCR on it first."

_ACCEPTED = answered_with(
    "It will be done, whatever happens; ask what became of it.",
    "job",
    model=JobJson,
    links=JOB_LINKS,
    headers={
        "Location": {
            "description": "Where to ask what became of it.",
            "required": True,
            "schema": {"type": "string"},
            "example": "/v1/jobs/18ea3e43e9627cb47c1f7249",
        }
    },
)


def add_upload_routes(
    app: FastAPI, live: LiveEngine, store: Store, writer: Writer, bodies: WorkQueue
) -> None:
    """Let documents be uploaded to `store`; `writer` does it.

    Only so many `bodies` are held at a time, each until it is on the disk.
    """

    @app.put(
        _DOCUMENT,
        tags=["Documents"],
        summary="Add or replace a document",
        operation_id="put_document",
        responses={
            200: answered_with(
                "Replaced, and searchable.", "uploaded", model=UploadedJson, links=DOCUMENT_LINKS
            ),
            201: answered_with(
                "Added, and searchable.", "uploaded", model=UploadedJson, links=DOCUMENT_LINKS
            ),
            202: _ACCEPTED,
            **problem_responses(*GATE, *OF_A_BODY, 409, 415, details={422: _NO_TEXT, 503: FAILED}),
        },
        response_model=None,
        openapi_extra={"requestBody": {"required": True, "content": BODIES}},
    )
    async def put(document_id: UploadId, request: Request, wait: Wait = True) -> Response:  # noqa: FBT002 (a query parameter)
        """Add or replace a document: text in JSON, or a file as the body or in a form.

        When the call returns, the document can be searched; with `wait=false`, and where it takes
        longer than ten minutes, it returns a job to ask about. A document in a file of a SOURCE
        cannot be replaced (409): change the file. A file that nothing can be read of is refused
        (422), and what was there before stays.
        """
        _check(document_id)
        await run_in_threadpool(_refuse_in_use, document_id, live)
        replaced = await run_in_threadpool(store.uploads.find, document_id) is not None
        async with bodies.place():
            queued = await _queue_body(writer, document_id, await read_body(request), wait=wait)
        finished = await _done(*queued)
        if finished.state != "done":
            return _accepted(finished)
        return _uploaded(live, finished, HTTPStatus.OK if replaced else HTTPStatus.CREATED)

    @app.delete(
        _DOCUMENT,
        status_code=HTTPStatus.NO_CONTENT,
        tags=["Documents"],
        summary="Remove a document",
        operation_id="delete_document",
        responses={
            204: {"description": "Removed, and found no more."},
            202: _ACCEPTED,
            **problem_responses(*GATE, 409, details={404: _NO_UPLOAD, 422: _BAD_ID, 503: FAILED}),
        },
        response_model=None,
    )
    async def delete(document_id: UploadId, wait: Wait = True) -> Response:  # noqa: FBT002 (a query parameter)
        """Remove an uploaded document. What is in old snapshots goes with `pincite purge`."""
        _check(document_id)
        await run_in_threadpool(_refuse_not_uploaded, document_id, live)
        if not await run_in_threadpool(_is_there, store, document_id):
            raise HTTPException(HTTPStatus.NOT_FOUND, _NO_UPLOAD)
        finished = await _done(*await _queue(writer, Job.new(document_id), None, wait=wait))
        if finished.state != "done":
            return _accepted(finished)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @app.get(
        "/v1/jobs/{job_id}",
        tags=["Documents"],
        summary="Ask what became of an upload",
        operation_id="get_job",
        responses={
            200: answered_with("The job as it is now.", "finished_job"),
            **problem_responses(*GATE, details={404: _NO_JOB}),
        },
    )
    def job(job_id: JobId) -> JobJson:
        """Tell what became of an upload. The last 1000 finished jobs are remembered."""
        found = store.jobs.find(job_id)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, _NO_JOB)
        return JobJson.of(found)


async def _queue_body(
    writer: Writer, document_id: str, body: Uploaded, *, wait: bool
) -> tuple[Job, Future[Job] | None]:
    """Queue what was uploaded; it is on the disk when this returns, and no longer held here."""
    job = Job.new(document_id, body.kind, body.title, body.metadata)
    return await _queue(writer, job, body.content, wait=wait)


async def _queue(
    writer: Writer, job: Job, content: bytes | None, *, wait: bool
) -> tuple[Job, Future[Job] | None]:
    """Queue a job; return it and, if that is waited for, what will be the finished one."""
    try:
        if wait:
            return job, await run_in_threadpool(writer.perform, job, content)
        await run_in_threadpool(writer.submit, job, content)
    except (OSError, PinciteError):
        raise _not_written() from None
    return job, None


async def _done(job: Job, future: Future[Job] | None) -> Job:
    """Return a job when it is done, or as it is if that is not waited for."""
    if future is None:
        return job
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
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, _BAD_ID)


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
    of_source = live.current().snapshot.chunked.after(source, "")
    found = [
        DocumentSummaryJson(**DocumentJson.fields_of(each))
        for each in takewhile(lambda each: each.source == source, of_source)
    ]
    body = UploadedJson(snapshot=job.snapshot or "", documents=found)
    return JSONResponse(body.model_dump(), status)
