"""The collections of a service: each is opened when it is first asked, and let go of in time."""

import asyncio
import gc
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

from fastapi import HTTPException
from starlette.types import ASGIApp

from index.errors import PinciteError, StoreAwayError, StoreMissingError
from index.store import open_store
from index.store.catalogue import collections_at, identity_of
from index.store.collection import is_collection_name
from index.store.location import Location, collection_at
from index.store.protocols import Store
from qa.engine import Engine
from qa.live import LiveEngine
from qa.service.problems import NO_COLLECTION, not_now
from qa.service.writer import Writer

MOST_OPEN = 16
"""How many collections are open at a time, besides the one of the plain routes."""
NOT_OPENED = "This collection cannot be opened; see the service's log."
_ALL_IN_USE = "Too many collections are in use just now; try again in a second."
_LOOK_S = 1.0

_log = logging.getLogger("pincite")


@dataclass(slots=True, eq=False)
class Collection:
    """A collection that is open: what answers, and where uploads and feedback are written.

    `routes` are made when the first request comes.
    """

    name: str
    live: LiveEngine
    writing: tuple[Store, Writer] | None = None
    routes: ASGIApp | None = field(default=None, repr=False)

    def jobs_pending(self) -> int:
        """Return how many uploads wait to be indexed."""
        return len(self.writing[0].jobs.pending()) if self.writing else 0

    def start(self) -> Self:
        """Begin to write what is asked for."""
        if self.writing:
            self.writing[1].start()
        return self

    async def stop(self, error: Exception | None = None) -> None:
        """Finish the write under way; who waits for a job gets the error, if there is one."""
        if self.writing:
            self.writing[1].ask_to_stop()
            await asyncio.to_thread(self.writing[1].stop, error)

    def close(self) -> None:
        """Let go of the files. Nobody may ask any more."""
        self.live.close()
        if self.writing:
            self.writing[0].close()


OpenCollection = Callable[[str, Sequence[Engine]], Collection]
"""Opens the collection of a name. The models of the engines can be shared."""


@dataclass(slots=True, eq=False)
class _Held:
    """An open collection, what tells it from another of its name, and how many requests use it."""

    collection: Collection
    identity: object
    users: int = 0
    unused: asyncio.Event = field(default_factory=asyncio.Event)


class Collections:
    """The collections in a folder. An asynchronous context manager; use it in one event loop.

    `default` is the one that the plain routes ask. It is open already, and never let go of. Of the
    others at most `most_open` are open. The one that was not asked for longest makes room, unless a
    request or an upload uses it. One that is made meanwhile is found, and one that is removed is
    let go of.
    """

    def __init__(
        self,
        location: Location,
        default: Collection,
        open_collection: OpenCollection,
        most_open: int = MOST_OPEN,
    ) -> None:
        self.location = location
        self.default = default
        self._open_collection = open_collection
        self._most_open = most_open
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._opening: dict[str, asyncio.Task[_Held]] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of all; the writes under way are finished."""
        for task in (self._keeper, *self._opening.values()):
            task.cancel()
        for name in list(self._held):
            self._let_go(name)
        await asyncio.gather(self._keeper, *self._stopping, return_exceptions=True)

    @property
    def opened(self) -> list[Collection]:
        """Those that are open now, the default one first."""
        return [self.default, *(held.collection for held in list(self._held.values()))]

    def is_there(self, collection: Collection) -> bool:
        """Tell whether a collection is the one of its name still."""
        held = self._held.get(collection.name)
        same = held is not None and held.collection is collection
        return collection is self.default or (same and self._stands(collection.name))

    @asynccontextmanager
    async def use(self, name: str) -> AsyncIterator[Collection]:
        """Yield a collection, which stays open meanwhile.

        Raises HTTPException: 404 if there is none of that name, 503 if it cannot be opened now.
        """
        if name == self.default.name:
            yield self.default
            return
        held = await self._find(name)
        held.users += 1
        held.unused.clear()
        try:
            yield held.collection
        finally:
            held.users -= 1
            if not held.users:
                held.unused.set()

    async def _find(self, name: str) -> _Held:
        if not is_collection_name(name):
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_COLLECTION)
        while True:
            if name in self._held and self._stands(name):
                self._held.move_to_end(name)
                return self._held[name]
            self._let_go(name)
            if name not in self._opening:
                opening = asyncio.create_task(self._open(name))
                # Nobody may be left to hear of an error.
                opening.add_done_callback(lambda done: done.cancelled() or done.exception())
                self._opening[name] = opening
            await asyncio.shield(self._opening[name])

    async def _open(self, name: str) -> _Held:
        try:
            while len(self._held) + len(self._opening) > self._most_open:
                await self._make_room()
            engines = [collection.live.latest for collection in self.opened]
            identity = await asyncio.to_thread(identity_of, self.location, name)
            if identity is None:
                raise HTTPException(HTTPStatus.NOT_FOUND, NO_COLLECTION)
            collection = await asyncio.to_thread(self._open_collection, name, engines)
            held = self._held[name] = _Held(collection.start(), identity)
            held.unused.set()
            return held
        except StoreMissingError:
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_COLLECTION) from None
        except PinciteError as error:
            _log.error("The collection %s cannot be opened: %s", name, error)
            raise not_now(NOT_OPENED, 10) from None
        finally:
            del self._opening[name]

    async def _make_room(self) -> None:
        """Let go of the collection that was not asked for longest, and that nothing uses."""
        for name, held in list(self._held.items()):
            pending = await asyncio.to_thread(held.collection.jobs_pending)
            if not pending and not held.users and self._held.get(name) is held:
                self._let_go(name)
                return
        raise not_now(_ALL_IN_USE, 1)

    def _stands(self, name: str) -> bool:
        try:
            return self._held[name].identity == identity_of(self.location, name)
        except StoreAwayError:
            return True  # nothing is known to the contrary

    def _let_go(self, name: str) -> None:
        """Forget an open collection, and stop writing it."""
        if name not in self._held:
            return
        removed = None if self._stands(name) else StoreMissingError(NO_COLLECTION)
        stopping = asyncio.create_task(_stop(self._held.pop(name), removed))
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopping.discard)

    async def _keep(self) -> None:
        """Let go of what is removed, and do the uploads that an earlier process left."""
        unfinished = deque(await asyncio.to_thread(self._unfinished))
        while True:
            for name in list(self._held):
                if not self._stands(name):
                    self._let_go(name)
            if unfinished and len(self._held) < self._most_open:
                try:
                    await self._find(unfinished.popleft())
                except HTTPException:
                    continue
                except Exception:  # noqa: BLE001 (the others must not wait for ever)
                    _log.exception("A collection cannot be opened")
            else:
                await asyncio.sleep(_LOOK_S)

    def _unfinished(self) -> list[str]:
        """Return the names of the collections in which uploads wait to be indexed."""
        found: list[str] = []
        with suppress(PinciteError):
            for name in (info.name for info in collections_at(self.location)):
                if name == self.default.name:
                    continue
                store = open_store(collection_at(self.location, name))
                with suppress(PinciteError), closing(store):
                    if store.jobs.pending():
                        found.append(name)
        return found


async def _stop(held: _Held, removed: Exception | None) -> None:
    """Stop writing at once, and let go of the files when the last request is answered."""
    await held.collection.stop(removed)
    await held.unused.wait()
    # FastAPI remembers the functions of routes, and with them what they refer to.
    await asyncio.to_thread(held.collection.close)
    if removed:
        await asyncio.to_thread(gc.collect)  # what is still open of it takes room on the disk
