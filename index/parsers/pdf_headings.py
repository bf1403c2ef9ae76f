"""The headings of a PDF, told from its text by size and weight."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from index.parsers.pdf_paragraphs import LEADER, BodyStyle
from index.parsers.pdf_rows import Row

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
