"""A bounded queue before the work: what does not fit is refused at once, and nothing grows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import HTTPException

Result = TypeVar("Result")


class WorkQueue:
    """Does `at_once` pieces of work while `waiting` more wait, each `patience_s` at most.

    For one event loop, with a thread for each piece of work. `changed` is told how many wait or are
    worked on whenever that changes.
    """

    def __init__(
        self,
        at_once: int,
        waiting: int,
        patience_s: float = 10.0,
        changed: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="work")
        self._most = at_once + waiting
        self._patience_s = patience_s
        self._changed = changed
        self._inside = 0

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do `work` in a thread when its turn comes. Raises as `turn` does."""
        loop = asyncio.get_running_loop()
        async with self.turn():
            run = copy_context().run  # so that log lines have the request's id
            return await loop.run_in_executor(self._threads, partial(run, work, *arguments))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, in the order of arrival, and hold it.

        Raises HTTPException 503 with Retry-After if the queue is full, or the wait too long.
        """
        if self._inside >= self._most:
            raise _busy()
        self._count(1)
        try:
            await self._acquire()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._count(-1)

    async def _acquire(self) -> None:
        if not self._turns.locked():
            await self._turns.acquire()  # at once
            return
        try:
            async with asyncio.timeout(self._patience_s):
                await self._turns.acquire()
        except TimeoutError:
            raise _busy() from None

    def _count(self, change: int) -> None:
        self._inside += change
        self._changed(self._inside)


def _busy() -> HTTPException:
    return HTTPException(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "More is asked for than can be answered just now; try again in a second.",
        {"Retry-After": "1"},
    )
