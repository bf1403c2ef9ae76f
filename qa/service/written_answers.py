"""Answers that a language model writes: few at once, in threads of their own, while somebody reads.

Waiting for a language model takes seconds, so it holds none of the turns of questions.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing, suppress
from contextvars import copy_context
from dataclasses import replace
from http import HTTPStatus
from threading import Semaphore, Thread
from typing import TYPE_CHECKING, Self, TypeVar

from fastapi import HTTPException, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from qa.records import Answer, DroppedSentence, WrittenAnswer, WrittenSentence
from qa.service.problems import not_now
from qa.written.cancellation import Cancellation

if TYPE_CHECKING:
    from qa.written.writing import AnswerWriter

EVENT_STREAM = "text/event-stream"
NO_WRITER = (
    "This service has no language model, so it only quotes: leave out `write`, or name the model "
    "`pincite`. Whoever runs the service can set one: the setting `llm`."
)
_BUSY = (
    "As many answers are being written as can be at once; try again in a few seconds, or ask for "
    "the quotes alone."
)
_WAIT_S = 5
_SERVICE_STOPS = "The service stops, so the language model did not write to the end."
_NOBODY_READS = "Nobody reads on."

WrittenEvent = WrittenSentence | DroppedSentence | WrittenAnswer
Result = TypeVar("Result")


class WrittenAnswers:
    """Lets a `writer`, if there is one, write `at_once` answers at a time."""

    def __init__(self, writer: "AnswerWriter | None", at_once: int) -> None:
        self._writer = writer
        self._free = Semaphore(at_once)
        self._turns = set[WritingTurn]()
        self._stops = False

    @property
    def can_write(self) -> bool:
        """Whether there is a language model."""
        return self._writer is not None

    def turn(self) -> "WritingTurn":
        """Return a turn to have one answer written, which must be closed.

        Raises HTTPException: 422 without a language model, 503 with Retry-After if no turn is free.
        """
        if self._writer is None:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, NO_WRITER)
        if not self._free.acquire(blocking=False):
            raise not_now(_BUSY, _WAIT_S)
        turn = WritingTurn(self._writer, self._end)
        self._turns.add(turn)
        if self._stops:
            turn.stop()
        return turn

    def stop(self) -> None:
        """End what is being written at once, and what is asked for from now on."""
        self._stops = True
        for turn in self._turns.copy():
            turn.stop()

    def _end(self, turn: "WritingTurn") -> None:
        self._turns.discard(turn)
        self._free.release()


class WritingTurn:
    """A turn to have one answer written. When it is closed, the model is stopped.

    A turn ends when its thread has ended: `end` is called then.
    """

    def __init__(self, writer: "AnswerWriter", end: Callable[["WritingTurn"], None]) -> None:
        self._writer = writer
        self._end = end
        self._has_begun = False
        self._is_closed = False
        self._cancellation = Cancellation()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def events(self, answer: Answer, history: Sequence[str]) -> AsyncIterator[WrittenEvent]:
        """Yield what the writer yields, as it comes. Iterate over it once."""
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[WrittenEvent | Exception] = asyncio.Queue()

        def give(event: WrittenEvent | Exception) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(arrived.put_nowait, event)

        def write() -> None:
            try:
                with closing(self._writer.write(answer, history, self._cancellation)) as events:
                    for event in events:
                        give(event)
            except Exception as error:  # noqa: BLE001 (it is raised where the answer is awaited)
                give(error)
            finally:
                self._end(self)

        Thread(target=copy_context().run, args=[write], name="written", daemon=True).start()
        self._has_begun = True  # from now on the thread ends the turn
        while True:
            event = await arrived.get()
            if isinstance(event, Exception):
                raise event
            yield event
            if isinstance(event, WrittenAnswer):
                return

    async def whole(self, request: Request, answer: Answer, history: Sequence[str]) -> Answer:
        """Return the answer with all that is written.

        Raises ClientDisconnect if the client of the `request` goes away before.
        """

        async def write() -> Answer:
            async for event in self.events(answer, history):
                if isinstance(event, WrittenAnswer):
                    return replace(answer, written=event)
            return answer

        return await _unless_gone(request, write())

    def close(self) -> None:
        """Stop the model; end the turn at once if it was not used."""
        if not self._has_begun and not self._is_closed:
            self._end(self)
        self._is_closed = True
        self._cancellation.cancel(_NOBODY_READS)

    def stop(self) -> None:
        """End the answer as it is: the service stops."""
        self._cancellation.cancel(_SERVICE_STOPS)


def with_passages(answer: Answer, top_k: int) -> Answer:
    """Return an answer with its first passages: for writing, there may be more than was asked."""
    return replace(answer, hits=answer.hits[:top_k])


class EventStream(StreamingResponse):
    """Server-sent events of an answer as it is written. Its turn is closed whatever comes."""

    media_type = EVENT_STREAM

    def __init__(self, events: AsyncIterator[bytes], turn: WritingTurn) -> None:
        # A proxy that gathered the events would show nothing until the last.
        super().__init__(events, headers={"X-Accel-Buffering": "no"})
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the client goes away."""
        with self._turn:
            await super().__call__(scope, receive, send)


async def _unless_gone(request: Request, work: Awaitable[Result]) -> Result:
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
