"""The headings of a PDF, told from its text by size and weight."""

import re
from collections.abc import Iterable

from index.reading.pdf_paragraphs import BodyStyle
from index.reading.pdf_rows import Row

_MAX_CHARS = 160
_LARGER = 1.12
_WORD = re.compile(r"[^\W\d_]{2,}")
_Style = tuple[float, bool]


def heading_style(text: str, row: Row, body: BodyStyle) -> _Style | None:
    """Return size (in half points) and weight of a line if these make it a heading."""
    larger = row.size > _LARGER * body.size
    bolder = row.bold and not body.bold and row.size > 0.93 * body.size
    if not (larger or bolder) or len(text) > _MAX_CHARS or not _WORD.search(text):
        return None
    if text.startswith(("- ", "(")) or text.endswith((".", ",", ";", "-")):
        return None
    if text.endswith(":") and not larger:
        return None
    return round(row.size * 2) / 2, row.bold


def levels(styles: Iterable[_Style]) -> dict[_Style, int]:
    """Return the level of each style: the larger the higher, and of one size the bold one."""
    ordered = sorted(set(styles), key=lambda style: (-style[0], not style[1]))
    return {style: min(level, 6) for level, style in enumerate(ordered, 1)}
