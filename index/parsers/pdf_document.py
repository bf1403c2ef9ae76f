"""PDF documents."""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

from index.parsers.blocks import extracted_document, lay_out, one_line
from index.parsers.errors import UnreadableFileError
from index.parsers.files import bytes_of
from index.parsers.pdf_blocks import blocks_of
from index.parsers.pdf_fragments import Fragment, fragments_of
from index.parsers.pdf_running_heads import without_running_heads
from index.parsers.pdf_title import title_of
from index.parsers.progress import progressed
from index.records import Document, MetadataValue
from index.sources.listing import SourceFile

MEDIA_TYPE = "application/pdf"
MAX_PAGES = 5000
MAX_GLYPHS = 30_000_000

_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-]\d\d)'?(\d\d)?)?")


def read_pdf_document(file: SourceFile) -> Iterable[Document]:
    """Yield the text of a PDF in reading order, with the offset of each page."""
    content = bytes_of(file.path)
    if not content:
        raise UnreadableFileError("empty")
    with _opened(content) as pdf:
        info = pdf.get_metadata_dict()
        pages = list(_pages(pdf))
        title = title_of(info.get("Title", ""), pdf.get_toc(), pages)
    bare = [number for number, page in enumerate(pages, 1) if not page]
    blocks = blocks_of(without_running_heads(pages))
    if not blocks:
        raise UnreadableFileError("no text in it (scanned?); run OCR on it first")
    yield extracted_document(
        file,
        content,
        lay_out(blocks, len(pages)),
        title=title,
        media_type=MEDIA_TYPE,
        reader=_reader(),
        metadata=_metadata(info),
        remarks=[f"{_named(bare)} no text (scanned?)"] if bare else [],
    )


def _reader() -> str:
    from importlib.metadata import version

    return f"pdf_document/3 (pypdfium2 {version('pypdfium2')})"


@contextmanager
def _opened(content: bytes) -> Iterator[Any]:
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        pdf = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        locked = pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD
        reason = "encrypted; save it without a password" if locked else "damaged PDF"
        raise UnreadableFileError(reason) from error
    with closing(pdf):
        if len(pdf) > MAX_PAGES:
            raise UnreadableFileError(f"more than {MAX_PAGES} pages; split it")
        yield pdf


def _pages(pdf: Any) -> Iterator[list[Fragment]]:
    """Yield what stands on each page; a page that cannot be loaded has nothing."""
    import pypdfium2

    left = MAX_GLYPHS
    for number in range(len(pdf)):
        try:
            page = pdf[number]
        except pypdfium2.PdfiumError:
            yield []
            continue
        with closing(page):
            try:
                text_page = page.get_textpage()
            except pypdfium2.PdfiumError:
                yield []
                continue
            with closing(text_page):
                left -= text_page.count_chars()
                if left < 0:
                    raise UnreadableFileError(f"more than {MAX_GLYPHS:,} characters; split it")
                yield fragments_of(text_page)
        progressed()


def _metadata(info: dict[str, str]) -> dict[str, MetadataValue]:
    words = (one_line(word) for word in re.split(r"[,;]", info.get("Keywords", "")))
    return {
        "author": one_line(info.get("Author", "")),
        "subject": one_line(info.get("Subject", "")),
        "keywords": tuple(filter(None, words)),
        "created": _iso_date(info.get("CreationDate", "")),
    }


def _iso_date(written: str) -> str:
    """Return a PDF date, such as "D:20220729060321-04'00'", in ISO 8601; "" if it is none."""
    match = _DATE.fullmatch(written.strip().removesuffix("'"))
    if not match:
        return ""
    year, month, day, hour, minute, second, utc, offset, offset_minutes = match.groups()
    date = f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
    zone = "+00:00" if utc else f"{offset}:{offset_minutes or '00'}" if offset else ""
    try:
        return datetime.fromisoformat(date + zone).isoformat()
    except ValueError:
        return ""


def _named(pages: list[int]) -> str:
    if len(pages) == 1:
        return f"page {pages[0]} holds"
    listed = ", ".join(map(str, pages[:20]))
    more = f" and {len(pages) - 20} more" if len(pages) > 20 else ""
    return f"pages {listed}{more} hold"
