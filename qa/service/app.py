"""The service's routes, built on an engine that is handed in."""

import asyncio
import base64
import binascii
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from pydantic import ConfigDict, Field

from index.records import Document
from index.store import Store
from index.version import installed_version
from qa.claims import AnswerClaims, CitedSpan, PassageClaim
from qa.elsewhere import elsewhere_in_snapshot
from qa.live import LiveEngine
from qa.service.asking import Asking
from qa.service.chat.routes import add_chat_routes
from qa.service.examples import add_example_routes
from qa.service.feedback import add_feedback_route
from qa.service.policy import OPEN, Policy, add_middleware
from qa.service.problems import add_problem_handlers, problem, problem_responses
from qa.service.telemetry.metrics import Metrics
from qa.service.telemetry.routes import add_metrics_route
from qa.service.uploads import add_upload_routes
from qa.service.wire import DocumentJson, DocumentSummaryJson
from qa.service.work_queue import WorkQueue, in_turn
from qa.service.writer import Writer
from qa.verdicts import VerificationJson
from qa.verify import verify
from qa.versions import versions_in_snapshot
from qa.wire import AnswerJson, WireModel

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_STATIC = Path(__file__).parent / "static"
_MAX_CITATIONS = 1000

FILTERS = (
    "Answer only from documents that match: an object of conditions, all of which must hold. "
    '`{"author": "Jane"}`: the field is just that, letter for letter; a number equals a number '
    "(1 is 1.0), true and false only themselves. "
    '`{"author": {"in": ["Jane", "Bob"]}}`: it is one of these. '
    '`{"year": {"gte": 2020, "lt": 2024}}`: `gt`, `gte`, `lt`, `lte` compare numbers with numbers '
    "and texts with texts, character by character, so that ISO 8601 dates compare right. "
    '`{"path": {"prefix": "notes/2024/"}}`: the text starts so. '
    "Several operators of a field must all hold. Of a list, one word has to. Fields are a "
    "document's metadata and its own `id`, `source`, `path` (the same), `title`, `media_type` and "
    "`modified`; metadata of one of these names is `metadata.title` and so on. A document without "
    "the field does not match; a field that no document has is an error. At most 20 conditions, "
    "and 1000 values in an `in`. Words that no document holds, spelling and how much a word "
    "weighs are told from all documents."
)


class AskBody(WireModel):
    """A question."""

    question: str = Field(
        description="At most 2000 characters.",
        examples=["why do I get pimples after microneedling"],
    )
    top_k: int = Field(default=5, ge=1, le=50, description="How many passages to return.")
    explain: bool = Field(default=False, description="Return each stage's ranks and scores.")
    filters: dict[str, Any] = Field(default={}, description=FILTERS)


class VerifyBody(AnswerClaims):
    """An answer as /v1/ask gives it, or citations by themselves."""

    model_config = ConfigDict(extra="forbid")

    citations: list[CitedSpan] = Field(max_length=_MAX_CITATIONS)
    passages: list[PassageClaim] = Field(default=[], max_length=_MAX_CITATIONS)
    question: Any = Field(default=None, description="This and all below is not looked at.")
    confidence: Any = None
    snapshot: Any = None
    model: Any = None
    calibration: Any = None
    took_ms: Any = None
    explain: Any = None
    corrections: Any = None
    unknown_words: Any = None


class DocumentsJson(WireModel):
    """A page of the list of documents."""

    documents: list[DocumentSummaryJson]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page.")


class StatusJson(WireModel):
    """A short word on how the service is."""

    status: str


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
        description="Answers from your own documents, every word pinned to its place.",
        lifespan=lifespan,
    )
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
    add_middleware(app, policy, metrics)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    @app.head("/", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "index.html")

    return app


def _add_answering(app: FastAPI, asking: Asking, turn: Any) -> None:
    @app.post("/v1/ask", responses=problem_responses(400, 403, 413, 422, 503), dependencies=[turn])
    def ask(body: AskBody) -> AnswerJson:
        """Answer a question from the documents, or abstain."""
        return AnswerJson.of(
            asking.ask(body.question, body.top_k, explain=body.explain, filters=body.filters)
        )

    @app.post(
        "/v1/verify", responses=problem_responses(400, 403, 413, 422, 503), dependencies=[turn]
    )
    def check(body: VerifyBody) -> VerificationJson:
        """Tell whether an answer holds in the documents that the service answers from."""
        snapshot = asking.live.current().snapshot
        found = verify(body, versions_in_snapshot(snapshot), elsewhere_in_snapshot(snapshot))
        return VerificationJson.of(found)


def _add_documents(app: FastAPI, live: LiveEngine, turn: Any) -> None:
    @app.get("/v1/documents", responses=problem_responses(400, 403, 422, 503), dependencies=[turn])
    def documents(
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str | None, Query(max_length=4096)] = None,
    ) -> DocumentsJson:
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
        responses=problem_responses(400, 403, 404, 422, 503),
        dependencies=[turn],
    )
    def document(document_id: str) -> DocumentJson:
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

    @app.head("/healthz", include_in_schema=False)
    @app.get("/healthz", responses=problem_responses(400, 403))
    async def healthz() -> StatusJson:
        """Tell that the process is alive."""
        return StatusJson(status="ok")

    @app.head("/readyz", response_model=StatusJson, include_in_schema=False)
    @app.get("/readyz", response_model=StatusJson, responses=problem_responses(400, 403, 503))
    async def readyz() -> StatusJson | Response:
        """Tell whether questions can be answered."""
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
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "cursor: not one that this service gave out."
        ) from None
