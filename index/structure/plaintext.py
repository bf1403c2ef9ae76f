"""Layout of plain text, where headings are marked by nothing but their shape.

A heading is a short line without a full stop before a longer one that has one, unless
it might state a fact: then it opens a section, too, but is text.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby

from index.records import Skipped, Span
from index.structure.heading_shape import body_needed
from index.structure.headings import HeadingPath, is_title
from index.structure.outline import Block, Outline, line_spans, marker_end, trim

MAX_HEADING_CHARS = 100
MAX_HEADING_WORDS = 16
MIN_BODY_CHARS = 40
MIN_BODY_RATIO = 1.5
MAX_WRAPPED_LINE = 120
MAX_UNTITLED_STACK = 2
MAX_STACK = 4

_NOT_LEAD_END = tuple(".,;:!…。！；，")
_PROSE_END = re.compile(r"[.!?:…。！？][\"'”’)\]]*$")


@dataclass(frozen=True, slots=True)
class _Line:
    """A paragraph in the making: one line, or several that were wrapped."""

    span: Span
    text: str
    blank_before: bool


class _Role(Enum):
    TEXT = auto()
    LEAD = auto()
    HEADING = auto()


def outline_plaintext(text: str) -> Outline:
    """Read the layout of `text`."""
    lines = [line for run in _runs(text) for line in _unwrap(text, run)]
    roles = _find_roles(lines)
    path = HeadingPath()
    blocks: list[Block] = []
    skipped: list[Skipped] = []
    section = 0
    stack: list[str] = []
    for line, role in zip(lines, roles, strict=True):
        if role is _Role.HEADING:
            stack.append(line.text)
            skipped.append(Skipped(*line.span, "heading"))
            continue
        if stack or role is _Role.LEAD:
            section += 1
        if stack:
            path.enter(stack, opens_file=len(stack) == len(skipped) and not blocks)
            stack = []
        path.pass_paragraph(line.text)
        start = marker_end(text, line.span)
        if start > line.span.start:
            skipped.append(Skipped(line.span.start, start, "list marker"))
        blocks.append(Block(start, line.span.end, path.current, section))
    return Outline(path.title_of_file, tuple(blocks), tuple(skipped))


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


def _find_roles(lines: list[_Line]) -> list[_Role]:
    """Decide from the end backwards, for a heading needs something below it."""
    roles = [_Role.TEXT] * len(lines)
    body = 0
    for i in range(len(lines) - 2, -1, -1):
        line, below = lines[i], lines[i + 1]
        ends_paragraph = below.blank_before and not line.blank_before
        is_stacked = roles[i + 1] is not _Role.TEXT
        is_above = below.blank_before if is_stacked else _leads_to(line.text, below.text)
        if ends_paragraph or not is_above or not _may_lead(line.text):
            continue
        if not is_stacked:
            body = len(below.text)
            roles[i] = _Role.LEAD
        needed = body_needed(line.text)
        if needed is not None and body >= needed:
            roles[i] = _Role.HEADING
    _break_up_lists(lines, roles)
    return roles


def _may_lead(line: str) -> bool:
    return (
        len(line) <= MAX_HEADING_CHARS
        and len(line.split()) <= MAX_HEADING_WORDS
        and "\n" not in line
        and "\r" not in line
        and not line.endswith(_NOT_LEAD_END)
        and line[0] not in "-*•‣◦▪·–>|"
        and any(character.isalpha() for character in line)
    )


def _leads_to(line: str, below: str) -> bool:
    """Tell whether `line` stands above `below` as a question or a heading above its text."""
    if line.endswith("?"):
        return not below.endswith("?")
    enough = max(MIN_BODY_CHARS, MIN_BODY_RATIO * len(line))
    return len(below) >= enough and bool(_PROSE_END.search(below))


def _break_up_lists(lines: list[_Line], roles: list[_Role]) -> None:
    """Of many headings in a row, with no title among them, keep the last: the others are a list."""
    start = 0
    for is_heading, group in groupby(roles, key=lambda role: role is _Role.HEADING):
        end = start + len(list(group))
        has_title = any(is_title(line.text) for line in lines[start:end])
        if is_heading and end - start > (MAX_STACK if has_title else MAX_UNTITLED_STACK):
            roles[start : end - 1] = [_Role.TEXT] * (end - 1 - start)
        start = end
