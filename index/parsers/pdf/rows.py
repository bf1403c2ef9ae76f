"""From runs of text to the rows of a page and their cells, which are apart by gaps."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from index.parsers.pdf.bidi import logical_order
from index.parsers.pdf.glyphs import TextRun
from index.structure.outline import LIST_MARKER

CELL_GAP = 1.2
"""Cells of a row are further apart than this, in units of the font's size."""
_WORD_GAP = 0.15
_BULLET = re.compile(r"[•‣◦▪·–○●■□➢➤✓\uf0b7\uf0a7\uf0d8\uf076\uf06f]")
_CURRENCY = re.compile(r"[$€£¥]")
_OPENS_NEXT = re.compile(r"(?:[$€£¥]|US\$|C\$)?\(?")
_WORDS = re.compile(r"\W*[^\W\d_]{2}")
_LABEL = re.compile(
    r"(?i)(?:(?:item|note|section|chapter|part|article|figure|table|appendix)\s+)?"
    r"\(?(?:\d{1,3}(?:\.\d{1,3})*[a-z]?|[ivx]{1,4})[.):]?"
)
_ALIKE = 1.45
"""The blanks of a justified line differ from the usual one by no more than this factor."""
_WIDEST_BLANK = 10.0
_MAX_DISTANCE = 3.2
"""Between a row and its neighbours, in line heights."""
_SAME_PLACE = 1.0
_FIGURE = re.compile(r"\W*\d[\d.,:/%()-]*\W*")


@dataclass(frozen=True, slots=True)
class Cell:
    """Words side by side, with their left and right edge."""

    text: str
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class Row:
    """The cells at one height, from left to right. `text_x0` is after a list marker.

    `blanks` are the widths between words, in units of the font's size. `ruled_cells` are the lines
    of each cell of a ruled table.
    """

    cells: tuple[Cell, ...]
    y: float
    size: float
    bold: bool
    text_x0: float
    italic: bool = False
    blanks: tuple[float, ...] = ()
    ruled_cells: tuple[tuple[str, ...], ...] = ()

    @property
    def text(self) -> str:
        """The words of all cells."""
        return " ".join(cell.text for cell in self.cells)

    @property
    def x0(self) -> float:
        """Where the row begins."""
        return self.cells[0].x0

    @property
    def x1(self) -> float:
        """Where the row ends."""
        return self.cells[-1].x1

    @property
    def is_line(self) -> bool:
        """Whether it has one cell only."""
        return len(self.cells) == 1

    @property
    def is_item(self) -> bool:
        """Whether it begins with the marker of a list."""
        return bool(LIST_MARKER.match(self.cells[0].text))


def group_by_height(runs: Iterable[TextRun]) -> list[list[TextRun]]:
    """Return the runs by height, from the top down, and from left to right."""
    groups: list[list[TextRun]] = []
    longest: list[TextRun] = []
    for run in sorted(runs, key=lambda run: (-run.y - run.size / 2, run.x0)):
        for index in range(max(0, len(groups) - 3), len(groups)):
            other = longest[index]
            overlap = min(run.y + run.size, other.y + other.size) - max(run.y, other.y)
            if overlap >= 0.5 * min(run.size, other.size):
                groups[index].append(run)
                if run.x1 - run.x0 > other.x1 - other.x0:
                    longest[index] = run
                break
        else:
            groups.append([run])
            longest.append(run)
    for group in groups:
        group.sort(key=lambda run: run.x0)
    return groups


def rows_of(runs: Iterable[TextRun]) -> list[Row]:
    """Return the rows of a page or of one of its columns, from the top down."""
    rows: list[Row] = []
    for group in group_by_height(runs):
        rows += [_ruled_row(run) for run in group if run.ruled_cells]
        if others := [run for run in group if not run.ruled_cells]:
            rows.append(_row(_with_small_signs_inserted(others)))
    return rows


def with_justified_lines_joined(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a column with each justified line as one cell.

    All blanks of a justified line are about equally wide. So may be those of a row of short cells,
    but these are in line with cells of the next rows, or hold figures.
    """
    left = min((row.x0 for row in rows), default=0.0)
    right = max((row.x1 for row in rows), default=0.0)
    full = [row.x0 < left + 2 * row.size and row.x1 > right - 0.2 * row.size for row in rows]
    is_justified = sum(full) >= 0.6 * len(rows)
    return [
        replace(row, cells=(Cell(row.text, row.x0, row.x1),))
        if _is_stretched(row, least_blanks=1 if is_justified and full[index] else 2)
        and not any(_is_aligned(row, other) for other in _neighbours(rows, index))
        else row
        for index, row in enumerate(rows)
    ]


def _row(runs: Sequence[TextRun]) -> Row:
    letters = sum(len(run.text) for run in runs)
    size = max(runs, key=lambda run: (len(run.text), run.size)).size
    cells = _signs_joined(_cells(runs, size))
    first = cells[0]
    text_x0 = first.x0
    if _BULLET.fullmatch(first.text) and len(cells) > 1:
        text_x0 = cells[1].x0
        cells[:2] = [Cell(f"- {cells[1].text}", first.x0, cells[1].x1)]
    elif first.text[:2].endswith(" ") and _BULLET.match(first.text):
        cells[0] = Cell("- " + first.text[2:], first.x0, first.x1)
        text_x0 += size
    elif len(cells) == 2 and _LABEL.fullmatch(first.text) and _WORDS.match(cells[1].text):
        text_x0 = cells[1].x0
        cells = [Cell(f"{first.text} {cells[1].text}", first.x0, cells[1].x1)]
    elif LIST_MARKER.match(first.text) and len(runs) > 1:
        text_x0 = runs[1].x0
    return Row(
        tuple(cells),
        y=median(run.y for run in runs),
        size=size,
        bold=2 * sum(len(run.text) for run in runs if run.bold) > letters,
        text_x0=text_x0,
        italic=2 * sum(len(run.text) for run in runs if run.italic) > letters,
        blanks=tuple(_blanks(runs, size)),
    )


def _ruled_row(run: TextRun) -> Row:
    texts = (" ".join(lines) for lines in run.ruled_cells if lines)
    cells = tuple(Cell(text, run.x0, run.x1) for text in texts)
    return Row(cells, run.y, run.size, run.bold, run.x0, ruled_cells=run.ruled_cells)


def _with_small_signs_inserted(runs: Sequence[TextRun]) -> list[TextRun]:
    """Insert small signs, such as "®", between the words of larger runs."""
    parted = list(runs)
    for small in runs:
        if len(small.text) > 8:
            continue
        middle = (small.x0 + small.x1) / 2
        for index, run in enumerate(parted):
            if run is not small and run.x0 < middle < run.x1 and small.size < run.size:
                parted[index : index + 1] = run.parted_at(middle)
                break
    return sorted(parted, key=lambda run: run.x0)


def _cells(runs: Sequence[TextRun], size: float) -> list[Cell]:
    cells: list[Cell] = []
    for run in runs:
        last = cells[-1] if cells else None
        gap = (run.x0 - last.x1) / size if last else 0.0
        if last and gap <= CELL_GAP and not (gap > _WORD_GAP and _CURRENCY.fullmatch(run.text)):
            blank = " " if gap > _WORD_GAP else ""
            cells[-1] = Cell(last.text + blank + run.text, last.x0, max(last.x1, run.x1))
        else:
            cells.append(Cell(run.text, run.x0, run.x1))
    mirrored = runs[0].mirrored
    return [replace(cell, text=logical_order(cell.text, mirrored=mirrored)) for cell in cells]


def _signs_joined(cells: list[Cell]) -> list[Cell]:
    """Join "$" and "(" to the cell on their right."""
    joined: list[Cell] = []
    opening: Cell | None = None
    for cell in cells:
        merged = Cell(opening.text + cell.text, opening.x0, cell.x1) if opening else cell
        is_opening = _OPENS_NEXT.fullmatch(merged.text) and cell is not cells[-1]
        opening = merged if is_opening else None
        if not opening:
            joined.append(merged)
    return joined


def _blanks(runs: Sequence[TextRun], size: float) -> Iterator[float]:
    """Yield the widths of the blanks between the words of a row."""
    end = runs[0].x0
    for run in runs:
        if run.x0 - end > _WORD_GAP * size:
            yield (run.x0 - end) / size
        yield from ((right - left) / size for _, left, right in run.blanks)
        end = max(end, run.x1)


def _is_stretched(row: Row, least_blanks: int) -> bool:
    """Tell whether a row of words has so many blanks, and all are about equally wide."""
    blanks, words = row.blanks, row.text.split()
    if row.is_line or len(blanks) < least_blanks or max(blanks) > _WIDEST_BLANK:
        return False
    if 3 * sum(bool(_FIGURE.fullmatch(word)) for word in words) > len(words):
        return False
    usual = median(blanks)
    return all(usual / _ALIKE <= blank <= usual * _ALIKE for blank in blanks)


def _neighbours(rows: Sequence[Row], index: int) -> Iterator[Row]:
    """Yield the nearest row of several cells above, and the nearest below."""
    row = rows[index]
    for others in (reversed(rows[:index]), iter(rows[index + 1 :])):
        for other in others:
            if abs(other.y - row.y) > _MAX_DISTANCE * row.size:
                break
            if not other.is_line:
                yield other
                break


def _is_aligned(row: Row, other: Row) -> bool:
    """Tell whether most cells after a row's first are in line with cells of another row."""
    most = max(len(row.cells), len(other.cells)) - 1
    same = sum(
        any(_in_line(a, b, last=a is row.cells[-1]) for b in other.cells[1:]) for a in row.cells[1:]
    )
    return 2 * same > most


def _in_line(a: Cell, b: Cell, *, last: bool) -> bool:
    """Tell whether cells have the same edge or centre, but for the right edge of the last ones."""
    return (
        abs(a.x0 - b.x0) < _SAME_PLACE
        or abs(a.x0 + a.x1 - b.x0 - b.x1) < _SAME_PLACE
        or (not last and abs(a.x1 - b.x1) < _SAME_PLACE)
    )
