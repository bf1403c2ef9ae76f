"""Log lines: one JSON object a line on stderr, or text for a person at a terminal.

What Pincite, uvicorn and others log goes through the same door. A line that belongs to a request
has its `request_id`. A question is not logged unless that is asked for. A thread writes the lines:
if nobody reads them, they are dropped, and no answer waits.
"""

import json
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any, Literal

import structlog

from index.terminal import one_line, printable

LogFormat = Literal["auto", "json", "text"]
Event = MutableMapping[str, Any]

_MOST_WAITING = 10_000
_LAST_LINES_S = 1.0
_GATHER_S = 0.01
"""For so long lines are gathered before they are written: waking a thread costs more than a line"""

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


class _Door:
    """Where lines go out. Safe to share between threads."""

    def __init__(self, render: Callable[[Event], str]) -> None:
        self._render = render
        self._waiting: deque[str] = deque()
        self._some, self._ending = threading.Event(), threading.Event()
        self._stream = sys.stderr
        self._writing = threading.Thread(target=self._write, name="log", daemon=True)
        self._writing.start()

    def put(self, event: Event) -> None:
        """Render a line and leave it to the thread that writes; drop it where too many wait."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(self._render(event) + "\n")
            if not self._some.is_set():
                self._some.set()

    def close(self) -> None:
        """Write what waits, if somebody reads it."""
        self._ending.set()
        self._some.set()
        self._writing.join(_LAST_LINES_S)

    def _write(self) -> None:
        while not self._ending.is_set() or self._waiting:
            self._some.wait()
            self._ending.wait(_GATHER_S)
            self._some.clear()
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            with suppress(OSError, ValueError):  # nobody is there to read
                self._stream.write("".join(lines))
                self._stream.flush()


_doors: list[_Door] = []
"""The last one is in use. Where there is none, nothing is written."""


class _Foreign(logging.Handler):
    """Leads what is logged with `logging` through the door, as the same kind of lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Leave a record at the door; one that cannot be read is told of, and harms nobody."""
        try:
            event: Event = {"event": record.getMessage(), "exc_info": record.exc_info}
            for process in _SHARED:
                event = process(None, record.levelname.lower(), event)  # type: ignore[assignment]
            _put(event)
        except Exception:  # noqa: BLE001 (as the handlers of `logging` do)
            self.handleError(record)


def _put(event: Event) -> None:
    if _doors:
        _doors[-1].put(event)


def _out(_: Any, __: str, event: Event) -> Event:
    _put(event)
    raise structlog.DropEvent


def logger() -> structlog.typing.FilteringBoundLogger:
    """Return a logger whose lines have fields; they are written where `log_lines` is in force."""
    bound: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        None,
        processors=[*_SHARED, _out],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    ).bind()
    return bound


@contextmanager
def log_lines(log_format: LogFormat) -> Iterator[None]:
    """Write everything that is logged in this process to stderr.

    "auto" is text at a terminal and JSON elsewhere.
    """
    as_text = sys.stderr.isatty() if log_format == "auto" else log_format == "text"
    for name, level in (("", logging.WARNING), ("pincite", logging.INFO)):
        logging.getLogger(name).setLevel(level)
    logging.getLogger().handlers = [_Foreign()]
    door = _Door(_text_line() if as_text else _json_line)
    _doors.append(door)
    try:
        yield
    finally:
        _doors.remove(door)
        door.close()


_JSON = json.JSONEncoder(default=repr)  # in ASCII, so that nothing in a line drives a terminal


def _json_line(event: Event) -> str:
    return _JSON.encode(event)


def _text_line() -> Callable[[Event], str]:
    render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return lambda event: str(render(None, "", _plain(event)))


def _plain(event: Event) -> Event:
    """Let nothing in a line drive the terminal."""
    return {
        name: (printable if name == "exception" else one_line)(value)
        if isinstance(value, str)
        else value
        for name, value in event.items()
    }
