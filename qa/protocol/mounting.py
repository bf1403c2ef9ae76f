"""Speaking the protocol over HTTP, as a route of the service (streamable HTTP)."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from qa.protocol.server import mcp_server
from qa.service.asking import Asking
from qa.service.work_queue import WorkQueue

PATH = "/mcp"


class _Endpoint:
    """An ASGI app that hands requests to the session manager while the service runs."""

    def __init__(self, asking: Asking, questions: WorkQueue) -> None:
        self._server = mcp_server(asking, questions.place)
        self._manager = self._new_manager()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer requests; a manager can run only once, an app be started again."""
        self._manager = self._new_manager()
        async with self._manager.run():
            yield

    def _new_manager(self) -> StreamableHTTPSessionManager:
        # Each request stands by itself, so that any of several processes can answer it. Hosts,
        # origins and sizes are Guard's business.
        return StreamableHTTPSessionManager(self._server, json_response=True, stateless=True)


def add_mcp(app: FastAPI, asking: Asking, questions: WorkQueue) -> None:
    """Answer `POST /mcp` within the service, behind all that stands before its other routes.

    The app's lifespan must run.
    """
    endpoint = _Endpoint(asking, questions)
    # A GET would open a stream of messages from the server, of which there are none.
    app.router.routes.append(Route(PATH, endpoint, methods=["POST"], include_in_schema=False))
    others = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        async with others(running) as state, endpoint.running():
            yield state or {}

    app.router.lifespan_context = lifespan
