"""`/v1/collections`: which collections there are, and the routes of each."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from types import SimpleNamespace
from typing import Annotated, Self

import structlog
from fastapi import FastAPI, HTTPException, Path, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import StoreError
from index.store.catalogue import CollectionInfo, collections_at, info_of
from index.store.collection import DEFAULT_COLLECTION, is_collection_name
from qa.formats.fields import JsonModel
from qa.service.addresses import COLLECTIONS_PATH, PATH_OF_ONE, path_inside, prefix_of
from qa.service.collection import Collection, Collections
from qa.service.openapi import answered_with
from qa.service.problems import NO_COLLECTION, problem_responses

CollectionName = Annotated[
    str,
    Path(
        description="The name of the collection.",
        examples=[DEFAULT_COLLECTION],
        json_schema_extra={"pattern": "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"},
    ),
]


class CollectionJson(JsonModel):
    """A collection."""

    name: str = Field(description="Its name, for `/v1/collections/{collection}/…`.")
    documents: int | None = Field(
        description="How many documents are searched; null where it cannot be read."
    )
    passages: int | None = Field(description="How many passages they have.")
    snapshot: str | None = Field(description="The snapshot that answers.")

    @classmethod
    def of(cls, found: CollectionInfo) -> Self:
        """Return the JSON form of what is known of a collection."""
        live = found.live
        return cls(
            name=found.name,
            documents=live.documents if live else None,
            passages=live.passages if live else None,
            snapshot=live.id if live else None,
        )


class CollectionsJson(JsonModel):
    """The collections that there are."""

    collections: list[CollectionJson] = Field(
        description="`default` comes first, then the others by name."
    )


def add_collection_routes(
    app: FastAPI, collections: Collections, routes_of: Callable[[Collection], ASGIApp]
) -> None:
    """Add the list of collections, and the routes of each, which `routes_of` makes."""

    @app.get(
        COLLECTIONS_PATH,
        tags=["Collections"],
        summary="List the collections",
        responses={200: answered_with("All that the key may see.", "collections")},
    )
    def list_collections(request: Request) -> CollectionsJson:
        """List the collections that the caller's key opens; all where no key is asked for."""
        opened: tuple[str, ...] = getattr(request.state, "collections", ())
        listed = collections_at(collections.location)
        visible = (found for found in listed if not opened or found.name in opened)
        return CollectionsJson(collections=[CollectionJson.of(found) for found in visible])

    @app.get(
        PATH_OF_ONE,
        tags=["Collections"],
        summary="Describe a collection",
        responses={
            200: answered_with("The collection as it is now.", "collection"),
            **problem_responses({404: NO_COLLECTION}),
        },
    )
    def get_collection(collection: CollectionName) -> CollectionJson:
        """Return how many documents and passages a collection has, and its snapshot."""
        found = is_collection_name(collection) and info_of(collections.location, collection)
        if not found:
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_COLLECTION)
        return CollectionJson.of(found)

    endpoint = _RoutesOfCollections(collections, routes_of)
    path = f"{PATH_OF_ONE}/{{rest:path}}"
    app.router.routes.append(Route(path, endpoint, include_in_schema=False))


class _RoutesOfCollections:
    """An ASGI app: passes what is asked of a collection to routes of its own, as if it were alone.

    Middleware has checked by the whole path who may ask it.
    """

    def __init__(
        self, collections: Collections, routes_of: Callable[[Collection], ASGIApp]
    ) -> None:
        self._collections = collections
        self._routes_of = routes_of
        self._making = asyncio.Lock()  # FastAPI alters what routes have in common as it makes them

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, rest = scope["path_params"]["collection"], scope["path_params"]["rest"]
        prefix = prefix_of(name)

        async def placed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if (location := headers.get("location", "")).startswith("/v1/"):
                    headers["location"] = prefix + location.removeprefix("/v1/")
            await send(message)

        async with self._collections.use(name) as collection:
            structlog.contextvars.bind_contextvars(collection=name)
            routes = await self._of(collection)
            inside = {**scope, "path": path_inside(rest), "path_params": {}}
            inside.pop("route", None)
            try:
                await routes(inside, receive, placed)
            except StoreError:
                if self._collections.is_there(collection):
                    raise
                raise HTTPException(HTTPStatus.NOT_FOUND, NO_COLLECTION) from None
            finally:
                scope["route"] = _matched(inside.get("route"))

    async def _of(self, collection: Collection) -> ASGIApp:
        if collection.routes is None:
            async with self._making:
                if collection.routes is None:
                    collection.routes = await run_in_threadpool(self._routes_of, collection)
        return collection.routes


def _matched(route: object) -> SimpleNamespace:
    """Return what the log and the metrics read of a route: the pattern of the path."""
    found = str(getattr(route, "path_format", ""))
    inside = found.removeprefix("/v1/").removeprefix("/")
    return SimpleNamespace(path_format=prefix_of("{collection}") + inside if found else "other")
