"""Text as it stands in its file: .txt and .md."""

import hashlib
from collections.abc import Iterable

from index.reading.errors import UnreadableFileError
from index.reading.files import bytes_of
from index.reading.reader import Reader
from index.records import Document
from index.sources import SourceFile
from index.structure import OUTLINERS


def read_text(media_type: str) -> Reader:
    """Return a reader of UTF-8 text whose `Document.text` is the decoded file itself."""

    def read(file: SourceFile) -> Iterable[Document]:
        content = bytes_of(file.path)
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
