"""Files to documents, one reader a format."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from index.records import Document
from index.sources import SourceFile
from index.structure import OUTLINERS

Reader = Callable[[SourceFile], Iterable[Document]]

MAX_FILE_BYTES = 64 * 1024 * 1024


class UnreadableFileError(Exception):
    """A file cannot be indexed; the message is the reason, for the report."""


class OutOfReachError(UnreadableFileError):
    """A file is there and cannot be read for the moment: no permission, a fault of the disk."""


def read_text(media_type: str) -> Reader:
    """Return a reader of UTF-8 text whose `Document.text` is the decoded file itself."""

    def read(file: SourceFile) -> Iterable[Document]:
        content = _bytes_of(file.path)
        text = _decode(content)
        if not text.strip():
            raise UnreadableFileError("empty")
        yield Document(
            id=file.document_id,
            source=file.source,
            title=OUTLINERS[media_type](text).title,
            text=text,
            media_type=media_type,
            reader="text/1",
            document_sha256=hashlib.sha256(content).hexdigest(),
            text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        )

    return read


READERS: dict[str, Reader] = {
    ".txt": read_text("text/plain"),
    ".text": read_text("text/plain"),
    ".md": read_text("text/markdown"),
    ".markdown": read_text("text/markdown"),
}


def read_file(file: SourceFile) -> list[Document]:
    """Return the documents in `file`.

    Raises UnreadableFileError with the reason if it has none, OutOfReachError if what it has
    cannot be told now.
    """
    suffix = file.path.suffix.lower()
    reader = READERS.get(suffix)
    if reader is None:
        raise UnreadableFileError(f"unsupported type {suffix or '(no suffix)'}")
    with read_errors_explained():
        return list(reader(file))


@contextmanager
def read_errors_explained() -> Iterator[None]:
    """Tell a file that is gone (UnreadableFileError) from one out of reach (OutOfReachError)."""
    try:
        yield
    except OSError as error:
        gone = isinstance(error, FileNotFoundError | NotADirectoryError)
        kind = UnreadableFileError if gone else OutOfReachError
        raise kind(f"unreadable ({error.strerror or error})") from error


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFileError(f"larger than {MAX_FILE_BYTES // 2**20} MiB; split it")
    return content


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFileError("UTF-16; save it as UTF-8")
    if b"\0" in content:
        raise UnreadableFileError("binary")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"not UTF-8 (byte 0x{content[error.start]:02x} at {error.start}); save it as UTF-8"
        ) from error
