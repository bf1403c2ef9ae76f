"""`/healthz`, `/readyz` and `/metrics`: how the service is."""

import asyncio
from collections.abc import Callable, Sequence

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response
from pydantic import Field

from qa.formats.fields import JsonModel
from qa.service.collection import Collection
from qa.service.metrics import CONTENT_TYPE, Metrics
from qa.service.openapi import answered_with
from qa.service.problems import not_now, problem_responses

_NOTHING = "Nothing indexed."
_METRICS_EXAMPLE = """# HELP pincite_queue Questions that wait or are worked on.
# TYPE pincite_queue gauge
pincite_queue 0.0
"""


class StatusJson(JsonModel):
    """How the service is."""

    status: str = Field(description="`ok` or `ready`.")


def add_health_routes(
    app: FastAPI, opened: Callable[[], Sequence[Collection]], metrics: Metrics
) -> None:
    """Add the routes for monitoring; `opened` returns the open collections, the default one first.

    They run on the event loop or in threads of their own, so that questions cannot hold them up.
    """

    @app.get(
        "/healthz",
        tags=["Service"],
        summary="Is it alive?",
        responses={200: answered_with("It is.", "alive")},
    )
    async def healthz() -> StatusJson:
        """Tell that the process is alive; `/readyz` tells whether it can answer."""
        return StatusJson(status="ok")

    @app.get(
        "/readyz",
        tags=["Service"],
        summary="Is it ready?",
        responses={200: answered_with("It is.", "ready"), **problem_responses({503: _NOTHING})},
    )
    async def readyz() -> StatusJson:
        """Tell whether questions can be answered.

        503 until something is indexed, and while the server that has the documents is away.

        It looks at the collection that the plain routes ask.
        """
        live = opened()[0].live
        engine = live.latest
        await asyncio.to_thread(live.store.version)  # raises StoreAwayError
        if not engine.snapshot.info.passages:
            engine = await asyncio.to_thread(live.current)
        if not engine.snapshot.info.passages:
            raise not_now(_NOTHING, 5)
        return StatusJson(status="ready")

    @app.get(
        "/metrics",
        tags=["Service"],
        summary="Measure it",
        responses={
            200: {
                "description": "All numbers, in the text format of Prometheus.",
                "content": {"text/plain": {"example": _METRICS_EXAMPLE}},
            }
        },
        response_class=PlainTextResponse,
    )
    def get_metrics() -> Response:
        """Return the numbers for Prometheus: questions, requests, the queue, what is searched."""
        content = metrics.text({c.name: (c.live.latest, c.jobs_pending()) for c in opened()})
        return Response(content, media_type=CONTENT_TYPE)
