"""Ruled tables whose cells wrap: each box of rules is one cell.

Tables whose cells are single lines are found by the places of their words instead.
"""

import ctypes
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any

from index.parsers.pdf.glyphs import FAR_AWAY, TextRun, turned
from index.parsers.pdf.rows import Row, rows_of

_MAX_OBJECTS = 50_000
_MAX_SEGMENTS = 500
"""A path with more of them draws a picture."""
_RECTANGLE = 5
_MAX_EDGES = 20_000
_MAX_CROSSINGS = 100_000
_MAX_INTERSECTIONS = 1200
_MAX_LINES = 25
"""A cell with more of them is a column of prose."""
_THICKEST = 3.0
_TOLERANCE = 3.0
_UNRULED_LINES = 3
_ABOUT_AS_MANY = 0.7

_Point = tuple[float, float]
_Box = tuple[float, float, float, float]


@dataclass(slots=True)
class _Cell:
    """A box of rules, with y growing downwards, and the text in it."""

    x0: float
    top: float
    x1: float
    bottom: float
    runs: list[TextRun] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)

    @property
    def wraps(self) -> int:
        """How many lines have no room for the next one's first word, less those that have."""
        if len(self.lines) < 2:
            return 0
        padding = min(
            min(line.x0 for line in self.lines) - self.x0,
            self.x1 - max(line.x1 for line in self.lines),
        )
        room = self.x1 - self.x0 - 2 * max(0.0, padding) + 0.1
        wraps = 0
        for line, following in pairwise(self.lines):
            word = following.text.split(maxsplit=1)[0]
            width = (following.x1 - following.x0) * len(word) / len(following.text)
            is_full = line.x1 - line.x0 + 0.25 * line.size + width > room
            wraps += 1 if is_full else -1
        return wraps


def with_ruled_rows(page: Any, runs: list[TextRun], turn: int) -> list[TextRun]:
    """Return the runs of a page with each row of a ruled table with wrapped cells as one run."""
    if not runs:
        return runs
    edges = list(islice(_edges(page, turn, mirrored=runs[0].mirrored), _MAX_EDGES))
    for boxes in _grids(edges) if len(edges) < _MAX_EDGES else ():
        cells = [_Cell(*box) for box in boxes]
        outside = _fill(cells, runs)
        if outside is None:
            continue
        rows = _by_top(cells)
        whole = [row for row in rows if _is_one_row(row)]
        if any(len(row) > 1 and any(cell.wraps > 0 for cell in row) for row in whole):
            unruled = [run for row in rows if row not in whole for cell in row for run in cell.runs]
            runs = [*outside, *unruled, *_ruled_runs(whole)]
    return runs


def _edges(page: Any, turn: int, *, mirrored: bool) -> Iterator[_Box]:
    import pypdfium2.raw as pdfium

    for index in range(min(pdfium.FPDFPage_CountObjects(page.raw), _MAX_OBJECTS)):
        drawn = pdfium.FPDFPage_GetObject(page.raw, index)
        if pdfium.FPDFPageObj_GetType(drawn) != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        for box in _rules(drawn):
            left, lower, right, upper = turned(*box, turn)
            if all(-FAR_AWAY < edge < FAR_AWAY for edge in box):
                yield (-right, lower, -left, upper) if mirrored else (left, lower, right, upper)


def _rules(path: Any) -> Iterator[_Box]:
    """Yield the lines that a path strokes, and the thin areas that it fills."""
    import pypdfium2.raw as pdfium

    fill, stroke = ctypes.c_int(), ctypes.c_int()
    count = pdfium.FPDFPath_CountSegments(path)
    if count > _MAX_SEGMENTS or not pdfium.FPDFPath_GetDrawMode(path, fill, stroke):
        return
    if stroke.value or count > _RECTANGLE:
        shapes = _shapes(path, count)
        lines = [pair for shape in shapes for pair in pairwise(shape)] if stroke.value else shapes
        boxes = [_box(*zip(*line, strict=True)) for line in lines if line]
    else:
        edges = [ctypes.c_float() for _ in range(4)]
        pdfium.FPDFPageObj_GetBounds(path, *edges)
        left, lower, right, upper = (edge.value for edge in edges)
        boxes = [(left, lower, right, upper)]
    yield from (box for box in boxes if min(box[2] - box[0], box[3] - box[1]) < _THICKEST)


def _shapes(path: Any, count: int) -> list[list[_Point]]:
    """Return the corners of each shape of a path, nothing for a path with curves."""
    import pypdfium2.raw as pdfium

    shapes: list[list[_Point]] = []
    x, y, matrix = ctypes.c_float(), ctypes.c_float(), pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(path, matrix)
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, index)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        if kind == pdfium.FPDF_SEGMENT_MOVETO or not shapes:
            shapes.append([])
        if kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            return []
        across = matrix.a * x.value + matrix.c * y.value + matrix.e
        shapes[-1].append((across, matrix.b * x.value + matrix.d * y.value + matrix.f))
        if pdfium.FPDFPathSegment_GetClose(segment):
            shapes[-1].append(shapes[-1][0])
    return shapes


def _box(xs: Sequence[float], ys: Sequence[float]) -> _Box:
    return min(xs), min(ys), max(xs), max(ys)


def _grids(edges: Sequence[_Box]) -> list[list[_Box]]:
    """Return the cells of each grid that the edges form, with y growing downwards."""
    rules: list[dict[str, Any]] = []
    for x0, y0, x1, y1 in edges:
        if x1 - x0 > max(y1 - y0, _TOLERANCE):
            y = (y0 + y1) / 2
            rules.append({"orientation": "h", "x0": x0, "x1": x1, "top": -y, "bottom": -y})
        elif y1 - y0 > _TOLERANCE:
            x = (x0 + x1) / 2
            place = {"x0": x, "x1": x, "top": -y1, "bottom": -y0, "height": y1 - y0}
            rules.append({"orientation": "v", **place})
    if len({rule["orientation"] for rule in rules}) < 2:
        return []
    from pdfplumber.table import (
        cells_to_tables,
        edges_to_intersections,
        intersections_to_cells,
        merge_edges,
    )

    rules = merge_edges(rules, *[_TOLERANCE] * 4)
    upright = sum(rule["orientation"] == "v" for rule in rules)
    if upright * (len(rules) - upright) > _MAX_CROSSINGS:
        return []
    crossings = edges_to_intersections(rules, _TOLERANCE, _TOLERANCE)
    if len(crossings) > _MAX_INTERSECTIONS:
        return []
    return cells_to_tables(intersections_to_cells(crossings))


def _fill(cells: Sequence[_Cell], runs: Sequence[TextRun]) -> list[TextRun] | None:
    """Fill the cells with text, and return the text outside, None if text crosses the rules."""
    outside: list[TextRun] = []
    left, right = min(cell.x0 for cell in cells), max(cell.x1 for cell in cells)
    top, bottom = min(cell.top for cell in cells), max(cell.bottom for cell in cells)
    borders = sorted({cell.x0 for cell in cells})
    for run in runs:
        middle = -(run.y + run.size / 2)
        if not (top < middle < bottom and left < run.x1 and run.x0 < right):
            outside.append(run)
            continue
        parts = [run]
        for x in borders:
            parts[-1:] = parts[-1].parted_at(x)
        for part in parts:
            x = (part.x0 + part.x1) / 2
            around = (c for c in cells if c.x0 <= x < c.x1 and c.top <= middle < c.bottom)
            cell = next(around, None)
            if cell is None:
                outside.append(part)
            elif part.x0 < cell.x0 - _TOLERANCE or part.x1 > cell.x1 + _TOLERANCE:
                return None
            else:
                cell.runs.append(part)
    for cell in cells:
        cell.lines = rows_of(cell.runs)
    return outside


def _by_top(cells: Sequence[_Cell]) -> list[list[_Cell]]:
    rows: dict[float, list[_Cell]] = defaultdict(list)
    for cell in sorted(cells, key=lambda cell: (cell.top, cell.x0)):
        if cell.lines:
            rows[cell.top].append(cell)
    return list(rows.values())


def _is_one_row(cells: Sequence[_Cell]) -> bool:
    """Tell whether a row of a grid is one row of the table, and neither several rows nor prose.

    In several rows, the cells have about as many lines, which do not wrap. Prose in a frame is a
    single cell of several lines, or a very long one.
    """
    most = max(len(cell.lines) for cell in cells)
    if len(cells) == 1 or most > _MAX_LINES:
        return most == 1
    tallest = [cell for cell in cells if len(cell.lines) >= _ABOUT_AS_MANY * most]
    return len(tallest) == 1 or most < _UNRULED_LINES or sum(cell.wraps for cell in tallest) > 0


def _ruled_runs(rows: Sequence[Sequence[_Cell]]) -> Iterator[TextRun]:
    columns = sorted({cell.x0 for row in rows for cell in row})
    right = max(cell.x1 for row in rows for cell in row)
    for row in rows:
        lines = [line for cell in row for line in cell.lines]
        texts: list[tuple[str, ...]] = [()] * (columns.index(row[-1].x0) + 1)
        for cell in row:
            texts[columns.index(cell.x0)] = tuple(line.text for line in cell.lines)
        yield TextRun(
            text=" ".join(line.text for line in lines),
            x0=columns[0],
            x1=right,
            y=max(line.y for line in lines),
            size=max(lines, key=lambda line: len(line.text)).size,
            bold=all(line.bold for line in lines),
            ruled_cells=tuple(texts),
        )
