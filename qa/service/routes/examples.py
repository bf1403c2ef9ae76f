"""`/v1/examples`: questions to begin with."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

from fastapi import FastAPI
from pydantic import Field

from qa.examples import examples
from qa.formats.fields import JsonModel
from qa.live import LiveEngine
from qa.service.openapi import answered_with


class ExamplesJson(JsonModel):
    """Questions to begin with."""

    questions: list[str] = Field(
        description="At most six; the document that holds a question answers it. May be empty."
    )


def add_example_routes(app: FastAPI, live: LiveEngine) -> None:
    """Add the route that returns example questions."""
    cache = _ExampleCache(live)

    @app.get(
        "/v1/examples",
        tags=["Answers"],
        summary="Questions to begin with",
        responses={200: answered_with("The questions.", "examples")},
    )
    async def example_questions() -> ExamplesJson:
        """List questions that stand in the documents and are answered by them."""
        return ExamplesJson(questions=list(await cache.questions()))


class _ExampleCache:
    """The questions of the live snapshot. A thread finds them once, when somebody asks."""

    def __init__(self, live: LiveEngine) -> None:
        self._live = live
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="examples")
        self._snapshot: str | None = None
        self._questions: Future[tuple[str, ...]] = Future()

    async def questions(self) -> tuple[str, ...]:
        engine = await asyncio.to_thread(self._live.current)
        if engine.snapshot.id != self._snapshot or _failed(self._questions):
            self._snapshot = engine.snapshot.id
            self._questions = self._thread.submit(examples, engine)
        # A caller that goes away must not cancel what others wait for.
        return await asyncio.shield(asyncio.wrap_future(self._questions))


def _failed(future: Future[tuple[str, ...]]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)
