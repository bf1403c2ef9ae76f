"""The route that tells what one might ask."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

from fastapi import FastAPI
from pydantic import Field

from qa.examples import examples
from qa.formats.fields import WireModel
from qa.live import LiveEngine
from qa.service.openapi import answered_with
from qa.service.problems import GATE, problem_responses


class ExamplesJson(WireModel):
    """Questions to begin with."""

    questions: list[str] = Field(
        description="Six at most, each answered by the document it is found in; maybe none.",
        examples=[["Why Might Pimples Occur After Microneedling?"]],
    )


class _Remembered:
    """The questions of a snapshot, made once and in a thread of their own, when asked for."""

    def __init__(self, live: LiveEngine) -> None:
        self._live = live
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="examples")
        self._snapshot: str | None = None
        self._made: Future[tuple[str, ...]] = Future()

    async def questions(self) -> tuple[str, ...]:
        engine = await asyncio.to_thread(self._live.current)
        if engine.snapshot.id != self._snapshot or _failed(self._made):
            self._snapshot = engine.snapshot.id
            self._made = self._beside.submit(examples, engine)
        # A caller that goes away must not cancel what others wait for.
        return await asyncio.shield(asyncio.wrap_future(self._made))


def _failed(made: Future[tuple[str, ...]]) -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)


def add_example_routes(app: FastAPI, live: LiveEngine) -> None:
    """Add the route that returns example questions."""
    remembered = _Remembered(live)

    @app.get(
        "/v1/examples",
        tags=["Answers"],
        summary="Questions to begin with",
        responses={
            200: answered_with("The questions.", "examples"),
            **problem_responses(*GATE),
        },
    )
    async def example_questions() -> ExamplesJson:
        """List questions that stand in the documents and are answered by them."""
        return ExamplesJson(questions=list(await remembered.questions()))
