"""The frozen types that travel through indexing and retrieval.

An offset is always a 0-based count of code points into `Document.text`, as Python counts them.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range `[start, end)` of code points in a document's text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the characters that this span covers in `text`."""
        return text[self.start : self.end]

    def contains(self, other: "Span") -> bool:
        """Tell whether the other span lies within this one."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: "Span") -> bool:
        """Tell whether both spans share at least one character."""
        return self.start < other.end and other.start < self.end


UPLOADED = "upload:"
"""The source of an uploaded document begins with this."""

MetadataValue = str | int | float | bool | tuple[str, ...]
"""The value of one metadata field; a tuple where the field is a list."""


class Heading(NamedTuple):
    """A heading that a parser found; the outermost level is 1."""

    start: int
    end: int
    level: int


class ScannedPage(NamedTuple):
    """The words that OCR read on a page, numbered from 1, with blanks between them.

    `edges` has left, top, right and bottom of each word in quarters of a point from the top left
    corner of the page as shown, as unsigned 16-bit numbers (little-endian), in Base64.
    """

    number: int
    words: str
    edges: str


@dataclass(frozen=True, slots=True)
class Layout:
    """What a parser saw and the text alone does not tell.

    `headings` are in order and do not overlap. `pages` has the offset at which each page starts.
    """

    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    scans: tuple[ScannedPage, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One text that can be cited.

    `source` is the name a user knows it by (`seeds/a.txt`); all documents of a file share it.
    `title` is the text's own, never the file's name; it may be empty. `layout` is None where the
    text's own characters tell it. `modified` is when the file last changed, in ISO 8601 and UTC,
    or empty. `remarks` are the parser's messages to a person.
    """

    id: str
    source: str
    title: str
    text: str
    media_type: str
    reader: str
    document_sha256: str
    text_sha256: str
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict[str, MetadataValue])
    layout: Layout | None = None
    modified: str = ""
    remarks: tuple[str, ...] = ()

    def pages_of(self, span: Span) -> tuple[int, int] | None:
        """Return the first and last page, from 1, that a span stands on; None without pages."""
        pages = self.layout.pages if self.layout else ()
        if not pages:
            return None
        last = max(span.start, span.end - 1)
        return max(1, bisect_right(pages, span.start)), max(1, bisect_right(pages, last))

    @property
    def row_number(self) -> int | None:
        """Which row of its file this document is; None if it is no row."""
        if not self.reader.startswith("rows/"):
            return None
        number = self.metadata.get("pincite_row", self.metadata.get("row"))
        return number if isinstance(number, int) else None

    @property
    def sheet(self) -> str:
        """Which sheet of a workbook it is a row of, "" for none."""
        sheet = self.metadata.get("pincite_sheet", self.metadata.get("sheet"))
        return sheet if isinstance(sheet, str) and self.row_number is not None else ""

    @property
    def display_title(self) -> str:
        """The title to show to a person: the text's own, else the file's name."""
        return self.title or self.source.removeprefix(UPLOADED).rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences within one section of a document.

    `sentences` are in order, do not overlap, and start and end where the passage does. `context`
    has the document's title and the words of its file's name, as far as they fit.
    """

    id: str
    document_id: str
    start: int
    end: int
    heading_path: tuple[str, ...]
    sentences: tuple[Span, ...]
    context: tuple[str, ...] = ()

    @property
    def span(self) -> Span:
        """Where the passage stands in its document."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A stretch of a document that is in no passage, and why."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChunkedDocument:
    """A document with its passages; every non-blank character is in one of them or skipped."""

    document: Document
    passages: tuple[Passage, ...]
    skipped: tuple[Skipped, ...]


def passage_id(document_id: str, start: int, end: int) -> str:
    """Return the id of the passage that stands there."""
    return f"{document_id}:{start}-{end}"


def headings(document: Document, passage: Passage) -> tuple[str, ...]:
    """Return the document's title and the passage's heading path, each heading once."""
    lines = dict.fromkeys((document.title, *passage.heading_path))
    return tuple(line for line in lines if line.strip())


def headings_and_context(document: Document, passage: Passage) -> tuple[str, ...]:
    """Return the lines whose words find a passage, but are no part of its own text."""
    return tuple(dict.fromkeys((*headings(document, passage), *passage.context)))


def lines_above(context: tuple[str, ...], heading_path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lines that are embedded in front of a passage, without repeats."""
    return (*(line for line in context if line not in heading_path), *heading_path)


def passage_text(document: Document, passage: Passage) -> str:
    """Return what the encoder sees: the lines above a passage, then its own text."""
    lines = lines_above(passage.context, passage.heading_path)
    return "\n".join((*lines, passage.span.of(document.text)))
