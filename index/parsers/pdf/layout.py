"""The layout of pages: running heads and feet, and the reading order of columns."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from index.parsers.files import progressed
from index.parsers.pdf.glyphs import TextRun
from index.parsers.pdf.rows import CELL_GAP, group_by_height

_SAME_HEIGHT = 4.0
_FEW_PAGES = 5
_MAX_STRETCHES = 3
_NUMBER = re.compile(r"\d+")
_FOLIO = re.compile(r"[0-9]{1,4}")
_ROMAN = re.compile(r"(?i)\W*(?:page\s+)?[ivxlc]{1,7}\W*")

_MIN_LINES = 3
_MIN_WORDS = 3
_MIN_FILL = 0.55
_GUTTER = 6.0
_MAX_RUNS = 6000
_MAX_COLUMNS_DEEP = 8


class _Edge(NamedTuple):
    """The outermost row of a page. `folio` is a number apart at one of its ends, -1 for none."""

    page: int
    y: float
    words: str
    numbers: tuple[int, ...]
    stretches: int
    folio: int


def without_running_heads(pages: Sequence[Sequence[TextRun]]) -> list[list[TextRun]]:
    """Return the pages' runs without page numbers, running heads and feet.

    An outermost row goes if its words are at the same height on most pages, and its numbers are the
    same there, or count the pages.
    """
    rows: list[list[list[TextRun]]] = []
    for page in pages:
        rows.append(group_by_height(page))
        progressed()
    for outermost in (0, -1):
        while _drop_recurring(rows, outermost):
            progressed()
    return [[run for row in page for run in row] for page in rows]


def _drop_recurring(rows: list[list[list[TextRun]]], outermost: int) -> bool:
    """Remove the outermost row from the pages where it recurs, and tell whether any was removed."""
    edges = [_edge(number, page[outermost]) for number, page in enumerate(rows) if page]
    dropped = False
    for group in _alike(edges):
        if _recurs(group, len(edges)):
            for edge in group:
                del rows[edge.page][outermost]
            dropped = True
    return dropped


def _edge(page: int, row: Sequence[TextRun]) -> _Edge:
    text = " ".join(run.text for run in row)
    words = "i" if _ROMAN.fullmatch(text) else " ".join(_NUMBER.sub("#", text).split())
    numbers = tuple(int(number[:9]) for number in _NUMBER.findall(text))
    stretches = [row[0].text]
    for before, run in pairwise(row):
        if run.x0 - before.x1 > 2 * before.size:
            stretches.append(run.text)
        else:
            stretches[-1] += f" {run.text}"
    folios = [int(end) for end in (stretches[0], stretches[-1]) if _FOLIO.fullmatch(end)]
    return _Edge(page, row[0].y, words, numbers, len(stretches), next(iter(folios), -1))


def _alike(edges: Sequence[_Edge]) -> Iterator[list[_Edge]]:
    """Yield the rows with page numbers, or those with the same words.

    These are at the same height unless they count the pages.
    """
    offsets = [edge.folio - edge.page for edge in edges if edge.folio >= 0]
    usual = max(set(offsets), key=lambda offset: (offsets.count(offset), offset), default=None)
    numbered = [edge for edge in edges if edge.folio >= 0 and edge.folio - edge.page == usual]
    if len(numbered) >= max(_FEW_PAGES, 0.6 * len(edges)):
        yield numbered
        return
    by_words: dict[str, list[_Edge]] = {}
    for edge in edges:
        by_words.setdefault(edge.words, []).append(edge)
    for same_words in by_words.values():
        if any(_counts_pages(same_words, slot) for slot in range(len(same_words[0].numbers))):
            yield same_words
            continue
        heights: list[list[_Edge]] = []
        for edge in same_words:
            for group in heights:
                if abs(group[0].y - edge.y) <= _SAME_HEIGHT:
                    group.append(edge)
                    break
            else:
                heights.append([edge])
        yield from heights


def _recurs(group: Sequence[_Edge], pages: int) -> bool:
    # Left and right pages may have different heads. On few pages, two may be alike by chance.
    needed = max(2, (0.6 if pages <= _FEW_PAGES else 0.4) * pages)
    if len({edge.words for edge in group}) > 1:
        return True
    if len(group) < needed or group[0].stretches > _MAX_STRETCHES:
        return False
    return all(
        _nearly_all_alike([edge.numbers[slot] for edge in group]) or _counts_pages(group, slot)
        for slot in range(len(group[0].numbers))
    )


def _counts_pages(group: Sequence[_Edge], slot: int) -> bool:
    """Tell whether a number rises with the pages."""
    return len(group) > 1 and _nearly_all_alike([e.numbers[slot] - e.page for e in group])


def _nearly_all_alike(values: list[int]) -> bool:
    return Counter(values).most_common(1)[0][1] >= 0.8 * len(values)


class _Gutter(NamedTuple):
    """A blank strip at `x` in the rows from `first` up to `end`."""

    lines: int
    x: float
    first: int
    end: int


def columns_in_reading_order(runs: Sequence[TextRun], depth: int = 0) -> list[list[TextRun]]:
    """Return the page's runs in parts, in the order of reading.

    Lines of prose on both sides of a blank strip are columns. What crosses the strip divides the
    page above from below. Rows of short cells are a table, and stay together.
    """
    if not runs:
        return []
    rows = group_by_height(runs)
    small_enough = depth < _MAX_COLUMNS_DEEP and len(runs) <= _MAX_RUNS
    gutter = _widest_gutter(rows) if small_enough else None
    if gutter is None:
        return [list(runs)]
    inside = [run for row in rows[gutter.first : gutter.end] for run in row]
    parts = (
        [run for row in rows[: gutter.first] for run in row],
        [run for run in inside if run.x1 <= gutter.x],
        [run for run in inside if run.x1 > gutter.x],
        [run for row in rows[gutter.end :] for run in row],
    )
    return [column for part in parts for column in columns_in_reading_order(part, depth + 1)]


def _widest_gutter(rows: Sequence[Sequence[TextRun]]) -> _Gutter | None:
    """Return the strip that divides the most lines of prose, None if none does."""
    if len(rows) < _MIN_LINES:
        return None
    left = min(run.x0 for row in rows for run in row)
    right = max(run.x1 for row in rows for run in row)
    gutters: list[_Gutter] = []
    for start in sorted({round(run.x0) for row in rows for run in row}):
        x = start - _GUTTER / 2
        if not left + 0.15 * (right - left) < x < left + 0.85 * (right - left):
            continue
        first = 0
        for index in range(len(rows) + 1):
            if index == len(rows) or _crosses(rows[index], x):
                gutter = _gutter(rows, x, first, index)
                if gutter:
                    gutters.append(gutter)
                first = index + 1
    return max(gutters, key=lambda gutter: (gutter.lines, gutter.x), default=None)


def _crosses(row: Sequence[TextRun], x: float) -> bool:
    return any(run.x0 < x + _GUTTER / 2 - 1 and run.x1 > x - _GUTTER / 2 for run in row)


def _gutter(rows: Sequence[Sequence[TextRun]], x: float, first: int, end: int) -> _Gutter | None:
    """Return the strip from the first to the last row on its right, None if it divides no prose."""
    if end - first < _MIN_LINES:
        return None
    lefts = [[run for run in row if run.x1 <= x] for row in rows[first:end]]
    rights = [[run for run in row if run.x1 > x] for row in rows[first:end]]
    on_right = [i for i, side in enumerate(rights) if side]
    if not on_right:
        return None
    start, stop = on_right[0], on_right[-1] + 1
    if not (_is_prose(lefts[start:stop]) and _is_prose(rights[start:stop])):
        return None
    lines = sum(map(bool, lefts[start:stop])) + len(on_right)
    return _Gutter(lines, x, first + start, first + stop)


def _is_prose(side: Sequence[Sequence[TextRun]]) -> bool:
    """Tell whether most lines hold several words and fill their column."""
    lines = [line for line in side if line]
    if len(lines) < _MIN_LINES:
        return False
    width = max(line[-1].x1 for line in lines) - min(line[0].x0 for line in lines)
    fill = median(line[-1].x1 - line[0].x0 for line in lines) / max(1.0, width)
    words = median(sum(len(run.text.split()) for run in line) for line in lines)
    if fill < _MIN_FILL or words < _MIN_WORDS:
        return False
    pieces = [piece for line in lines for piece in _pieces(line)]
    if len(pieces) < 1.5 * len(lines):
        return True
    # In further columns, unlike in a table, many lines go on within a sentence.
    return sum(piece[:1].islower() for piece in pieces) >= 0.4 * len(pieces)


def _pieces(line: Sequence[TextRun]) -> list[str]:
    pieces = [line[0].text]
    for before, run in pairwise(line):
        if run.x0 - before.x1 <= CELL_GAP * before.size:
            pieces[-1] += run.text
        else:
            pieces.append(run.text)
    return pieces
