"""A table laid out for a terminal: in columns, or as a list of figures where they do not fit."""

import re
import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from rich.cells import cell_len
from rich.table import Table as Grid
from rich.text import Text

from index.terminal import one_line
from qa.formats.tables import Table

_GAP = 2
_LEAST_LABEL = 16
"""Columns do not fit where a longer label has less room."""
_FEW_ROWS = 2
_MOST_HEADING_LINES = 3
"""Of few rows; if their headings take more lines, a list reads better."""
_FIGURE = re.compile(r"\W*(?:\d[\d.,]*\W*\w{0,3})?")


def laid_out(
    table: Table, room: int, styles: Sequence[str], marks: Sequence[str], header_marks: str
) -> Grid:
    """Return a table in columns if they fit into `room` cells, else a line for each figure.

    A record is always a list. `styles` and `marks` are those of the rows; there may be no marks.
    """
    grid = None if table.is_record else _columns(table, room, styles, marks, header_marks)
    return grid or _listed(table, room, styles, marks, header_marks)


def each_once(marks: str) -> str:
    """Return marks such as "[1][2]", each once."""
    return "".join(dict.fromkeys(re.findall(r"\[\d+\]", marks)))


def _columns(
    table: Table,
    room: int,
    styles: Sequence[str],
    marks: Sequence[str],
    header_marks: str,
) -> Grid | None:
    """Return a table in columns; None if they do not fit."""
    heads = [one_line(name) for name in table.columns or [""] * len(table.rows[0])]
    rows = [[one_line(cell) for cell in row] for row in table.rows]
    columns = list(zip(*rows, strict=True))
    for_marks = max(map(cell_len, [header_marks, *marks]), default=0)
    room -= for_marks + _GAP * len(columns)
    least = [
        max([*map(cell_len, values), *map(cell_len, head.split())], default=0)
        for head, values in zip(heads[1:], columns[1:], strict=True)
    ]
    label_width = max([*map(cell_len, columns[0]), *map(cell_len, heads[0].split())])
    spare = room - sum(least)
    if spare < min(label_width, _LEAST_LABEL):
        return None
    label_width = min(label_width, spare)
    spare -= label_width
    widths = [
        width + min(spare // max(1, len(least)), max(0, cell_len(head) - width))
        for head, width in zip(heads[1:], least, strict=True)
    ]
    lines = [len(textwrap.wrap(h, w or 1)) for h, w in zip(heads[1:], widths, strict=True)]
    if len(rows) <= _FEW_ROWS and max(lines, default=0) > _MOST_HEADING_LINES:
        return None
    label_width += max(0, min(spare - sum(widths) + sum(least), cell_len(heads[0]) - label_width))
    grid = Grid.grid(padding=(0, _GAP, 0, 0))
    for values, width in zip(columns, [label_width, *widths], strict=True):
        is_figures = values is not columns[0] and all(map(_FIGURE.fullmatch, values))
        grid.add_column(width=width, justify="right" if is_figures else "left", vertical="bottom")
    if for_marks:
        grid.add_column(width=for_marks, vertical="bottom")
    marked = bool(for_marks)
    if table.columns:
        grid.add_row(*heads, *[Text(header_marks, "cyan")] * marked, style="dim")
    for number, (row, style, mark) in enumerate(zip_longest(rows, styles, marks, fillvalue="")):
        cells = [Text(cell, _cell_style(table, number, i, style)) for i, cell in enumerate(row)]
        grid.add_row(*cells, *[Text(mark, "cyan")] * marked)
    return grid


def _cell_style(table: Table, row: int, column: int, style: str) -> str:
    return f"{style} underline" if table.cell == (row, column) else style


def _listed(
    table: Table, room: int, styles: Sequence[str], marks: Sequence[str], header_marks: str
) -> Grid:
    """Return each row as its label, and below it a line for each figure with its heading."""
    heads = table.columns or ("",) * len(table.rows[0])
    longest = max(map(cell_len, (cell for row in table.rows for cell in row[1:])), default=0)
    grid = Grid.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(max_width=max(room // 2, room - longest - _GAP))
    figures = (cell for row in table.rows for cell in row[1:])
    is_figures = not table.is_record and all(map(_FIGURE.fullmatch, figures))
    grid.add_column(overflow="fold", justify="right" if is_figures else "left")
    for number, (row, style, mark) in enumerate(
        zip_longest(table.rows, styles, marks, fillvalue="")
    ):
        shown = f" {mark if number else each_once(header_marks + mark)}"
        is_labelled = not (table.is_record and heads[0])
        values = range(1 if is_labelled else 0, len(row))
        if is_labelled:
            grid.add_row(Text(one_line(row[0]), style).append(shown, style="cyan"))
        for column in filter(row.__getitem__, values):
            value = Text(one_line(row[column]), _cell_style(table, number, column, style))
            if not is_labelled and column == values[-1]:
                value.append(shown, style="cyan")
            grid.add_row(Text(f"{'  ' * is_labelled}{one_line(heads[column])}", "dim"), value)
    return grid
