"""Log lines: one JSON object a line on stderr, or text for a person at a terminal.

What Pincite, uvicorn and others log goes through the same door. A line that belongs to a request
has its `request_id`. A question is not logged unless that is asked for. A thread writes the lines:
if nobody reads them, they are dropped, and no answer waits.
"""

import logging
import logging.handlers
import queue
import sys
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any, Literal

import structlog

from index.terminal import one_line, printable

LogFormat = Literal["auto", "json", "text"]

_MOST_WAITING = 10_000
_LAST_LINES_S = 1.0


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger whose lines have fields; they go where `name` of `logging` goes."""
    bound: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return bound


@contextmanager
def log_lines(log_format: LogFormat) -> Iterator[None]:
    """Write everything that is logged in this process to stderr.

    "auto" is text at a terminal and JSON elsewhere.
    """
    as_text = sys.stderr.isatty() if log_format == "auto" else log_format == "text"
    waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(_MOST_WAITING)
    handler = _Dropping(waiting)
    handler.setFormatter(_formatter(as_text=as_text))
    for name, level in (("", logging.WARNING), ("pincite", logging.INFO)):
        logging.getLogger(name).setLevel(level)
    logging.getLogger().handlers = [handler]
    writing = threading.Thread(target=_write, args=[waiting], name="log", daemon=True)
    writing.start()
    try:
        yield
    finally:
        with suppress(queue.Full):
            waiting.put(None, timeout=_LAST_LINES_S)
        writing.join(_LAST_LINES_S)


class _Dropping(logging.handlers.QueueHandler):
    """Renders a line and leaves it to the thread that writes; drops it where too many wait."""

    def enqueue(self, record: logging.LogRecord) -> None:
        with suppress(queue.Full):
            self.queue.put_nowait(record)


def _write(waiting: "queue.Queue[logging.LogRecord | None]") -> None:
    handler = logging.StreamHandler()
    while record := waiting.get():
        handler.handle(record)


def _formatter(*, as_text: bool) -> logging.Formatter:
    last: list[structlog.typing.Processor] = (
        [_plain, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if as_text
        else [structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


def _plain(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Let nothing in a line drive the terminal."""
    return {
        name: (printable if name == "exception" else one_line)(value)
        if isinstance(value, str)
        else value
        for name, value in event.items()
    }
