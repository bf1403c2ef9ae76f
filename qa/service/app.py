"""The service's routes, built on an engine that is handed in."""

import asyncio
import base64
import binascii
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline

from index.records import Document
from index.store import Store
from index.version import installed_version
from qa.elsewhere import elsewhere_in_snapshot
from qa.live import LiveEngine
from qa.service.ask_wire import AskBody, VerifyBody
from qa.service.asking import Asking
from qa.service.chat.errors import ChatProblem
from qa.service.chat.routes import add_chat_routes
from qa.service.examples import add_example_routes
from qa.service.feedback import add_feedback_route
from qa.service.head import HeadAsGet
from qa.service.openapi import (
    DESCRIPTION,
    TAGS,
    answered_with,
    asked_with,
    complete_openapi,
    name_of,
)
from qa.service.parameters import NEXT_PAGE, AnyDocumentId, Cursor, Limit
from qa.service.policy import OPEN, Policy, add_middleware
from qa.service.problems import GATE, OF_A_BODY, add_problem_handlers, problem, problem_responses
from qa.service.telemetry.metrics import Metrics
from qa.service.telemetry.routes import add_metrics_route
from qa.service.upload_body import UploadBody
from qa.service.uploads import add_upload_routes
from qa.service.wire import DocumentJson, DocumentsJson, DocumentSummaryJson, StatusJson
from qa.service.work_queue import WorkQueue, in_turn
from qa.service.writer import Writer
from qa.verdicts import VerificationJson
from qa.verify import verify
from qa.versions import versions_in_snapshot
from qa.wire import AnswerJson

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_STATIC = Path(__file__).parent / "static"
_NO_CURSOR = "cursor: not one that this service gave out; leave it out for the first page."


def build_app(
    live: LiveEngine,
    policy: Policy = OPEN,
    *,
    writing: tuple[Store, Writer] | None = None,
    mcp: bool = False,
    log_questions: bool = False,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """Return the service that answers from `live`, to whom `policy` lets.

    Documents can be uploaded and answers be rated where there is a store to write to, and a writer
    for the documents. With `mcp`, the Model Context Protocol is spoken, too. Questions are not
    logged unless `log_questions`. `lifespan` is entered before the first request.
    """
    app = FastAPIOffline(
        redoc_url=None,
        title="Pincite",
        version=installed_version(),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        generate_unique_id_function=name_of,
        swagger_ui_parameters={"defaultModelsExpandDepth": 0, "displayRequestDuration": True},
        lifespan=lifespan,
    )
    forms = [ChatProblem, UploadBody] if writing else [ChatProblem]
    complete_openapi(app, *forms, keys=policy.keys is not None)
    metrics = Metrics()
    asking = Asking(live, metrics, log_questions)
    questions = WorkQueue(
        policy.questions_at_once, policy.questions_waiting, changed=metrics.queue_changed
    )
    add_problem_handlers(app)
    _add_answering(app, asking, in_turn(questions))
    _add_documents(app, live, in_turn(questions))
    add_chat_routes(app, asking, in_turn(questions))
    add_example_routes(app, live)
    if writing:
        bodies = WorkQueue(policy.uploads_at_once, policy.uploads_waiting, patience_s=30)
        add_upload_routes(app, live, *writing, bodies)
        add_feedback_route(app, writing[0])
    _add_health(app, live)
    add_metrics_route(app, live, metrics, writing[0] if writing else None)
    if mcp:
        from qa.protocol.mounting import add_mcp  # takes a second, and few need it

        add_mcp(app, asking, questions)
    app.add_middleware(HeadAsGet)
    add_middleware(app, policy, metrics)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "index.html")

    return app


def _add_answering(app: FastAPI, asking: Asking, turn: Any) -> None:
    @app.post(
        "/v1/ask",
        tags=["Answers"],
        summary="Ask a question",
        openapi_extra=asked_with("question", "filtered_question"),
        responses={
            200: answered_with("The answer, or that there is none.", "answer", "abstention"),
            **problem_responses(*GATE, *OF_A_BODY),
        },
        dependencies=[turn],
    )
    def ask(body: AskBody) -> AnswerJson:
        """Answer a question from the documents, or abstain.

        The answer is made of sentences of the documents, each cited with its place. Where the
        documents do not seem to hold one, `answered` is false, `answer` null, and the nearest
        passages are returned all the same. The same question gets the same answer until the
        documents change (`snapshot`).
        """
        return AnswerJson.of(
            asking.ask(body.question, body.top_k, explain=body.explain, filters=body.filters)
        )

    @app.post(
        "/v1/verify",
        tags=["Answers"],
        summary="Verify an answer",
        operation_id="verify",
        openapi_extra=asked_with("answer", "citations"),
        responses={
            200: answered_with("What holds, and what does not.", "verification"),
            **problem_responses(
                *GATE, *OF_A_BODY, details={422: "body.citations.0.cited_text: Field required."}
            ),
        },
        dependencies=[turn],
    )
    def check(body: VerifyBody) -> VerificationJson:
        """Tell whether an answer holds in the documents that the service answers from.

        Send an answer as it came from `/v1/ask`, or `citations` by themselves: all words are
        looked up again. Of what is lost, it tells what is there now instead.
        """
        snapshot = asking.live.current().snapshot
        found = verify(body, versions_in_snapshot(snapshot), elsewhere_in_snapshot(snapshot))
        return VerificationJson.of(found)


def _add_documents(app: FastAPI, live: LiveEngine, turn: Any) -> None:
    @app.get(
        "/v1/documents",
        tags=["Documents"],
        summary="List the documents",
        operation_id="list_documents",
        responses={
            200: answered_with("A page of the list.", "documents", links=NEXT_PAGE),
            **problem_responses(*GATE, details={422: _NO_CURSOR}),
        },
        dependencies=[turn],
    )
    def documents(limit: Limit = 50, cursor: Cursor = "") -> DocumentsJson:
        """List the documents, a page at a time, in the order of their sources and ids."""
        after = _decode_cursor(cursor) if cursor else ("", "")
        everything = [each.document for each in live.current().snapshot.chunked.values()]
        rest = [each for each in everything if (each.source, each.id) > after]
        page = rest[:limit]
        return DocumentsJson(
            documents=[DocumentSummaryJson(**DocumentJson.fields_of(each)) for each in page],
            next_cursor=_encode_cursor(page[-1]) if len(rest) > limit else None,
        )

    @app.get(
        "/v1/documents/{document_id}",
        tags=["Documents"],
        summary="Read a document",
        operation_id="get_document",
        responses={
            200: answered_with("The document.", "document"),
            **problem_responses(*GATE, 404),
        },
        dependencies=[turn],
    )
    def document(document_id: AnyDocumentId) -> DocumentJson:
        """Return a document with its text, which all offsets count in."""
        chunked = live.current().snapshot.chunked.get(document_id)
        if chunked is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no document of that id.")
        fields = DocumentJson.fields_of(chunked.document)
        return DocumentJson(**fields, text=chunked.document.text)


def _add_health(app: FastAPI, live: LiveEngine) -> None:
    """Add what is asked to see how the service is.

    On the event loop and in threads of their own: questions may have taken all the others.
    """

    @app.get(
        "/healthz",
        tags=["Service"],
        summary="Is it alive?",
        responses={200: answered_with("It is.", "alive"), **problem_responses()},
    )
    async def healthz() -> StatusJson:
        """Tell that the process is alive; whether it can answer is another question."""
        return StatusJson(status="ok")

    @app.get(
        "/readyz",
        tags=["Service"],
        summary="Is it ready?",
        response_model=StatusJson,
        responses={200: answered_with("It is.", "ready"), **problem_responses(503)},
    )
    async def readyz() -> StatusJson | Response:
        """Tell whether questions can be answered: 503 until something is indexed."""
        engine = live.latest
        if not engine.snapshot.passages:
            engine = await asyncio.to_thread(live.current)
        if not engine.snapshot.passages:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "Nothing indexed.", {"Retry-After": "5"})
        return StatusJson(status="ready")


def _encode_cursor(last: Document) -> str:
    after = orjson.dumps([last.source, last.id])
    return base64.urlsafe_b64encode(after).decode().rstrip("=")


def _decode_cursor(cursor: str) -> tuple[str, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        source, name = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        return f"{source}", f"{name}"
    except (binascii.Error, ValueError, TypeError):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, _NO_CURSOR) from None
