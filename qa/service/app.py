"""The service over its collections: their routes, and the middleware in front of them."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from index.pages import Pages
from index.store.protocols import Store
from qa.live import LiveEngine
from qa.service.addresses import PagesOfCollections, page_of, prefix_of
from qa.service.answerer import Answerer
from qa.service.collection import Collection, Collections
from qa.service.metrics import Metrics
from qa.service.openapi import DESCRIPTION, TAGS, complete_openapi
from qa.service.policy import OPEN, Policy, add_middleware
from qa.service.problems import add_problem_handlers
from qa.service.routes.answers import add_answer_routes
from qa.service.routes.chat import add_chat_routes
from qa.service.routes.collection import add_collection_routes
from qa.service.routes.documents import add_document_routes
from qa.service.routes.feedback import add_feedback_route
from qa.service.routes.health import add_health_routes
from qa.service.routes.pages import IMAGES_PATIENCE_S, IMAGES_WAITING, add_page_routes
from qa.service.routes.uploads import add_upload_routes
from qa.service.uploads import UploadBody
from qa.service.work_queue import WorkQueue
from qa.service.writer import Writer
from qa.service.written_answers import WrittenAnswers

if TYPE_CHECKING:
    from qa.written.writing import AnswerWriter

_STATIC = Path(__file__).parent / "static"


def build_app(
    live: LiveEngine,
    policy: Policy = OPEN,
    *,
    writing: tuple[Store, Writer] | None = None,
    collections: Collections | None = None,
    answer_writer: "AnswerWriter | None" = None,
    mcp: bool = False,
    log_questions: bool = False,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """Return the service that answers from `live`, to those whom `policy` lets in.

    `writing` is the store for uploads and feedback, and its writer; without it there are neither.
    `collections` are those that the service answers from besides; enter them before the first
    request. With an `answer_writer` a language model writes where it is asked to. With `mcp` the
    service also speaks the Model Context Protocol, with `log_questions` it logs questions.
    `lifespan` is entered before the first request.
    """
    app = FastAPIOffline(
        redoc_url=None,
        title="Pincite",
        version=version("pincite"),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        generate_unique_id_function=lambda route: route.name,  # stable, and readable
        swagger_ui_parameters={"defaultModelsExpandDepth": 0, "displayRequestDuration": True},
        lifespan=lifespan,
    )
    default = collections.default if collections else Collection(policy.collection, live, writing)
    uploads = [UploadBody] if default.writing else []
    complete_openapi(app, *uploads, keys=policy.keys is not None)
    metrics = Metrics()
    questions = WorkQueue(
        policy.questions_at_once, policy.questions_waiting, changed=metrics.queue_changed
    )
    written = WrittenAnswers(answer_writer, policy.written_at_once)
    app.state.stop_writing = written.stop
    pages = Pages(default.live.store.uploads)
    images = WorkQueue(1, IMAGES_WAITING, IMAGES_PATIENCE_S)
    bodies = WorkQueue(policy.uploads_at_once, policy.uploads_waiting, patience_s=30)

    def add_routes(to: FastAPI, collection: Collection) -> None:
        """Add the routes of a collection."""
        answerer = Answerer(collection.live, metrics, log_questions, collection.name)
        add_problem_handlers(to)
        add_answer_routes(to, answerer, questions, written)
        add_document_routes(to, collection.live, questions)
        add_page_routes(to, collection.live, pages.beside(collection.live.store.uploads), images)
        add_chat_routes(to, answerer, questions, written)
        if collection.writing:
            add_upload_routes(to, collection.live, *collection.writing, bodies)
            add_feedback_route(to, collection.writing[0])
        if mcp:
            from qa.protocol.server import add_mcp  # takes a second to import

            add_mcp(to, answerer, questions)

    def routes_of(collection: Collection) -> ASGIApp:
        """Return the routes of a collection by themselves, behind the middleware of the service."""
        own = FastAPI(openapi_url=None, redirect_slashes=False)
        add_routes(own, collection)
        own.state.prefix, own.state.page = prefix_of(collection.name), page_of(collection.name)
        answering = ExceptionMiddleware(own.router, handlers=own.exception_handlers)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            scope["app"] = own
            await answering(scope, receive, send)

        return answer

    add_routes(app, default)
    if collections:
        add_collection_routes(app, collections, routes_of)
    add_health_routes(app, lambda: collections.opened if collections else [default], metrics)
    app.add_middleware(_HeadAsGet)
    add_middleware(app, policy, metrics)
    app.add_middleware(PagesOfCollections)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "index.html")

    return app


class _HeadAsGet:
    """ASGI middleware: answers HEAD as GET. The server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive, send)
        finally:
            scope["route"] = as_get.get("route")  # for the middleware outside, which logs it
