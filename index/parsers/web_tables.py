"""The tables of a web page: which ones hold data, and what their rows say."""

from collections.abc import Iterator
from typing import Any

from index.parsers.blocks import one_line

_PROSE_CELL_CHARS = 600
_MAX_SPAN = 100
_BREAKS = frozenset("p div li br h1 h2 h3 h4 h5 h6 ul ol dl dt dd pre tr td th".split())


def is_data_table(table: Any) -> bool:
    """Tell whether a table's rows are to be read as rows, not as the frame of a page."""
    if table.get("role") in ("presentation", "none") or table.find(".//table") is not None:
        return False
    if any(table.find(f".//{tag}") is not None for tag in ("h1", "h2", "h3", "pre")):
        return False
    widths = [len(_cells(row)) for row in table.iter("tr")]
    cells = sum(widths)
    text = sum(len(part.strip()) for part in table.itertext())
    return max(widths, default=0) > 1 and text <= _PROSE_CELL_CHARS * cells


def rows_of(table: Any) -> Iterator[tuple[str, int]]:
    """Yield the caption and each row that is not empty, with how much of it is links.

    A cell that spans several columns or rows is written once, with empty cells beside or below it.
    """
    for caption in table.iter("caption"):
        if text := _text_of(caption):
            yield text, 0
    below: dict[int, int] = {}
    for row in table.iter("tr"):
        cells: list[str] = []
        for cell in _cells(row):
            _skip_spanned(cells, below)
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            below.update({len(cells) + i: height - 1 for i in range(width) if height > 1})
            cells += [_text_of(cell), *[""] * (width - 1)]
        _skip_spanned(cells, below)
        if any(cells):
            yield " | ".join(cells).strip(), _linked(row)


def _cells(row: Any) -> list[Any]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def _skip_spanned(cells: list[str], below: dict[int, int]) -> None:
    """Add the empty cells that a cell further up covers."""
    while below.get(len(cells), 0) > 0:
        below[len(cells)] -= 1
        cells.append("")


def _span(cell: Any, name: str) -> int:
    text = cell.get(name, "").strip()
    return min(int(text), _MAX_SPAN) if text.isascii() and text.isdigit() and text != "0" else 1


def _text_of(element: Any) -> str:
    return one_line("".join(_in_order(element)))


def _in_order(element: Any) -> Iterator[str]:
    from lxml import etree

    for event, inner in etree.iterwalk(element, events=("start", "end")):
        if inner is not element and inner.tag in _BREAKS:
            yield " "
        if event == "start":
            yield inner.text or ""
        elif inner is not element:
            yield inner.tail or ""


def _linked(row: Any) -> int:
    return sum(len("".join("".join(link.itertext()).split())) for link in row.iter("a"))
