"""Log lines on stderr, as JSON or text at a terminal, among them one for each request.

structlog renders what Pincite, uvicorn and others log through the standard library. The lines of a
request have its `request_id`. A thread writes the lines: if nobody reads them they are dropped, and
no answer waits.
"""

import json
import logging
import queue
import re
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from logging.handlers import QueueHandler, QueueListener
from typing import Any, Literal, TextIO

import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from index.terminal import one_line, printable
from qa.service.metrics import Metrics

LogFormat = Literal["auto", "json", "text"]

_MOST_WAITING = 10_000
_LAST_LINES_S = 1.0
_FIELDS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logger() -> FilteringBoundLogger:
    """Return a logger whose lines have fields, such as `logger().info("question", took_ms=2)`."""
    bound: FilteringBoundLogger = structlog.wrap_logger(
        logging.getLogger("pincite"),
        processors=[
            structlog.stdlib.filter_by_level,
            *_FIELDS,
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    ).bind()
    return bound


@contextmanager
def log_lines(log_format: LogFormat) -> Iterator[None]:
    """Write what this process logs to stderr; of other libraries only warnings.

    "auto" is text at a terminal and JSON elsewhere.
    """
    as_text = sys.stderr.isatty() if log_format == "auto" else log_format == "text"
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(_MOST_WAITING)
    handler = _DroppingHandler(waiting)
    handler.setFormatter(_formatter(as_text=as_text))
    for name, level in (("", logging.WARNING), ("pincite", logging.INFO)):
        logging.getLogger(name).setLevel(level)
    root = logging.getLogger()
    before, root.handlers = root.handlers, [handler]
    listener = QueueListener(waiting, _QuietHandler(sys.stderr))
    listener.start()
    try:
        yield
    finally:
        root.handlers = before
        # `stop` waits until all lines are read, which may be never.
        stopping = threading.Thread(target=_stop, args=[listener], daemon=True)
        stopping.start()
        stopping.join(_LAST_LINES_S)


class _DroppingHandler(QueueHandler):
    """Renders lines in the thread that logs, which has the request's id, and queues them."""

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue a line, or drop it if too many wait."""
        with suppress(queue.Full):
            super().enqueue(record)


class _QuietHandler(logging.StreamHandler[TextIO]):
    """Writes lines, and drops those that nobody can read."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Drop the line."""


def _stop(listener: QueueListener) -> None:
    with suppress(queue.Full):  # then nobody reads
        listener.stop()


def _formatter(*, as_text: bool) -> ProcessorFormatter:
    # JSON is in ASCII, so that it cannot drive a terminal.
    rendered: list[Processor] = [structlog.processors.JSONRenderer(json.dumps, default=repr)]
    if as_text:
        colors = sys.stderr.isatty()
        rendered = [_without_control_characters, structlog.dev.ConsoleRenderer(colors=colors)]
    return ProcessorFormatter(
        foreign_pre_chain=_FIELDS, processors=[ProcessorFormatter.remove_processors_meta, *rendered]
    )


def _without_control_characters(_: Any, __: str, event: EventDict) -> EventDict:
    return {
        name: (printable if name == "exception" else one_line)(value)
        if isinstance(value, str)
        else value
        for name, value in event.items()
    }


REQUEST_ID = "X-Request-ID"
_VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LONGEST_PATH = 200
_CLIENT_GONE = 499
"""The status that proxies log if the client goes away before the answer."""
_OTHER = "other"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_STATIC = "/static"
_QUIET = frozenset({"/healthz", "/readyz", "/metrics", _STATIC})
"""Frequent requests of machines and pages: logged only if they fail."""

_log = logger()


class RequestLog:
    """ASGI middleware: gives each request an id, counts it and logs it.

    It is outermost, so that it sees what other middleware refuses.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its own id, if that is valid, or a new one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = Headers(scope=scope).get(REQUEST_ID, "")
        if not _VALID_ID.fullmatch(request_id):
            request_id = secrets.token_hex(8)
        started = time.perf_counter()
        status = _CLIENT_GONE

        async def identified(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=request_id)  # a request is a task
        try:
            await self._app(scope, receive, identified)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else _OTHER
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


def _route_of(scope: Scope) -> str:
    """Return the route that matched a request, so that metrics have few labels."""
    if scope["path"].startswith((f"{_STATIC}/", f"{_STATIC}-")):
        return _STATIC
    if route := scope.get("route"):
        return str(getattr(route, "path_format", _OTHER))
    # Refused before it was routed.
    return scope["path"] if scope["path"] in _paths_of(scope["app"]) else _OTHER


@lru_cache(maxsize=8)
def _paths_of(app: Starlette) -> frozenset[str]:
    return frozenset(str(getattr(route, "path", "")) for route in app.routes)
