"""Files to documents, one reader a format."""

from index.reading.errors import OutOfReachError, UnreadableFileError, read_errors_explained
from index.reading.pdf_document import read_pdf_document
from index.reading.reader import Reader
from index.reading.text import read_text
from index.reading.web_page import read_web_page
from index.reading.word_document import read_word_document
from index.records import Document
from index.sources import SourceFile

READERS: dict[str, Reader] = {
    ".txt": read_text("text/plain"),
    ".text": read_text("text/plain"),
    ".md": read_text("text/markdown"),
    ".markdown": read_text("text/markdown"),
    ".html": read_web_page,
    ".htm": read_web_page,
    ".xhtml": read_web_page,
    ".pdf": read_pdf_document,
    ".docx": read_word_document,
}


def read_file(file: SourceFile) -> list[Document]:
    """Return the documents in `file`.

    Raises UnreadableFileError with the reason if it has none, OutOfReachError if what it has
    cannot be told now.
    """
    reader = READERS.get(file.suffix)
    if reader is None:
        raise UnreadableFileError(f"unsupported type {file.suffix or '(no suffix)'}")
    with read_errors_explained():
        return list(reader(file))


__all__ = [
    "READERS",
    "OutOfReachError",
    "Reader",
    "UnreadableFileError",
    "read_errors_explained",
    "read_file",
]
