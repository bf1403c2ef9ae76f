"""From fragments to the rows of a page, and from gaps in a row to its cells."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from index.parsers.pdf_direction import reading_order
from index.parsers.pdf_fragments import Fragment
from index.structure.outline import LIST_MARKER

CELL_GAP = 1.2
"""Cells of a row are further apart than this, in units of the font's size."""

_JOINED = 0.15
_BULLET = re.compile(r"[•‣◦▪·–○●■□➢➤✓\uf0b7\uf0a7\uf0d8\uf076\uf06f]")
_CURRENCY = re.compile(r"[$€£¥]")
_OPENS_NEXT = re.compile(r"(?:[$€£¥]|US\$|C\$)?\(?")
_CLOSES_LAST = re.compile(r"\)?%?\)?")
_WORDS = re.compile(r"\W*[^\W\d_]{2}")
_LABEL = re.compile(
    r"(?i)(?:(?:item|note|section|chapter|part|article|figure|table|appendix)\s+)?"
    r"\(?(?:\d{1,3}(?:\.\d{1,3})*[a-z]?|[ivx]{1,4})[.):]?"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """Words side by side, and where they begin and end."""

    text: str
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class Row:
    """What stands at one height: cells from left to right. `text_x0` is after a list marker.

    `blanks` are the widths of those between its words, in units of the font's size.
    """

    cells: tuple[Cell, ...]
    y: float
    size: float
    bold: bool
    text_x0: float
    italic: bool = False
    blanks: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """All cells' words."""
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


def group_by_height(fragments: Iterable[Fragment]) -> list[list[Fragment]]:
    """Return fragments that stand at one height together, from the top down, left to right."""
    groups: list[list[Fragment]] = []
    longest: list[Fragment] = []
    for fragment in sorted(fragments, key=lambda each: (-each.y - each.size / 2, each.x0)):
        top = fragment.y + fragment.size
        for index in range(max(0, len(groups) - 3), len(groups)):
            other = longest[index]
            low, high = max(fragment.y, other.y), min(top, other.y + other.size)
            if high - low >= 0.5 * min(fragment.size, other.size):
                groups[index].append(fragment)
                if fragment.x1 - fragment.x0 > other.x1 - other.x0:
                    longest[index] = fragment
                break
        else:
            groups.append([fragment])
            longest.append(fragment)
    for group in groups:
        group.sort(key=lambda each: each.x0)
    return groups


def rows_of(fragments: Iterable[Fragment]) -> list[Row]:
    """Return the rows of a page or of one of its columns, from the top down."""
    return [_row(group) for group in group_by_height(fragments)]


def _row(group: Sequence[Fragment]) -> Row:
    group = _raised_inserted(group)
    letters = sum(len(each.text) for each in group)
    bold = 2 * sum(len(each.text) for each in group if each.bold) > letters
    italic = 2 * sum(len(each.text) for each in group if each.italic) > letters
    size = max(group, key=lambda each: (len(each.text), each.size)).size
    cells: list[Cell] = []
    for each in group:
        last = cells[-1] if cells else None
        gap = (each.x0 - last.x1) / size if last else 0.0
        if last and gap <= CELL_GAP and not (gap > _JOINED and _CURRENCY.fullmatch(each.text)):
            blank = " " if gap > _JOINED else ""
            cells[-1] = Cell(last.text + blank + each.text, last.x0, max(last.x1, each.x1))
        else:
            cells.append(Cell(each.text, each.x0, each.x1))
    mirrored = group[0].mirrored
    cells = [Cell(reading_order(cell.text, mirrored=mirrored), cell.x0, cell.x1) for cell in cells]
    cells = _signs_joined(cells)
    text_x0 = cells[0].x0
    if _BULLET.fullmatch(cells[0].text) and len(cells) > 1:
        text_x0 = cells[1].x0
        cells[:2] = [Cell(f"- {cells[1].text}", cells[0].x0, cells[1].x1)]
    elif cells[0].text[:2].endswith(" ") and _BULLET.match(cells[0].text):
        cells[0] = Cell("- " + cells[0].text[2:], cells[0].x0, cells[0].x1)
        text_x0 += size
    elif len(cells) == 2 and _LABEL.fullmatch(cells[0].text) and _WORDS.match(cells[1].text):
        text_x0 = cells[1].x0
        cells = [Cell(f"{cells[0].text} {cells[1].text}", cells[0].x0, cells[1].x1)]
    elif LIST_MARKER.match(cells[0].text) and len(group) > 1:
        text_x0 = group[1].x0
    y = median(each.y for each in group)
    return Row(tuple(cells), y, size, bold, text_x0, italic, tuple(_blanks(group, size)))


def _blanks(group: Sequence[Fragment], size: float) -> Iterator[float]:
    """Yield the widths of the blanks between the words of a row."""
    end = group[0].x0
    for each in group:
        if each.x0 - end > _JOINED * size:
            yield (each.x0 - end) / size
        yield from ((right - left) / size for _, left, right in each.blanks)
        end = max(end, each.x1)


def _raised_inserted(group: Sequence[Fragment]) -> list[Fragment]:
    """Put small signs, such as "®", between the words that they stand between."""
    parted = list(group)
    for small in group:
        if len(small.text) > 8:
            continue
        middle = (small.x0 + small.x1) / 2
        for index, each in enumerate(parted):
            if each is not small and each.x0 < middle < each.x1 and small.size < each.size:
                parted[index : index + 1] = each.parted_at(middle)
                break
    return sorted(parted, key=lambda each: each.x0)


def _signs_joined(cells: list[Cell]) -> list[Cell]:
    """Put "$" and "(" to the cell on their right, ")" and "%" to the one on their left."""
    joined: list[Cell] = []
    opening: Cell | None = None
    for cell in cells:
        merged = cell
        if opening:
            merged = Cell(opening.text + cell.text, opening.x0, cell.x1)
            opening = None
        if _OPENS_NEXT.fullmatch(merged.text) and cell is not cells[-1]:
            opening = merged
        elif joined and merged is cell and _CLOSES_LAST.fullmatch(cell.text):
            last = joined[-1]
            joined[-1] = Cell(last.text + cell.text, last.x0, cell.x1)
        else:
            joined.append(merged)
    return joined
