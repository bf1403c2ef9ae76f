"""Files to documents, one reader a format."""

from index.parsers.docx.document import read_docx
from index.parsers.epub.document import read_epub
from index.parsers.files import (
    OutOfReachError,
    Reader,
    UnreadableFileError,
    read_errors_explained,
)
from index.parsers.isolation import reading_process
from index.parsers.mail.document import read_eml, read_mbox
from index.parsers.objects import OBJECT_READERS
from index.parsers.office.opendocument import read_odt
from index.parsers.office.sheets import SHEET_READERS
from index.parsers.office.slides import read_pptx
from index.parsers.pdf.document import read_pdf
from index.parsers.rows import ROW_READERS
from index.parsers.rtf import read_rtf
from index.parsers.text import TEXT_READERS
from index.parsers.web.page import read_html
from index.records import Document
from index.sources.listing import SourceFile

READERS: dict[str, Reader] = {
    **TEXT_READERS,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".odt": read_odt,
    ".pptx": read_pptx,
    **SHEET_READERS,
    ".epub": read_epub,
    ".eml": read_eml,
    ".mbox": read_mbox,
    ".rtf": read_rtf,
    **ROW_READERS,
    **OBJECT_READERS,
}

WITHOUT_PARSER = frozenset({".txt", ".text"})
"""What is read in this process. All else is read in a process of its own."""


def read_file(file: SourceFile) -> list[Document]:
    """Return the documents in `file`.

    Raises UnreadableFileError with the reason if there are none, OutOfReachError if the file cannot
    be read now, ReadingError if the process that reads files cannot be started.
    """
    reader = READERS.get(file.suffix)
    if reader is None:
        raise UnreadableFileError(f"unsupported type {file.suffix or '(no suffix)'}")
    with read_errors_explained():
        if file.suffix not in WITHOUT_PARSER:
            return reading_process.read(file)
        try:
            return list(reader(file))
        except (UnreadableFileError, OSError, MemoryError):
            raise
        except Exception as error:
            raise UnreadableFileError(f"its parser failed ({type(error).__name__})") from error


__all__ = [
    "READERS",
    "OutOfReachError",
    "Reader",
    "UnreadableFileError",
    "read_errors_explained",
    "read_file",
]
