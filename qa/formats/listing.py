"""All that answers a question, for a terminal and as CSV."""

import csv
import io
import re
from itertools import groupby

from rich.console import Console
from rich.text import Text

from index.records import Document
from index.terminal import one_line, printable
from qa.formats.marked_text import remarks
from qa.formats.quote_printing import print_indented, unwrapped
from qa.records import Answer, Citation, ListedQuote, Listing

COLUMNS = tuple("document_id source title sheet page row start end confidence text".split())
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
"""How a cell begins that a spreadsheet may run (OWASP, CSV injection)."""
_INDENT = 6


def csv_of(listing: Listing, line_end: str = "\r\n") -> str:
    """Return the quotes as CSV (RFC 4180), a line each below the names of the columns.

    An apostrophe stands before a text that a spreadsheet would take for a formula.
    """
    written = io.StringIO(newline="")
    lines = csv.writer(written, lineterminator=line_end)
    lines.writerow(COLUMNS)
    for quote in listing.quotes:
        citation, document = quote.citation, quote.citation.document
        page = citation.pages[0] if citation.pages else None
        place = (page, document.row_number, citation.start, citation.end)
        named = (document.id, document.source, document.display_title, document.sheet)
        text = _inert(citation.cited_text)
        lines.writerow((*map(_inert, named), *place, f"{quote.confidence:.4f}", text))
    return written.getvalue()


def _inert(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def print_listing(answer: Answer, listing: Listing, console: Console) -> None:
    """Print how many quotes answer, and these, file by file, with their places."""
    console.print()
    for remark in (*remarks(answer), *listing.remarks):
        console.print(Text(f"  {remark}", style="dim"))
    console.print(Text(f"  {summary(listing)}", style="bold"))
    for source, quotes in groupby(listing.quotes, _file):
        console.print()
        console.print(Text(f"  {source}", style="italic"))
        for quote in quotes:
            _print_quote(quote, console)
    console.print()
    took = f"  {answer.took_ms:.0f} ms · {answer.model}"
    console.print(Text(one_line(took), style="dim"))


def summary(listing: Listing) -> str:
    """Return how many quotes there are, and if there may be more, why."""
    count, files = len(listing.quotes), len(set(map(_file, listing.quotes)))
    if not count and listing.bounds:
        return "; ".join(["Nothing was found to list", *listing.bounds])
    told = f"{count} quote{'s' * (count != 1)} in {files} file{'s' * (files != 1)}"
    return "; ".join([f"At least {told}", *listing.bounds] if listing.bounds else [told])


def _file(quote: ListedQuote) -> str:
    return one_line(quote.citation.document.source)


def _print_quote(quote: ListedQuote, console: Console) -> None:
    citation = quote.citation
    line = Text(f"  [{citation.number}] ", style="cyan")
    line.append(_place(citation), style="default")
    line.append(f"  {quote.confidence:.2f}", style="green")
    if citation.agreeing > 1:
        line.append(f"  {citation.agreeing} documents say this", style="green")
    console.print(line)
    print_indented(_shown(citation), console, _INDENT)


def _shown(citation: Citation) -> Text:
    if citation.document.row_number is None:
        return Text(unwrapped(citation.cited_text))
    fields = (" ".join(line.split()) for line in printable(citation.cited_text).splitlines())
    return Text(" · ".join(filter(None, fields)))


def _place(citation: Citation) -> str:
    """Return a short place in a file: its row, its page, or its characters."""
    document: Document = citation.document
    if document.row_number is not None:
        row = f"row {document.row_number}"
        return f"{one_line(document.sheet)}, {row}" if document.sheet else row
    characters = f"{citation.start}-{citation.end}"
    return f"page {citation.pages[0]}, {characters}" if citation.pages else characters
