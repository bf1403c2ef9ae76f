"""The layout of source code, settings and logs: lines, but for comments, which are prose.

Nothing here knows a language. Lines of code are quoted whole. Lines of prose in a comment or in a
text between triple quotes are put together, for a sentence runs across them.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from itertools import groupby
from typing import NamedTuple

from index.records import Span
from index.structure.outline import Outline, OutlineBuilder, line_spans, trim

_DIRECTIVE = r"(?:define|elif|else|endif|error|if|ifdef|ifndef|include|pragma|undef)\b"
_MARK = re.compile(
    rf"(?:#+(?![ \t]*{_DIRECTIVE})(?=[\s\w]|$)|//+!?(?=[\s\w]|$)|(?:\"\"\"|''')(?=[\s\w]|$)|"
    r"(?:--+|;+|%+|/\*+|\*+|<!--)(?=\s|$))?[ \t]*"
)
"""What a comment's line begins with. A directive of C's preprocessor is none."""
_BRACKETS = {"/*": "*/", "<!--": "-->", '"""': '"""', "'''": "'''"}
_OPENING = re.compile(r"(?<![\w/.*\"'])/\*|<!--|\"\"\"|'''")
_CODE = re.compile(r"[{}\[\]<>|\\=]|;$|\w\(|::|->|^[#*]")
_STATEMENT = re.compile(r"[{};]$|^[\w.]+ *=")
_HAS_WORD = re.compile(r"\w")
_WORD = re.compile(r"[\W_]*[^\W\d_]+(?:[-'’/][^\W\d_]+)*[\W_]*\Z")
_MIN_WORDS, _MIN_SHARE_OF_WORDS = 3, 0.7
_MIN_SHARE_TO_GO_ON = 0.5
_SECTION = re.compile(r"\[+[ \t]*([^\[\]\r\n]*[^\[\]\s])[ \t]*\]+[ \t]*(?:[#;].*)?\Z")


class _Kind(Enum):
    BLANK = auto()
    CODE = auto()
    PROSE = auto()


class _Line(NamedTuple):
    """A line without the blanks around it. `opens` begins a paragraph of prose."""

    span: Span
    kind: _Kind
    opens: bool = False


def outline_source(text: str) -> Outline:
    """Return the layout of source code, of a log, or of settings without sections."""
    return _outline(text, has_sections=False)


def outline_settings(text: str) -> Outline:
    """Return the layout of settings; lines such as "[server]" are headings (TOML, INI)."""
    return _outline(text, has_sections=True)


def _outline(text: str, *, has_sections: bool) -> Outline:
    outline = OutlineBuilder(text)
    paragraph = 0

    def place(line: _Line) -> tuple[int, _Kind]:
        nonlocal paragraph
        paragraph += line.opens
        return paragraph, line.kind

    for (_, kind), group in groupby(_lines(text), key=place):
        if kind is _Kind.BLANK:
            continue
        lines = [line.span for line in group]
        start = 0
        for number, line in enumerate(lines):
            section = _SECTION.match(text, *line) if has_sections and kind is _Kind.CODE else None
            if section and _is_at_margin(text, line.start):
                _add(outline, lines[start:number], kind)
                outline.add_heading(1, section[1], line)
                start = number + 1
        _add(outline, lines[start:], kind)
    return outline.finish()


def _add(outline: OutlineBuilder, lines: list[Span], kind: _Kind) -> None:
    if lines:
        outline.add_block(
            lines[0].start, lines[-1].end, "lines" if kind is _Kind.CODE else "marked"
        )


def _is_at_margin(text: str, start: int) -> bool:
    return start == 0 or text[start - 1] in "\r\n\ufeff"


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines of `text` with their kinds."""
    closing = ""  # what ends the comment that is open
    mark_before, prose_before = "", False
    for whole in line_spans(text):
        span = trim(text, whole)
        line = span.of(text)
        if not line:
            yield _Line(span, _Kind.BLANK)
            prose_before = False
            continue
        was_open = bool(closing)
        closing = _still_open(line, closing)
        matched = _MARK.match(line)
        mark = matched[0].strip() if matched else ""
        words = line[len(matched[0]) if matched else 0 :]
        same_comment = prose_before and (was_open or mark == mark_before)
        is_prose = (was_open or bool(mark)) and _is_prose(words, goes_on=same_comment)
        yield _Line(span, _Kind.PROSE if is_prose else _Kind.CODE, is_prose and not same_comment)
        mark_before = mark
        prose_before = is_prose and not (was_open and not closing)


def _still_open(line: str, closing: str) -> str:
    """Return what ends the comment that is open after `line`, "" if none is."""
    position = 0
    while True:
        if closing:
            end = line.find(closing, position)
            if end < 0:
                return closing
            position, closing = end + len(closing), ""
        opening = _OPENING.search(line, position)
        if not opening:
            return ""
        position, closing = opening.end(), _BRACKETS[opening[0]]


def _is_prose(line: str, *, goes_on: bool) -> bool:
    """Tell whether a line of a comment is prose; one that goes on may be short, and name code."""
    words = [word for word in line.split() if _HAS_WORD.search(word)]
    if (_STATEMENT if goes_on else _CODE).search(line):
        return False
    written = sum(_WORD.match(word) is not None for word in words)
    if goes_on:
        return written >= _MIN_SHARE_TO_GO_ON * len(words)
    return not words or (len(words) >= _MIN_WORDS and written >= _MIN_SHARE_OF_WORDS * len(words))
