"""A bounded queue before the work. What does not fit is refused at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Any, TypeVar

from qa.service.problems import not_now

_BUSY = "More is asked for than can be answered just now; try again in a second."
Result = TypeVar("Result")


class WorkQueue:
    """Does `at_once` pieces of work in threads while `waiting` more wait, `patience_s` at most.

    Use it in one event loop. It calls `changed` with how many pieces wait or are worked on.
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
            return await loop.run_in_executor(self._threads, run, work, *arguments)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, in the order of arrival, and hold it.

        Raises HTTPException 503 with Retry-After if the queue is full, or the wait too long.
        """
        if self._inside >= self._most:
            raise not_now(_BUSY, 1)
        self._count(1)
        try:
            try:
                async with asyncio.timeout(self._patience_s if self._turns.locked() else None):
                    await self._turns.acquire()
            except TimeoutError:
                raise not_now(_BUSY, 1) from None
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        self._inside += change
        self._changed(self._inside)
