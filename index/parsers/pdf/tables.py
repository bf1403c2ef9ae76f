"""The tables of a PDF without rules: rows whose cells form columns."""

import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import replace
from itertools import pairwise

from index.parsers.pdf.rows import Cell, Row

_MAX_LABELS = 3
_STACKED = 1.45
"""The largest distance of lines in a column head, in units of the font's size."""
_PROSE_GAP = 3.0
_WIDER = 1.6
"""What is wider than a column's head by this factor stands over several columns."""
_DIGIT = re.compile(r"\d")


def end_of_table(
    rows: Sequence[Row], start: int, line_height: float, headings: Container[int]
) -> int:
    """Return the end of the table that begins with the row at `start`, `start` if there is none.

    Rows of one cell belong to it if rows of several follow closely. Headings and rows of ruled
    tables do not.
    """
    if rows[start].is_line:
        return start
    end = index = start + 1
    figures = rows[start].cells[1].x0
    left = rows[start].x0
    while index < len(rows) and index - end <= _MAX_LABELS:
        above, row = rows[index - 1], rows[index]
        if index in headings or row.ruled_cells or above.y - row.y > 3 * line_height * row.size:
            break
        index += 1
        if _continued_cell(above, row):
            end = index
        elif not row.is_line:
            end = index
            figures, left = min(figures, row.cells[1].x0), min(left, row.x0)
        elif row.x1 > figures and (row.x0 < left + 4 * row.size or len(row.text.split()) > 8):
            break
    return start if end == start + 1 and _is_stretched_prose(rows[start]) else end


def table_lines(rows: Sequence[Row]) -> list[tuple[Row, str]]:
    """Return a table's rows as lines of cells with " | " between, each with its first row.

    Column heads and labels that run over several lines are joined.
    """
    merged = _cells_joined(_labels_joined(_heads_joined(rows)))
    columns = _columns(merged)
    return [(row, _line(row, columns)) for row in merged]


def _continued_cell(above: Row, row: Row) -> int:
    """Return the index of the cell of `above` that runs on in `row` right below it, 0 for none."""
    if not row.is_line or above.is_line or above.y - row.y > 1.5 * row.size:
        return 0
    for index, cell in enumerate(above.cells[1:], 1):
        if abs(cell.x0 - row.x0) < 0.5 * row.size and len(cell.text.split()) > 2:
            return index
    return 0


def _is_stretched_prose(row: Row) -> bool:
    gaps = [b.x0 - a.x1 for a, b in pairwise(row.cells)]
    few_digits = 4 * len(_DIGIT.findall(row.text)) < len(row.text)
    return max(gaps) < _PROSE_GAP * row.size and len(row.text.split()) >= 8 and few_digits


def _line(row: Row, columns: Sequence[Cell]) -> str:
    indexes = _column_indexes(row, columns)
    if indexes is None:
        return " | ".join(cell.text for cell in row.cells)
    texts = [""] * (indexes[-1] + 1)
    for index, cell in zip(indexes, row.cells, strict=True):
        texts[index] = cell.text
    return " | ".join(texts).strip()


def _columns(rows: Sequence[Row]) -> list[Cell]:
    """Return the extent of each column, from the rows that have the usual number of cells."""
    counts = Counter(len(row.cells) for row in rows if not row.is_line)
    if not counts:
        return []
    usual = max(counts, key=lambda count: (count * counts[count], count))
    full = [row for row in rows if len(row.cells) == usual]
    columns = [
        Cell("", min(row.cells[i].x0 for row in full), max(row.cells[i].x1 for row in full))
        for i in range(usual)
    ]
    for cell in (cell for row in rows if not row.is_line for cell in row.cells):
        if not any(_overlap(cell, column) > 0 for column in columns):
            columns.append(Cell("", cell.x0, cell.x1))
    columns.sort(key=lambda column: column.x0)
    apart = all(a.x1 <= b.x0 + 1 for a, b in pairwise(columns))
    return columns if apart else []


def _column_indexes(row: Row, columns: Sequence[Cell]) -> list[int] | None:
    """Return the column of each cell, None if some of them share one."""
    indexes: list[int] = []
    for cell in row.cells:
        overlaps = [_overlap(cell, column) for column in columns]
        spanned = [i for i, overlap in enumerate(overlaps) if overlap > 0]
        best = max(spanned, key=lambda i: overlaps[i], default=-1)
        if best < 0 or (indexes and best <= indexes[-1]):
            return None
        indexes.append(spanned[0])
    return indexes if all(a < b for a, b in pairwise(indexes)) else None


def _overlap(a: Cell, b: Cell) -> float:
    return min(a.x1, b.x1) - max(a.x0, b.x0)


def _heads_joined(rows: Sequence[Row]) -> list[Row]:
    """Join rows of column heads, which have no label, such as "June 25," above "2022"."""
    left = min(row.x0 for row in rows)
    labelled = (row for row in rows if not row.is_line and row.x0 <= left + 4 * row.size)
    figures = min((row.cells[1].x0 for row in labelled), default=left)
    joined: list[Row] = []
    in_head = True
    for row in rows:
        beside = row.x0 > max(left + 4 * row.size, figures - 4 * row.size)
        in_head = beside and (in_head or row.is_line)
        stacked = _stacked(joined[-1], row) if joined and in_head else None
        if stacked:
            joined[-1] = stacked
        else:
            joined.append(row)
    return joined


def _stacked(above: Row, below: Row) -> Row | None:
    """Return two rows as one if each cell of one is above or below a cell of the other."""
    if above.y - below.y > _STACKED * below.size:
        return None
    more, fewer = (above, below) if len(above.cells) >= len(below.cells) else (below, above)
    if more.is_line:
        return None
    spanning = fewer is above and len(more.cells) >= 2 * len(fewer.cells)
    cells = list(more.cells)
    for cell in fewer.cells:
        touching = [i for i, own in enumerate(more.cells) if _overlap(cell, own) > 0]
        if len(touching) != 1:
            return None
        own = cells[touching[0]]
        if own is not more.cells[touching[0]]:  # two cells would go to one
            return None
        if spanning and cell.x1 - cell.x0 > _WIDER * (own.x1 - own.x0):
            return None
        first, second = (own, cell) if more is above else (cell, own)
        text = f"{first.text} {second.text}"
        cells[touching[0]] = Cell(text, min(own.x0, cell.x0), max(own.x1, cell.x1))
    return Row(tuple(cells), below.y, below.size, above.bold and below.bold, cells[0].x0)


def _labels_joined(rows: Sequence[Row]) -> list[Row]:
    """Join a label to the row right below if that begins in lower case."""
    joined: list[Row] = []
    for row in rows:
        last = joined[-1] if joined else None
        if (
            last
            and last.is_line
            and row.cells[0].text[:1].islower()
            and last.y - row.y <= 1.6 * row.size
            and abs(last.x0 - row.x0) <= 2 * row.size
            and not last.text.endswith((":", "."))
        ):
            first = Cell(f"{last.text} {row.cells[0].text}", last.x0, row.cells[0].x1)
            joined[-1] = Row((first, *row.cells[1:]), row.y, row.size, row.bold, last.text_x0)
        else:
            joined.append(row)
    return joined


def _cells_joined(rows: Sequence[Row]) -> list[Row]:
    joined: list[Row] = []
    lowest = 0.0
    for row in rows:
        last = joined[-1] if joined else None
        index = _continued_cell(replace(last, y=lowest), row) if last else 0
        if last and index:
            cells = list(last.cells)
            cell = cells[index]
            cells[index] = Cell(f"{cell.text} {row.text}", cell.x0, max(cell.x1, row.x1))
            joined[-1] = replace(last, cells=tuple(cells))
        else:
            joined.append(row)
        lowest = row.y
    return joined
