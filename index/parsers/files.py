"""What all readers share: the bytes of a file, signs of progress, and errors."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from index.records import Document
from index.sources.listing import SourceFile

MAX_FILE_BYTES = 64 * 1024 * 1024

Reader = Callable[[SourceFile], Iterable[Document]]
"""Yields the documents in a file, one or many. Raises UnreadableFileError, OSError."""

Listener = Callable[[int, int], None]
"""Called with how many pages are read, and how many there are; 0 where nobody counts them."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


class UnreadableFileError(Exception):
    """A file cannot be indexed. The message is the reason, for the report."""


class OutOfReachError(UnreadableFileError):
    """A file is there but cannot be read now, for lack of permission or a fault of the disk."""


@contextmanager
def read_errors_explained() -> Iterator[None]:
    """Turn OSError into UnreadableFileError for a missing file, else into OutOfReachError."""
    try:
        yield
    except OSError as error:
        gone = isinstance(error, FileNotFoundError | NotADirectoryError)
        kind = UnreadableFileError if gone else OutOfReachError
        raise kind(f"unreadable ({error.strerror or error})") from error


def bytes_of(path: Path) -> bytes:
    """Return the content of a file. Raises UnreadableFileError if it is too large, OSError."""
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFileError(f"larger than {MAX_FILE_BYTES // 2**20} MiB; split it")
    return content


def progressed(done: int = 0, pages: int = 0) -> None:
    """Tell that a part of a long file, such as a page, is done."""
    listener = _listener.get()
    if listener:
        listener(done, pages)


@contextmanager
def progress_told_to(listener: Listener) -> Iterator[None]:
    """Call `listener` at each sign of progress in this thread."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
