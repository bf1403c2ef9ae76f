"""The routes that tell whether the service is alive and ready."""

import asyncio
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.responses import Response

from qa.live import LiveEngine
from qa.service.openapi import answered_with
from qa.service.problems import problem, problem_responses
from qa.service.wire import StatusJson


def add_health_routes(app: FastAPI, live: LiveEngine) -> None:
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
