"""What a reader calls while it works on a long file, so that nobody takes it for hung."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[], None] | None] = ContextVar("listener", default=None)


def progressed() -> None:
    """Tell that another part of the file, such as a page, is done."""
    listener = _listener.get()
    if listener:
        listener()


@contextmanager
def progress_told_to(listener: Callable[[], None]) -> Iterator[None]:
    """Have `listener` called at each sign of progress in this thread."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
