"""`/metrics`."""

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response

from index.store.store import Store
from qa.live import LiveEngine
from qa.service.problems import GATE, problem_responses
from qa.service.telemetry.metrics import CONTENT_TYPE, Metrics

_EXAMPLE = """# HELP pincite_queue Questions that wait or are worked on.
# TYPE pincite_queue gauge
pincite_queue 0.0
"""


def add_metrics_route(
    app: FastAPI, live: LiveEngine, metrics: Metrics, store: Store | None
) -> None:
    """Add `/metrics`; `store` is where uploads wait, if there can be any."""

    @app.get(
        "/metrics",
        tags=["Service"],
        summary="Measure it",
        operation_id="get_metrics",
        responses={
            200: {
                "description": "All numbers, in the text format of Prometheus.",
                "content": {"text/plain": {"example": _EXAMPLE}},
            },
            **problem_responses(*GATE),
        },
        response_class=PlainTextResponse,
    )
    def show() -> Response:
        """Return what Prometheus asks for: questions, requests, the queue, what is searched."""
        pending = len(store.jobs.pending()) if store else 0
        return Response(
            metrics.text(live.latest, live.published_at, pending), media_type=CONTENT_TYPE
        )
