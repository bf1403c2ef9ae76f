"""The title of a PDF and its headings, by its outline and by the size and weight of its lines."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from index.parsers.blocks import one_line, own_title
from index.parsers.pdf.glyphs import TextRun
from index.parsers.pdf.rows import Row, rows_of

LEADER = re.compile(r"\s*(?:\.\s?){5,}")
"""Dots between a title and its page number."""

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

_MAX_ENTRIES = 20_000
_MAX_HEADING_ROWS = 3
_NO_WORD_CHARACTER = re.compile(r"[\W_]+")
_LABEL = re.compile(
    r"(?i)\A(?:(?:part|chapter|section|article|appendix|item|note)\s+)?"
    r"(?:\d+|[a-z]|[ivxlc]+)(?:\.\d+)*(?:[.:)]+\s*|\s+[-–—:]?\s*)"
)

_MAX_TITLE_LINES = 4
_MAX_TITLE_CHARS = 200
_AS_LARGE = 0.98


@dataclass(frozen=True, slots=True)
class BodyStyle:
    """The style of most of a document. `line_height` is in units of `size`."""

    size: float
    bold: bool
    line_height: float


@dataclass(frozen=True, slots=True, order=True)
class HeadingStyle:
    """What tells a heading's level: the smallest is highest.

    `rank` comes from its label: "Part II" is above "Item 1", and "2.1" above "2.1.1".
    """

    smallness: float
    is_light: bool
    rank: int


def heading_style(text: str, row: Row, body: BodyStyle) -> HeadingStyle | None:
    """Return the style of a line if its size, weight or slant makes it a heading."""
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


def nested_levels(headings: Iterable[HeadingStyle | int]) -> list[int]:
    """Return the level of each heading: one more than that of the one it is in.

    Numbers are levels of the outline. Headings by style nest below them.
    """
    above: list[HeadingStyle] = []
    outline_level = 0
    levels: list[int] = []
    for heading in headings:
        if isinstance(heading, int):
            above, outline_level = [], heading
        else:
            while above and above[-1] >= heading:
                above.pop()
            above.append(heading)
        levels.append(outline_level + len(above))
    return levels


def _rank(text: str) -> int:
    for rank, pattern in enumerate(_RANKS):
        if pattern.match(text):
            return rank
    numbered = _NUMBERED.match(text)
    return len(_RANKS) + (numbered[1].count(".") if numbered else 0)


class OutlineEntry(NamedTuple):
    """A bookmark with its level, from 1, and its page, from 1, or 0 for none."""

    title: str
    level: int
    page: int


def read_outline(pdf: Any) -> list[OutlineEntry]:
    """Return the entries of a document's outline."""
    entries: list[OutlineEntry] = []
    for bookmark in islice(pdf.get_toc(), _MAX_ENTRIES):
        destination = bookmark.get_dest()
        page = None if destination is None else destination.get_index()
        try:
            title = one_line(bookmark.get_title() or "")
        except UnicodeDecodeError:  # a lone surrogate
            title = ""
        entries.append(OutlineEntry(title, bookmark.level + 1, 0 if page is None else page + 1))
    return entries


def outline_headings(
    rows: Sequence[Row], entries: Iterable[OutlineEntry]
) -> dict[int, tuple[int, int]]:
    """Return the rows with titles of entries: first row, that after the last, and level.

    A title may run over several rows, and either may have a number that the other lacks.
    """
    levels: dict[str, int] = {}
    for entry in entries:
        for key in _keys(entry.title):
            levels.setdefault(key, entry.level)
    headings: dict[int, tuple[int, int]] = {}
    start = 0
    while levels and start < len(rows):
        for end in range(min(start + _MAX_HEADING_ROWS, len(rows)), start, -1):
            keys = _keys(" ".join(row.text for row in rows[start:end]))
            if match := next((key for key in keys if key in levels), None):
                headings[start] = end, levels[match]
                break
        start = end
    return headings


def _keys(title: str) -> list[str]:
    """Return a title as it is compared, with and without its number."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    keys = [_NO_WORD_CHARACTER.sub("", text) for text in (plain, _LABEL.sub("", plain, count=1))]
    return [key for key in dict.fromkeys(keys) if key and not key.isdigit()]


def title_of(
    recorded: str, outline: Sequence[OutlineEntry], pages: Sequence[Sequence[TextRun]]
) -> str:
    """Return the title in the properties, the root of the outline, or the largest words.

    A root has all other entries below it. A single entry may be "Contents".
    """
    roots = [entry.title for entry in outline if entry.level == 1]
    root = roots[0] if len(roots) == 1 and len(outline) > 1 else ""
    return own_title(recorded) or own_title(root) or _largest(pages)


def _largest(pages: Sequence[Sequence[TextRun]]) -> str:
    """Return the largest words of the first page if they are few and larger than most text."""
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
