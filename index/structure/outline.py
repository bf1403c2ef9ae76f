"""A text's layout, whatever its format."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.records import Heading, Skipped, Span

# "E." before a blank is no marker: it opens "E. coli" and "J. Smith" more often than a list.
LIST_MARKER = re.compile(r"(?:[-*+•‣◦▪·–]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\)|[a-z]\.)(?=\s)\s*")

# Form feeds and Unicode's separators are blanks within a line.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item or table row under its headings.

    `section` numbers stretches such as the text between two headings; no passage crosses their
    ends, and all blocks of a section have the same path.
    """

    start: int
    end: int
    heading_path: tuple[str, ...]
    section: int


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


def outline_extracted(text: str, headings: Sequence[Heading]) -> Outline:
    """Return the layout of `text`: each line that is no heading is a block.

    A heading is a block, too, if a heading of its own level or a higher one follows at once.
    """
    by_start = {heading.start: heading for heading in headings}
    path: list[Heading] = []
    open_heading: Heading | None = None
    blocks: list[Block] = []
    skipped: list[Skipped] = []
    section = 0

    def titles() -> tuple[str, ...]:
        return tuple(text[above.start : above.end] for above in path)

    def close_heading(level: int) -> None:
        nonlocal open_heading
        if open_heading is None:
            return
        if level > open_heading.level:
            skipped.append(Skipped(open_heading.start, open_heading.end, "heading"))
        else:
            path.pop()
            blocks.append(Block(open_heading.start, open_heading.end, titles(), section))
        open_heading = None

    for line in line_spans(text):
        span = trim(text, line)
        if span.start == span.end:
            continue
        heading = by_start.get(span.start)
        if heading:
            close_heading(heading.level)
            path = [above for above in path if above.level < heading.level] + [heading]
            section += 1
            open_heading = heading
            continue
        close_heading(7)
        start = marker_end(text, span)
        if start > span.start:
            skipped.append(Skipped(span.start, start, "list marker"))
        blocks.append(Block(start, span.end, titles(), section))
    close_heading(0)
    return Outline("", tuple(blocks), tuple(sorted(skipped, key=lambda part: part.start)))
