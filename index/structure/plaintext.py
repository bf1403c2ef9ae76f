"""Layout of plain text, where headings are marked by nothing but their shape.

A heading is a short line without a full stop before a longer one that has one. A file
may hold several articles run together: a long heading after a concluding section
(or the first long heading of a file) opens a new one.
"""

import re
from dataclasses import dataclass, field

from index.records import Skipped, Span
from index.structure.outline import Block, Outline, line_spans, marker_end, trim

MAX_HEADING_CHARS = 100
MAX_HEADING_WORDS = 16
MIN_TITLE_WORDS = 4
MIN_BODY_CHARS = 40
MIN_BODY_RATIO = 1.5
MAX_WRAPPED_LINE = 120

_NOT_HEADING_END = tuple(".,;:!…。！；，")
_PROSE_END = re.compile(r"[.!?:…。！？][\"'”’)\]]*$")
_CLOSING_HEADING = re.compile(
    r"(in )?(conclusions?|summary|final thoughts|(the )?bottom line|takeaways?|wrapping up)\b", re.I
)
_CLOSING_PARAGRAPH = re.compile(
    r"(in|to) (conclusion|conclude|summary|summari[sz]e|sum up|closing)\b", re.I
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A paragraph in the making: one line, or several that were wrapped."""

    span: Span
    text: str
    blank_before: bool


def outline_plaintext(text: str) -> Outline:
    """Read the layout of `text`."""
    lines = [line for run in _runs(text) for line in _unwrap(text, run)]
    headings = _find_headings(lines)
    path = _HeadingPath()
    blocks: list[Block] = []
    skipped: list[Skipped] = []
    section = 0
    stack: list[str] = []
    for line, is_heading in zip(lines, headings, strict=True):
        if is_heading:
            stack.append(line.text)
            skipped.append(Skipped(*line.span, "heading"))
            continue
        if stack:
            section += 1
            path.enter(stack)
            stack = []
        path.pass_paragraph(line.text)
        start = marker_end(text, line.span)
        if start > line.span.start:
            skipped.append(Skipped(line.span.start, start, "list marker"))
        blocks.append(Block(start, line.span.end, path.current, section))
    title = path.titles[0] if len(path.titles) == 1 and headings[0] else ""
    return Outline(title, tuple(blocks), tuple(skipped))


def _runs(text: str) -> list[list[_Line]]:
    """Group the non-blank lines of `text`: a blank line ends a group."""
    runs: list[list[_Line]] = []
    blank = True
    for span in line_spans(text):
        inner = trim(text, span)
        if inner.start == inner.end:
            blank = True
            continue
        line = _Line(inner, inner.of(text), blank)
        if blank:
            runs.append([line])
        else:
            runs[-1].append(line)
        blank = False
    return runs


def _unwrap(text: str, run: list[_Line]) -> list[_Line]:
    """Join the lines of a hard-wrapped paragraph; leave one-paragraph-a-line text alone."""
    if not _is_wrapped(run):
        return run
    joined: list[_Line] = []
    for line in run:
        if not joined or marker_end(text, line.span) > line.span.start:
            joined.append(line)
        else:
            first = joined[-1]
            span = Span(first.span.start, line.span.end)
            joined[-1] = _Line(span, span.of(text), first.blank_before)
    return joined


def _is_wrapped(run: list[_Line]) -> bool:
    """Tell whether most lines of a group break off in the middle of a sentence."""
    if len(run) < 2:
        return False
    widths = [len(line.text) for line in run]
    if max(widths) > MAX_WRAPPED_LINE or min(widths[:-1]) < max(widths) / 2:
        return False
    broken_off = sum(not _PROSE_END.search(line.text) for line in run[:-1])
    return broken_off * 2 >= len(run) - 1 and bool(_PROSE_END.search(run[-1].text))


def _find_headings(lines: list[_Line]) -> list[bool]:
    """Decide from the end backwards, for a heading needs something below it."""
    headings = [False] * len(lines)
    for i in range(len(lines) - 2, -1, -1):
        line, below = lines[i], lines[i + 1]
        if not _looks_like_heading(line.text):
            continue
        if headings[i + 1]:
            headings[i] = below.blank_before
        elif line.text.endswith("?"):
            headings[i] = not below.text.endswith("?")
        else:
            enough = max(MIN_BODY_CHARS, MIN_BODY_RATIO * len(line.text))
            headings[i] = len(below.text) >= enough and bool(_PROSE_END.search(below.text))
    return headings


def _looks_like_heading(line: str) -> bool:
    return (
        len(line) <= MAX_HEADING_CHARS
        and len(line.split()) <= MAX_HEADING_WORDS
        and "\n" not in line
        and "\r" not in line
        and not line.endswith(_NOT_HEADING_END)
        and line[0] not in "-*•‣◦▪·–>|"
        and any(character.isalpha() for character in line)
    )


@dataclass(slots=True)
class _HeadingPath:
    """Where in its articles and sections a text stands, from headings without levels."""

    titles: list[str] = field(default_factory=list[str])
    current: tuple[str, ...] = ()
    _root: tuple[str, ...] = ()
    _sections: int = 0
    _closed: bool = True

    def enter(self, stack: list[str]) -> None:
        """Take the headings that stand directly above the next paragraph."""
        opens_article = self._closed and (len(stack) > 1 or _is_title(stack[0]))
        if opens_article:
            self._root = tuple(stack[:-1]) or (stack[0],)
            self.titles.append(next(filter(_is_title, self._root), self._root[0]))
            self._sections = 0
            self.current = tuple(stack)
        else:
            self._sections += 1
            self.current = (*self._root, *stack)
        self._closed = self._sections > 0 and bool(_CLOSING_HEADING.match(stack[-1]))
        self._closed |= not self._root

    def pass_paragraph(self, paragraph: str) -> None:
        """Note that an article draws to its end."""
        self._closed |= bool(_CLOSING_PARAGRAPH.match(paragraph))


def _is_title(heading: str) -> bool:
    """Tell a title from a section's heading: it is longer; a question heads its own answer."""
    return len(heading.split()) >= MIN_TITLE_WORDS and not heading.endswith("?")
