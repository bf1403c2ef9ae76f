"""The paths of collections: `/v1/collections/NAME/…` stands for `/v1/…` of that collection."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

COLLECTIONS_PATH = "/v1/collections"
PATH_OF_ONE = f"{COLLECTIONS_PATH}/{{collection}}"

_OF_ONE = re.compile(rf"{COLLECTIONS_PATH}/([^/]+)(?:/(.*))?", re.DOTALL)
_PAGE_OF_ONE = re.compile(r"/collections/([^/]+)/(v1/.*|static/.*|readyz|)", re.DOTALL)


def split_path(path: str) -> tuple[str | None, str]:
    """Return the collection that a path names, None for none, and the path that it stands for."""
    if named := _OF_ONE.fullmatch(path):
        return named[1], path_inside(named[2] or "")
    return None, path


def path_inside(rest: str) -> str:
    """Return the path of a collection's own routes that `rest` stands for."""
    return f"/{rest}" if rest == "mcp" else f"/v1/{rest}"


def prefix_of(collection: str) -> str:
    """Return what the paths of a collection begin with, in the place of `/v1/`."""
    return f"{COLLECTIONS_PATH}/{collection}/"


def page_of(collection: str) -> str:
    """Return the path of a collection's page, without the first slash."""
    return f"collections/{collection}/"


class PagesOfCollections:
    """ASGI middleware: the page at `/collections/NAME/` asks that collection.

    The page names all that it asks for relative to itself, so its paths are rewritten.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under the path that is meant."""
        if scope["type"] == "http" and (asked := _PAGE_OF_ONE.fullmatch(scope["path"])):
            collection, rest = asked.groups()
            is_route = rest.startswith("v1/")
            path = prefix_of(collection) + rest.removeprefix("v1/") if is_route else f"/{rest}"
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)
