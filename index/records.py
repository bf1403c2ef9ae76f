"""The frozen types that travel through indexing and retrieval.

One coordinate system holds everywhere: an offset is a 0-based count of Unicode
code points into `Document.text`, end exclusive. A Python string index is exactly that.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
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
        """Tell whether all of the other span lies within this one."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: "Span") -> bool:
        """Tell whether both spans share at least one character."""
        return self.start < other.end and other.start < self.end


UPLOADED = "upload:"
"""What the source of a document begins with that is in no file of the user's."""

MetadataValue = str | int | float | bool | tuple[str, ...]
"""What is said of a document under one name; several words where it is a list."""


class Heading(NamedTuple):
    """A heading that a reader found: where it stands, and its level, 1 the outermost."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What a reader saw and the text alone does not tell.

    `headings` are in order and do not overlap. `pages` has the offset at which each page starts,
    the first page's first; it is empty where there are no pages.
    """

    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One text that can be cited.

    `source` is the name a user knows it by (`seeds/a.txt`); several documents of one file share
    it. `id` is derived from it. `title` is empty where the text does not name itself; a file name
    is never a title. `layout` is None where the text's own characters tell it. `modified` is when
    the file was last changed, in ISO 8601, UTC; "" if that is not known. `remarks` is what the
    reader has to say to a person, a line each.
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
        """Which row of its file this document is; None where a file is one document."""
        if not self.reader.startswith("rows/"):
            return None
        number = self.metadata.get("pincite_row", self.metadata.get("row"))
        return number if isinstance(number, int) else None

    @property
    def display_title(self) -> str:
        """The title to show to a person: the text's own, else the file's name."""
        return self.title or self.source.removeprefix(UPLOADED).rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences within one section of a document.

    `sentences` are in order, do not overlap, and start and end where the passage does. `context`
    are lines that say what the whole document is, its title and its file's name, as far as they
    fit in front of what is embedded.
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
    """Return what a passage is headed by, each once: the document's title and its own path."""
    found = dict.fromkeys((document.title, *passage.heading_path))
    return tuple(heading for heading in found if heading.strip())


def above(context: Iterable[str], heading_path: Iterable[str]) -> tuple[str, ...]:
    """Return the lines that are embedded in front of a passage: what is in its path comes once."""
    path = tuple(heading_path)
    return (*(line for line in context if line not in path), *path)


def found_by(document: Document, passage: Passage) -> tuple[str, ...]:
    """Return the lines whose words find a passage as its own words do: nothing of them is cited."""
    return tuple(dict.fromkeys((*headings(document, passage), *passage.context)))


def embedded_text(lines: Iterable[str], cited: str) -> str:
    """Return what the encoder sees: the lines above a passage, then the text that is cited."""
    return "\n".join((*lines, cited))


def passage_text(document: Document, passage: Passage) -> str:
    """Return what the encoder sees of a passage."""
    lines = above(passage.context, passage.heading_path)
    return embedded_text(lines, passage.span.of(document.text))
