"""Why a file cannot be indexed."""

from collections.abc import Iterator
from contextlib import contextmanager


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
