"""Justified lines: blanks that were stretched to fill a line, which look like gaps of cells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from index.parsers.pdf_rows import Cell, Row

_ALIKE = 1.45
"""The blanks of a justified line are no wider than the narrowest by this factor."""
_AFTER_STOP = 2.6
"""Nor those after a comma or full stop, where TeX stretches more."""
_SAME_PLACE = 1.0
_NEAR = 3.2
"""How many line heights above or below a row its neighbours are."""
_WIDEST = 10.0
_FULL = 0.6
_FIGURE = re.compile(r"\W*\d[\d.,:/%()-]*\W*")


def stretched_joined(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a column with each justified line as one cell.

    In such a line all blanks are about as wide as one another; those of a row of short cells may
    be, too, but then they are in line with those of the rows next to it, or it holds figures.
    """
    starts, ends = [row.x0 for row in rows], [row.x1 for row in rows]
    full = [row for row in rows if _is_full(row, min(starts), max(ends))] if rows else []
    is_justified = len(full) >= _FULL * len(rows)
    return [
        _joined(row)
        if _is_stretched(row, alone=is_justified and row in full)
        and not _is_aligned(row, _neighbours(rows, index))
        else row
        for index, row in enumerate(rows)
    ]


def _is_full(row: Row, left: float, right: float) -> bool:
    return row.x0 < left + 2 * row.size and row.x1 > right - 0.2 * row.size


def _is_stretched(row: Row, *, alone: bool) -> bool:
    """Tell whether all blanks of a row are alike; `alone`: whether one blank is enough for that."""
    if row.is_line or not row.blanks or max(row.blanks) > _WIDEST:
        return False
    words = row.text.split()
    if len(row.blanks) < (1 if alone else 2):
        return False
    if 3 * sum(bool(_FIGURE.fullmatch(word)) for word in words) > len(words):
        return False
    return _are_alike(row.blanks, words)


def _are_alike(blanks: Sequence[float], words: Sequence[str]) -> bool:
    usual = median(blanks)
    if len(words) != len(blanks) + 1:
        words = [""] * (len(blanks) + 1)
    return all(
        usual / _ALIKE <= blank <= usual * (_AFTER_STOP if word[-1:] in ",.;:" and word else _ALIKE)
        for blank, word in zip(blanks, words, strict=False)
    )


def _neighbours(rows: Sequence[Row], index: int) -> Iterator[Row]:
    """Yield the nearest row of several cells above, and the nearest below."""
    row = rows[index]
    for others in (reversed(rows[:index]), iter(rows[index + 1 :])):
        for other in others:
            if abs(other.y - row.y) > _NEAR * row.size:
                break
            if not other.is_line:
                yield other
                break


def _is_aligned(row: Row, neighbours: Iterator[Row]) -> bool:
    """Tell whether most cells after a row's first are in line with one of a row next to it."""
    for other in neighbours:
        most = max(len(row.cells), len(other.cells)) - 1
        same = sum(
            any(_in_line(a, b, last=a is row.cells[-1]) for b in other.cells[1:])
            for a in row.cells[1:]
        )
        if 2 * same > most:
            return True
    return False


def _in_line(a: Cell, b: Cell, *, last: bool) -> bool:
    """Tell whether cells begin, centre or end alike; those at the margin all end there."""
    return (
        abs(a.x0 - b.x0) < _SAME_PLACE
        or abs(a.x0 + a.x1 - b.x0 - b.x1) < _SAME_PLACE
        or (not last and abs(a.x1 - b.x1) < _SAME_PLACE)
    )


def _joined(row: Row) -> Row:
    return replace(row, cells=(Cell(row.text, row.x0, row.x1),))
