"""Where words stand, as a person reads it: `notes/a.pdf:12-80 (page 3)`, `faq.csv, row 12:0-40`."""

from index.records import Document, Span
from index.terminal import one_line


def place_line(document: Document, span: Span) -> str:
    """Return the name of a document's file, its row or page if it has one, and the offsets."""
    pages, row = document.pages_of(span), document.row_number
    in_row = f", row {row}" if row is not None else ""
    on_page = f" (page {pages[0]})" if pages else ""
    return f"{one_line(document.source)}{in_row}:{span.start}-{span.end}{on_page}"
