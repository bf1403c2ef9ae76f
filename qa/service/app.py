"""The service, built on an engine that is handed in: its routes and what stands before them."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline

from index.store.store import Store
from qa.live import LiveEngine
from qa.service.answers import add_answer_routes
from qa.service.asking import Asking
from qa.service.chat.errors import ChatProblem
from qa.service.chat.routes import add_chat_routes
from qa.service.documents import add_document_routes
from qa.service.examples import add_example_routes
from qa.service.feedback import add_feedback_route
from qa.service.head import HeadAsGet
from qa.service.health import add_health_routes
from qa.service.openapi import (
    DESCRIPTION,
    TAGS,
    complete_openapi,
    name_of,
)
from qa.service.policy import OPEN, Policy, add_middleware
from qa.service.problems import add_problem_handlers
from qa.service.telemetry.metrics import Metrics
from qa.service.telemetry.routes import add_metrics_route
from qa.service.upload_body import UploadBody
from qa.service.uploads import add_upload_routes
from qa.service.work_queue import RefuseEarly, WorkQueue, in_turn
from qa.service.writer import Writer

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_STATIC = Path(__file__).parent / "static"


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
        version=version("pincite"),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        generate_unique_id_function=name_of,
        swagger_ui_parameters={"defaultModelsExpandDepth": 0, "displayRequestDuration": True},
        lifespan=lifespan,
    )
    complete_openapi(
        app, ChatProblem, *([UploadBody] if writing else []), keys=policy.keys is not None
    )
    metrics = Metrics()
    asking = Asking(live, metrics, log_questions)
    questions = WorkQueue(
        policy.questions_at_once, policy.questions_waiting, changed=metrics.queue_changed
    )
    add_problem_handlers(app)
    add_answer_routes(app, asking, questions)
    add_document_routes(app, live, in_turn(questions))
    add_chat_routes(app, asking, questions)
    add_example_routes(app, live)
    if writing:
        bodies = WorkQueue(policy.uploads_at_once, policy.uploads_waiting, patience_s=30)
        add_upload_routes(app, live, *writing, bodies)
        add_feedback_route(app, writing[0])
    add_health_routes(app, live)
    add_metrics_route(app, live, metrics, writing[0] if writing else None)
    if mcp:
        from qa.protocol.mounting import add_mcp  # takes a second, and few need it

        add_mcp(app, asking, questions)
    app.add_middleware(HeadAsGet)
    app.add_middleware(RefuseEarly, queue=questions)
    add_middleware(app, policy, metrics)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "index.html")

    return app
