"""PDF documents, read page by page, and their metadata."""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from index.parsers.blocks import document_of, lay_out, one_line
from index.parsers.files import UnreadableFileError, bytes_of, progressed
from index.parsers.pdf.glyphs import TextRun, text_runs
from index.parsers.pdf.grids import with_ruled_rows
from index.parsers.pdf.headings import read_outline, title_of
from index.parsers.pdf.layout import without_running_heads
from index.parsers.pdf.paragraphs import blocks_of
from index.parsers.pdf.scans import MOST_SCANS, ScanReader, kept, runs_of
from index.records import Document, MetadataValue, ScannedPage
from index.remarks import remark_on
from index.sources.listing import SourceFile

MEDIA_TYPE = "application/pdf"
MAX_PAGES = 5000
MAX_GLYPHS = 30_000_000

_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-]\d\d)'?(\d\d)?)?")


def read_pdf(file: SourceFile, scans: ScanReader | None = None) -> Iterable[Document]:
    """Yield the text of a PDF in reading order, with the offset of each page.

    `scans` reads the pages that have no text; without it they stay blank.
    """
    from importlib.metadata import version

    content = bytes_of(file.path)
    if not content:
        raise UnreadableFileError("empty")
    with opened_pdf(content) as pdf:
        info = pdf.get_metadata_dict()
        pages, scanned = _pages(pdf, scans)
        outline = read_outline(pdf)
    blocks = blocks_of(without_running_heads(pages), outline)
    if not blocks:
        advice = "" if scans else "; read it with --ocr"
        raise UnreadableFileError(f"no text in it (scanned?){advice}")
    blank = [number for number, page in enumerate(pages, 1) if not page]
    read = [page.number for page in scanned]
    remarks = [
        remark_on("page", read, "was read by OCR", "were read by OCR"),
        remark_on("page", blank, "holds no text (scanned?)", "hold no text (scanned?)"),
    ]
    text, layout = lay_out(blocks, len(pages))
    yield document_of(
        file,
        content,
        text,
        replace(layout, scans=tuple(scanned)),
        title=title_of(info.get("Title", ""), outline, pages),
        media_type=MEDIA_TYPE,
        reader=f"pdf_document/4 (pypdfium2 {version('pypdfium2')}"
        + (f", {scans.name})" if scans and scanned else ")"),
        metadata=_metadata(info),
        remarks=remarks,
    )


@contextmanager
def opened_pdf(content: bytes) -> Iterator[Any]:
    """Give a `pypdfium2.PdfDocument`. Raises UnreadableFileError."""
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


def _pages(pdf: Any, scans: ScanReader | None) -> tuple[list[list[TextRun]], list[ScannedPage]]:
    """Return the runs of each page, none for one that cannot be loaded, and those scanned."""
    import pypdfium2

    pages: list[list[TextRun]] = []
    scanned: list[ScannedPage] = []
    left = MAX_GLYPHS
    for number in range(1, len(pdf) + 1):
        runs: list[TextRun] = []
        with suppress(pypdfium2.PdfiumError), closing(pdf[number - 1]) as page:
            with closing(page.get_textpage()) as text_page:
                left -= text_page.count_chars()
                if left < 0:
                    raise UnreadableFileError(f"more than {MAX_GLYPHS:,} characters; split it")
                runs = with_ruled_rows(page, *text_runs(text_page))
            if scans and not runs and len(scanned) < MOST_SCANS:
                lines = scans.lines(page)
                runs = runs_of(lines, page.get_size()[1])
                scanned += [kept(number, lines)] if lines else []
        pages.append(runs)
        progressed(number, len(pdf))
    return pages, scanned


def _metadata(info: dict[str, str]) -> dict[str, MetadataValue]:
    words = (one_line(word) for word in re.split(r"[,;]", info.get("Keywords", "")))
    return {
        "author": one_line(info.get("Author", "")),
        "subject": one_line(info.get("Subject", "")),
        "keywords": tuple(filter(None, words)),
        "created": _iso_date(info.get("CreationDate", "")),
    }


def _iso_date(written: str) -> str:
    """Return a PDF date, such as "D:20220729060321-04'00'", in ISO 8601, "" if it is invalid."""
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
