"""What the readers of all formats share: a file's bytes, progress, why a file cannot be read."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from index.records import Document
from index.sources.listing import SourceFile

MAX_FILE_BYTES = 64 * 1024 * 1024

Reader = Callable[[SourceFile], Iterable[Document]]
"""Yields the documents in a file, one or many. Raises UnreadableFileError, OSError."""

_listener: ContextVar[Callable[[], None] | None] = ContextVar("listener", default=None)


class UnreadableFileError(Exception):
    """A file cannot be indexed; the message is the reason, for the report."""


class OutOfReachError(UnreadableFileError):
    """A file is there and cannot be read for the moment: no permission, a fault of the disk."""


@contextmanager
def read_errors_explained() -> Iterator[None]:
    """Tell a file that is gone (UnreadableFileError) from one out of reach (OutOfReachError)."""
    try:
        yield
    except OSError as error:
        gone = isinstance(error, FileNotFoundError | NotADirectoryError)
        kind = UnreadableFileError if gone else OutOfReachError
        raise kind(f"unreadable ({error.strerror or error})") from error


def bytes_of(path: Path) -> bytes:
    """Return what is in the file. Raises UnreadableFileError if that is too much, OSError."""
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFileError(f"larger than {MAX_FILE_BYTES // 2**20} MiB; split it")
    return content


def progressed() -> None:
    """Tell that another part of a long file, such as a page, is done: its reader does not hang."""
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
