"""A text's layout, whatever its format."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.records import Heading, Skipped, Span

# "E." before a blank is no marker: it opens "E. coli" and "J. Smith" more often than a list.
LIST_MARKER = re.compile(r"(?:[-*+•‣◦▪·–]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\)|[a-z]\.)(?=\s)\s*")

# Form feeds and Unicode's separators are blanks within a line.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


Units = Literal["sentences", "lines", "marked"]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item or table row under its headings.

    `section` numbers stretches such as the text between two headings; no passage crosses their
    ends, and all blocks of a section have the same path. A block is made of `units`: sentences,
    lines, or sentences with a mark before each line, as in a comment.
    """

    start: int
    end: int
    heading_path: tuple[str, ...]
    section: int
    units: Units = "sentences"


@dataclass(frozen=True, slots=True)
class Outline:
    """A text's layout: blocks in order, what is deliberately left out, and its own title."""

    title: str
    blocks: tuple[Block, ...]
    skipped: tuple[Skipped, ...]


def line_spans(text: str) -> list[Span]:
    """Return the span of each line with its line end."""
    return [Span(*match.span()) for match in _LINE.finditer(text) if match.group()]


def trim(text: str, span: Span) -> Span:
    """Return `span` without the blanks at its ends."""
    inner = span.of(text)
    start = span.start + len(inner) - len(inner.lstrip())
    return Span(start, max(start, span.start + len(inner.rstrip())))


def marker_end(text: str, span: Span) -> int:
    """Return where the content of a list item begins; `span.start` if it has no marker."""
    match = LIST_MARKER.match(text, span.start, span.end)
    return match.end() if match and match.end() < span.end else span.start


class OutlineBuilder:
    """Builds an outline from headings with levels and the text between them, in order."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.section = 0
        self._path: list[tuple[int, str]] = []
        self._open_heading: tuple[int, Span] | None = None
        self._blocks: list[Block] = []
        self.skipped: list[Skipped] = []

    def add_heading(self, level: int, title: str, span: Span) -> None:
        """Open a section."""
        self.close_heading(level)
        self._path = [outer for outer in self._path if outer[0] < level] + [(level, title)]
        self.section += 1
        self._open_heading = level, span

    def enter(self, path: tuple[str, ...]) -> None:
        """Open a section below these headings, the outermost first."""
        self._path = list(enumerate(path))
        self.section += 1

    def add_item(self, span: Span) -> None:
        """Add a block below the last heading, without the marker of a list before it."""
        start = marker_end(self.text, span)
        self.skip(Span(span.start, start), "list marker")
        self.add_block(start, span.end)

    def add_block(self, start: int, end: int, units: Units = "sentences") -> None:
        """Add a block of text below the last heading."""
        self.close_heading()
        path = tuple(title for _, title in self._path if title)
        self._blocks.append(Block(start, end, path, self.section, units))

    def skip(self, span: Span, reason: str) -> None:
        """Leave `span` out, if it has text."""
        span = trim(self.text, span)
        if span.start < span.end:
            self.skipped.append(Skipped(*span, reason))

    def close_heading(self, level: int = 7) -> None:
        """Skip the last heading if text or a deeper heading follows it; else make it a block."""
        if self._open_heading is None:
            return
        (own_level, span), self._open_heading = self._open_heading, None
        if level > own_level:
            self.skip(span, "heading")
        else:
            self._path.pop()
            self.add_heading_text(span)

    def add_heading_text(self, span: Span) -> None:
        """Add a heading with nothing below it as text."""
        self.add_block(*span)

    def finish(self, title: str = "") -> Outline:
        """Return the outline."""
        self.close_heading(0)
        skipped = sorted(self.skipped, key=lambda part: part.start)
        return Outline(title, tuple(self._blocks), tuple(skipped))


def outline_extracted(text: str, headings: Sequence[Heading]) -> Outline:
    """Return the layout of `text`: each line that is no heading is a block."""
    by_start = {heading.start: heading for heading in headings}
    outline = OutlineBuilder(text)
    for line in line_spans(text):
        span = trim(text, line)
        if span.start == span.end:
            continue
        if heading := by_start.get(span.start):
            title = Span(heading.start, heading.end)
            outline.add_heading(heading.level, title.of(text), title)
        else:
            outline.add_item(span)
    return outline.finish()
