"""The headings of a PDF, told from its text by size and weight, and its title."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from index.parsers.blocks import one_line, own_title
from index.parsers.pdf.glyphs import TextRun
from index.parsers.pdf.rows import Row, rows_of

LEADER = re.compile(r"\s*(?:\.\s?){5,}")
"""Dots that lead the eye to a page number."""

_MAX_CHARS = 160
_MAX_ITALIC_CHARS = 60
_LARGER = 1.08
_WORD = re.compile(r"[^\W\d_]{2,}")
_RANKS = (
    re.compile(r"(?i)part\s+[ivx\d]+\b"),
    re.compile(r"(?i)(?:chapter|item)\s+[ivx\d]+"),
    re.compile(r"(?i)(?:section|article|note|appendix)\s+(?:[ivx\d]+|[a-z])\b"),
)
_NUMBERED = re.compile(r"\d{1,2}((?:\.\d{1,2})*)\.?\s")

_MAX_TITLE_LINES = 4
_MAX_TITLE_CHARS = 200
_AS_LARGE = 0.98


@dataclass(frozen=True, slots=True)
class BodyStyle:
    """What most of a document is set in: size, whether bold, and baselines' distance in sizes."""

    size: float
    bold: bool
    line_height: float


@dataclass(frozen=True, slots=True, order=True)
class HeadingStyle:
    """What tells a heading's level; the smaller, the higher it stands.

    `rank` is what its label says ("Part II" stands above "Item 1", "2.1" above "2.1.1").
    """

    smallness: float
    is_light: bool
    rank: int


def heading_style(text: str, row: Row, body: BodyStyle) -> HeadingStyle | None:
    """Return the style of a line if its size, weight or slant makes it one."""
    larger = row.size > _LARGER * body.size
    bolder = row.bold and not body.bold and row.size > 0.93 * body.size
    slanted = row.italic and not text.islower() and len(text) <= _MAX_ITALIC_CHARS
    if not (larger or bolder or slanted) or len(text) > _MAX_CHARS or not _WORD.search(text):
        return None
    if text.startswith(("- ", "(")) or text.endswith((".", ",", ";", "-")):
        return None
    if LEADER.search(row.text) or (text.endswith(":") and not larger):
        return None
    return HeadingStyle(-round(row.size * 2) / 2, not row.bold, _rank(text))


def nested_levels(styles: Iterable[HeadingStyle]) -> list[int]:
    """Return the level of each heading, 1 the outermost: one more than that of the one it is in."""
    above: list[HeadingStyle] = []
    levels: list[int] = []
    for style in styles:
        while above and above[-1] >= style:
            above.pop()
        above.append(style)
        levels.append(len(above))
    return levels


def _rank(text: str) -> int:
    for rank, pattern in enumerate(_RANKS):
        if pattern.match(text):
            return rank
    numbered = _NUMBERED.match(text)
    return len(_RANKS) + (numbered[1].count(".") if numbered else 0)


def title_of(recorded: str, outline: Iterable[Any], pages: Sequence[Sequence[TextRun]]) -> str:
    """Return a document's title: what it records, what heads its outline, or its largest words."""
    return own_title(recorded) or _root_of(outline) or _largest(pages)


def _root_of(outline: Iterable[Any]) -> str:
    """Return what the outline is headed by, if all of it is below one entry.

    An entry with none below it heads nothing: it may be "Table of Contents".
    """
    marks = list(outline)
    roots = [mark for mark in marks if mark.level == 0]
    if len(roots) != 1 or len(marks) == 1:
        return ""
    try:
        return own_title(roots[0].get_title() or "")
    except UnicodeDecodeError:  # half a surrogate pair
        return ""


def _largest(pages: Sequence[Sequence[TextRun]]) -> str:
    """Return the largest words of the first page, if they are few and larger than most text."""
    rows = [row for row in rows_of(pages[0] if pages else ()) if _WORD.search(row.text)]
    if not rows:
        return ""
    sizes: Counter[float] = Counter()
    for page in pages:
        for run in page:
            sizes[round(run.size * 2) / 2] += len(run.text)
    usual = max(sizes, key=lambda size: (sizes[size], size))
    size = max(row.size for row in rows)
    lines = [one_line(row.text) for row in rows if row.size >= _AS_LARGE * size]
    title = " ".join(lines)
    fits = len(lines) <= _MAX_TITLE_LINES and len(title) <= _MAX_TITLE_CHARS
    return title if fits and size > _LARGER * usual else ""
