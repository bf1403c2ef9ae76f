"""From the blocks that a reader extracts to a text, a line for each block, and its layout."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.records import Document, Heading, Layout, MetadataValue
from index.sources.listing import SourceFile

# Control characters, lone surrogates, noncharacters, soft hyphen, zero-width blank and byte order
# mark. Joiners stay, for emoji and several scripts need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]"
)

# All but these and blanks, joiners and marks of direction, which show nothing.
_SEEN = re.compile(
    "[^\\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\ufffe\uffff\ud800-\udfff]"
)

_PRODUCER_TITLE = re.compile(
    r"(?i)\s*(?:microsoft (?:word|powerpoint|excel) - |untitled|(?:powerpoint )?presentation\d*$|"
    r"document\d*$)"
)
_FILE_NAME = re.compile(
    r"(?i).+\.(?:pdf|docx?|docm|odt|rtf|html?|txt|tex|dvi|indd|qxd|pptx?|xlsx?|p65)"
)
_TITLE_WORD = re.compile(r"\W*[^\W\d_][^\d_]*(?:-\d{1,4}\W*)?")
"""A title without such a word, like "S0140-6736(20)30183-5" or "scan_01", is an id. No part of the
pattern overlaps the next one, or a long word would take for ever."""
MAX_HEADING_LEVEL = 6


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph, list item, table row or heading, on one line.

    `level` is that of a heading, 0 for others. A `tight` block follows the one before without a
    blank line. It starts on `page`, from 1, and further pages start at `page_breaks` in `text`.
    """

    text: str
    level: int = 0
    tight: bool = False
    page: int = 1
    page_breaks: tuple[int, ...] = ()


def visible(text: str) -> str:
    """Return `text` without characters that are never shown."""
    return _INVISIBLE.sub("", text)


def has_text(text: str) -> bool:
    """Tell whether any character of `text` can be seen."""
    return _SEEN.search(text) is not None


def one_line(text: str) -> str:
    """Return the visible part of `text` with single blanks between its words."""
    return " ".join(visible(text).split())


def lay_out(blocks: Iterable[TextBlock], page_count: int = 0) -> tuple[str, Layout]:
    """Return the text of the blocks, none of them blank, and its layout with so many pages."""
    parts: list[str] = []
    headings: list[Heading] = []
    pages: list[int] = []
    end = 0
    after_heading = False
    for block in blocks:
        if parts:
            gap = "\n" if block.tight and not block.level and not after_heading else "\n\n"
            parts.append(gap)
            end += len(gap)
        pages += [end] * (block.page - len(pages))
        pages += [end + offset for offset in block.page_breaks]
        if block.level:
            start = end + len(block.text) - len(block.text.lstrip())
            level = min(block.level, MAX_HEADING_LEVEL)
            headings.append(Heading(start, end + len(block.text.rstrip()), level))
        parts.append(block.text)
        end += len(block.text)
        after_heading = bool(block.level)
    starts = [0, *pages[1:], *[end] * page_count][:page_count]
    return "".join(parts), Layout(tuple(headings), tuple(starts))


def document_of(
    file: SourceFile,
    content: bytes,
    text: str,
    layout: Layout | None = None,
    *,
    title: str,
    media_type: str,
    reader: str,
    metadata: Mapping[str, MetadataValue],
    document_id: str = "",
    remarks: Sequence[str] = (),
) -> Document:
    """Return a document of a file: its only one, or that of an id. Empty metadata is left out."""
    return Document(
        id=document_id or file.document_id,
        source=file.source,
        title=title,
        text=text,
        media_type=media_type,
        reader=reader,
        document_sha256=hashlib.sha256(content).hexdigest(),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        metadata={key: value for key, value in metadata.items() if value},
        layout=layout,
        remarks=tuple(filter(None, remarks)),
    )


def rows_of_table(rows: Iterable[Sequence[str]], page: int = 1) -> Iterator[TextBlock]:
    """Yield the rows of a table that are not empty, each on a line."""
    tight = False
    for cells in filter(any, rows):
        yield TextBlock(" | ".join(cells).strip(), tight=tight, page=page)
        tight = True


def own_title(recorded: str) -> str:
    """Return the title that a file's properties record, "" if a program made it up."""
    title = one_line(recorded)
    if _PRODUCER_TITLE.match(title) or _FILE_NAME.fullmatch(title.rsplit("/", 1)[-1]):
        return ""
    return title if any(map(_TITLE_WORD.fullmatch, title.split())) else ""
