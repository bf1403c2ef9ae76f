"""The order in which the columns of a page are read."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from index.parsers.pdf_fragments import Fragment
from index.parsers.pdf_rows import CELL_GAP, group_by_height

_MIN_LINES = 3
_MIN_WORDS = 3
_MIN_FILL = 0.55
_GUTTER = 6.0
_MAX_FRAGMENTS = 6000
_MAX_COLUMNS_DEEP = 8


class _Gutter(NamedTuple):
    """A blank strip at `x` that the rows from `first` up to `end` leave free."""

    lines: int
    x: float
    first: int
    end: int


def columns_of(fragments: Sequence[Fragment], depth: int = 0) -> list[list[Fragment]]:
    """Return the page's fragments by stretches that are read one after the other.

    Lines of prose on both sides of a blank strip are columns: the left one is read to its end
    before the right one; what crosses the strip divides the page above from below. Rows of short
    cells are a table, and stay together.
    """
    rows = group_by_height(fragments)
    if depth >= _MAX_COLUMNS_DEEP or len(fragments) > _MAX_FRAGMENTS:
        return [list(fragments)] if fragments else []
    gutter = _widest_use(rows)
    if gutter is None:
        return [list(fragments)] if fragments else []
    inside = [each for row in rows[gutter.first : gutter.end] for each in row]
    parts = (
        [each for row in rows[: gutter.first] for each in row],
        [each for each in inside if each.x1 <= gutter.x],
        [each for each in inside if each.x1 > gutter.x],
        [each for row in rows[gutter.end :] for each in row],
    )
    return [column for part in parts for column in columns_of(part, depth + 1)]


def _widest_use(rows: Sequence[Sequence[Fragment]]) -> _Gutter | None:
    """Return the strip that divides the most lines of prose; None if none does."""
    if len(rows) < _MIN_LINES:
        return None
    left = min(each.x0 for row in rows for each in row)
    right = max(each.x1 for row in rows for each in row)
    starts = sorted({round(each.x0) for row in rows for each in row})
    found: list[_Gutter] = []
    for start in starts:
        x = start - _GUTTER / 2
        if not left + 0.15 * (right - left) < x < left + 0.85 * (right - left):
            continue
        first = 0
        for index in range(len(rows) + 1):
            if index == len(rows) or _crosses(rows[index], x):
                gutter = _gutter(rows, x, first, index)
                if gutter:
                    found.append(gutter)
                first = index + 1
    return max(found, key=lambda each: (each.lines, each.x), default=None)


def _crosses(row: Sequence[Fragment], x: float) -> bool:
    return any(each.x0 < x + _GUTTER / 2 - 1 and each.x1 > x - _GUTTER / 2 for each in row)


def _gutter(rows: Sequence[Sequence[Fragment]], x: float, first: int, end: int) -> _Gutter | None:
    """Return the strip, narrowed to the rows from its first to its last that stand on the right."""
    if end - first < _MIN_LINES:
        return None
    lefts = [[each for each in row if each.x1 <= x] for row in rows[first:end]]
    rights = [[each for each in row if each.x1 > x] for row in rows[first:end]]
    both = [i for i, side in enumerate(rights) if side]
    if not both:
        return None
    start, stop = both[0], both[-1] + 1
    if not (_is_prose(lefts[start:stop]) and _is_prose(rights[start:stop])):
        return None
    return _Gutter(sum(map(bool, lefts[start:stop])) + len(both), x, first + start, first + stop)


def _is_prose(side: Sequence[Sequence[Fragment]]) -> bool:
    """Tell whether most lines hold several words and fill their column."""
    lines = [line for line in side if line]
    if len(lines) < _MIN_LINES:
        return False
    width = max(line[-1].x1 for line in lines) - min(line[0].x0 for line in lines)
    fill = median(line[-1].x1 - line[0].x0 for line in lines) / max(1.0, width)
    words = median(sum(len(each.text.split()) for each in line) for line in lines)
    if fill < _MIN_FILL or words < _MIN_WORDS:
        return False
    pieces = [piece for line in lines for piece in _pieces(line)]
    if len(pieces) < 1.5 * len(lines):
        return True
    # Several columns more, or a table: lines of prose seldom begin a sentence.
    return sum(piece[:1].islower() for piece in pieces) >= 0.4 * len(pieces)


def _pieces(line: Sequence[Fragment]) -> list[str]:
    """Return what stands together on a line."""
    pieces = [line[0].text]
    for before, each in pairwise(line):
        if each.x0 - before.x1 <= CELL_GAP * before.size:
            pieces[-1] += each.text
        else:
            pieces.append(each.text)
    return pieces
