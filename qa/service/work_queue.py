"""A bounded queue before the work: what does not fit is refused at once, and nothing grows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import Depends, HTTPException


class WorkQueue:
    """Lets `at_once` pieces of work be done and `waiting` more wait, each `patience_s` at most.

    For one event loop. `changed` is told how many wait or are worked on whenever that changes.
    """

    def __init__(
        self,
        at_once: int,
        waiting: int,
        patience_s: float = 10.0,
        changed: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._patience_s = patience_s
        self._changed = changed
        self._inside = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place, in the order of arrival, and hold it.

        Raises HTTPException 503 with Retry-After where the queue is full, or the wait too long.
        """
        if self._inside >= self._most:
            raise _busy()
        self._enter(1)
        try:
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._places.acquire()
            except TimeoutError:
                raise _busy() from None
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._enter(-1)

    def _enter(self, count: int) -> None:
        self._inside += count
        self._changed(self._inside)


def in_turn(queue: WorkQueue) -> Any:
    """Return what makes a route wait for its place in `queue`, after its body was read."""

    async def place() -> AsyncIterator[None]:
        async with queue.place():
            yield

    return Depends(place, scope="function")


def _busy() -> HTTPException:
    return HTTPException(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "More is asked for than can be answered just now; try again in a second.",
        {"Retry-After": "1"},
    )
