"""A bounded queue before the work: what does not fit is refused at once, and nothing grows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Depends, HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from qa.service.problems import problem

Result = TypeVar("Result")


class WorkQueue:
    """Lets `at_once` pieces of work be done and `waiting` more wait, each `patience_s` at most.

    For one event loop; it has a thread for each piece of work. `changed` is told how many wait or
    are worked on whenever that changes.
    """

    def __init__(
        self,
        at_once: int,
        waiting: int,
        patience_s: float = 10.0,
        changed: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="work")
        self._most = at_once + waiting
        self._patience_s = patience_s
        self._changed = changed
        self._inside = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place, in the order of arrival, and hold it.

        Raises HTTPException 503 with Retry-After where the queue is full, or the wait too long.
        """
        if self.is_full:
            raise _busy()
        self._enter(1)
        try:
            await self._acquire()
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._enter(-1)

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do `work` in a thread, when there is a place for it. Raises as `place` does."""
        loop = asyncio.get_running_loop()
        async with self.place():
            run = copy_context().run  # so that what is logged has the request's id
            return await loop.run_in_executor(self._threads, partial(run, work, *arguments))

    @property
    def is_full(self) -> bool:
        """Whether a place would be refused."""
        return self._inside >= self._most

    async def _acquire(self) -> None:
        if not self._places.locked():
            await self._places.acquire()  # at once
            return
        try:
            async with asyncio.timeout(self._patience_s):
                await self._places.acquire()
        except TimeoutError:
            raise _busy() from None

    def _enter(self, count: int) -> None:
        self._inside += count
        self._changed(self._inside)


def in_turn(queue: WorkQueue) -> Any:
    """Return what makes a route wait for its place in `queue`, after its body was read."""

    async def place() -> AsyncIterator[None]:
        async with queue.place():
            yield

    return Depends(place, scope="function")


class RefuseEarly:
    """ASGI middleware: refuses a question that finds `queue` full, before its body is looked at.

    Most of what a refusal costs is saved for those who are answered.
    """

    def __init__(self, app: ASGIApp, queue: WorkQueue) -> None:
        self._app = app
        self._queue = queue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 503, or pass the request on."""
        waits = scope["type"] == "http" and scope["path"] in _QUESTIONS
        app = problem(*_BUSY) if waits and self._queue.is_full else self._app
        await app(scope, receive, send)


_QUESTIONS = frozenset({"/v1/ask", "/v1/verify", "/v1/chat/completions"})
_BUSY = (
    HTTPStatus.SERVICE_UNAVAILABLE,
    "More is asked for than can be answered just now; try again in a second.",
    {"Retry-After": "1"},
)


def _busy() -> HTTPException:
    return HTTPException(*_BUSY)
