"""`/metrics`."""

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response

from index.store import Store
from qa.live import LiveEngine
from qa.service.problems import problem_responses
from qa.service.telemetry.metrics import CONTENT_TYPE, Metrics


def add_metrics_route(
    app: FastAPI, live: LiveEngine, metrics: Metrics, store: Store | None
) -> None:
    """Add `/metrics`; `store` is where uploads wait, if there can be any."""

    @app.get("/metrics", responses=problem_responses(400, 403), response_class=PlainTextResponse)
    def show() -> Response:
        """Return what Prometheus asks for: questions, requests, the queue, what is searched."""
        pending = len(store.jobs.pending()) if store else 0
        return Response(
            metrics.text(live.latest, live.published_at, pending), media_type=CONTENT_TYPE
        )
