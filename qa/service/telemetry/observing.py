"""Every request gets an id, a log line, and is counted."""

import re
import secrets
import time
from functools import lru_cache

import structlog
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.service.telemetry.log_lines import logger
from qa.service.telemetry.metrics import Metrics

REQUEST_ID = "X-Request-ID"
_REQUEST_ID = REQUEST_ID.lower().encode()

_LONGEST_PATH = 200
_GONE = 499
"""What others, too, write down where the client went away before it was answered."""
_UNMATCHED = "other"
_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_STATIC = "/static"
_QUIET = frozenset({"/healthz", "/readyz", "/metrics", _STATIC})
"""What is asked every few seconds by a machine, or beside a page: logged only where it fails."""

_log = logger()


class Observing:
    """ASGI middleware: the outermost, so that what others turn away is seen, too."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its id: the one it brings, if that is one, else a new one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(scope) or secrets.token_hex(8)
        started = time.perf_counter()
        status = _GONE

        async def identified(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = (each for each in message["headers"] if each[0] != _REQUEST_ID)
                message["headers"] = [*headers, (_REQUEST_ID, request_id.encode())]
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=request_id)  # a request is a task
        try:
            await self._app(scope, receive, identified)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else _UNMATCHED
        self._metrics.count_request(route, method, status, seconds)
        if route in _QUIET and status < 400:
            return
        _log.info(
            "request",
            method=scope["method"][:_LONGEST_PATH],
            path=scope["path"][:_LONGEST_PATH],
            status=status,
            took_ms=round(seconds * 1000, 2),
            client=(scope.get("client") or ("",))[0],
            key=scope.get("state", {}).get("key"),
        )


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == _REQUEST_ID:
            return value.decode() if _GIVEN_ID.fullmatch(value) else None
    return None


def _route_of(scope: Scope) -> str:
    """Return the pattern that a request's path matched: there are only so many."""
    if scope["path"].startswith((f"{_STATIC}/", f"{_STATIC}-")):
        return _STATIC
    if route := scope.get("route"):
        return str(getattr(route, "path_format", _UNMATCHED))
    # Turned away before it was routed.
    return scope["path"] if scope["path"] in _paths_of(scope["app"]) else _UNMATCHED


@lru_cache(maxsize=8)
def _paths_of(app: Starlette) -> frozenset[str]:
    return frozenset(str(getattr(route, "path", "")) for route in app.routes)
