"""The tables in a sheet: where they begin and end, what heads them, and what is no table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, Literal, NamedTuple

from index.parsers.header import HEADER_ROWS, column_names, is_header, named

Cell = str | int | float | bool
"""What a cell shows; "" for an empty one."""
Spans = Mapping[int, Sequence[tuple[int, int]]]
"""The first and last column, from 0, of each cell that is merged across columns, by its row."""

MAX_FORM_ROWS = 50
_SAMPLE_ROWS = HEADER_ROWS + 20
_MAX_GROUP_ROWS = 3
"""Rows that name groups of columns, above the one that names the columns."""


class Line(NamedTuple):
    """A row of a sheet and its number, from 1."""

    number: int
    cells: list[Cell]

    @property
    def filled(self) -> list[int]:
        """The columns, from 0, that are not empty."""
        return [column for column, cell in enumerate(self.cells) if cell != ""]

    @property
    def texts(self) -> list[str]:
        """What the cells show."""
        return [shown(cell) for cell in self.cells]

    @property
    def label(self) -> str:
        """What the first filled cell shows, without a colon."""
        return shown(self.cells[self.filled[0]]).rstrip(": ")


class Part(NamedTuple):
    """A stretch of rows, from number `first` to `last`, and what they are.

    Each row of a "table" is a record, with a name for each column. A "form" is one record, with a
    label and a value in each row. "text" is lines of one cell. `title` stands above it.
    """

    kind: Literal["table", "form", "text"]
    first: int
    last: int
    names: tuple[str, ...] = ()
    title: str = ""

    def records(self, lines: Iterable[Line]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the number and the fields of each record, from the lines of this part."""
        match self.kind:
            case "table":
                yield from ((line.number, named(self.names, line.cells)) for line in lines)
            case "form":
                fields: dict[str, Any] = {}
                for line in lines:
                    _, value = line.filled
                    fields[line.label] = line.cells[value]
                yield self.first, fields
            case "text":
                words = (shown(line.cells[column]) for line in lines for column in line.filled)
                yield self.first, {"": "\n".join(words)}


def shown(cell: Cell) -> str:
    """Return what a cell shows."""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def parts_of(lines: Iterable[Line], spans: Spans) -> list[Part]:
    """Return the parts of a sheet, in order. Its empty rows, and its headers, are in none.

    An empty row ends a part, but a table goes on below it where nothing else begins.
    """
    planner = _Planner(spans)
    for is_filled, run in groupby(lines, lambda line: bool(line.filled)):
        if is_filled:
            sample = list(islice(run, _SAMPLE_ROWS))
            last, widest = sample[-1], max(len(line.filled) for line in sample)
            for line in run:
                last, widest = line, max(widest, len(line.filled))
            planner.add(sample, last.number, widest)
    planner.flush()
    return planner.parts


class _Planner:
    """Finds the parts of a sheet, one run of filled rows after the other."""

    def __init__(self, spans: Spans) -> None:
        self.parts: list[Part] = []
        self._spans = spans
        self._table: Part | None = None
        self._columns = range(0)
        self._caption: Part | None = None
        self._lone_header: Line | None = None

    def add(self, sample: list[Line], last: int, widest: int) -> None:
        """Add a run that ends with row `last`, none of which has more than `widest` cells.

        `sample` are its first rows.
        """
        texts = [[shown(line.cells[column]) for column in line.filled] for line in sample]
        wide = next((i for i, cells in enumerate(texts) if len(cells) > 1), 0)
        is_list = len(sample) > 2 and is_header(texts[0], texts[1:], in_doubt=False)
        is_text = widest == 1 and not is_list
        if is_text or wide:
            self.flush()
            end = last if is_text else sample[wide - 1].number
            self._caption = Part("text", sample[0].number, end, title=texts[0][0])
        if not is_text:
            self._add_rows(sample[wide:], last)

    def flush(self) -> None:
        """Add what waits for a table below it, as there is none."""
        if self._caption:
            self.parts.append(self._caption._replace(title=""))
        if self._lone_header:
            number = self._lone_header.number
            self.parts.append(Part("table", number, number))
        self._caption = self._lone_header = None

    def _add_rows(self, body: list[Line], last: int) -> None:
        """Add what is below the captions of a run."""
        columns = _columns(body)
        depth = self._group_rows(body)
        header = self._joined(body[: depth + 1])
        below = [line.texts for line in body[depth + 1 :]]
        is_proven = is_header(header, below, in_doubt=False)
        names = tuple(column_names(header))
        table, lone = self._table, self._lone_header
        fits = columns.start in self._columns and columns[-1] in self._columns
        if table and fits and names == table.names:
            self._add_table(names, body[depth + 1 :], last, table.title)
        elif table and fits and not is_proven and not self._caption:
            self._add_table(table.names, body, last, table.title)
        elif lone and not is_proven and columns.stop <= len(lone.cells):
            self._lone_header = None
            self._add_table(tuple(column_names(lone.texts)), body, last)
        elif _are_pairs(body, last) and (
            _has_colons(body)
            or not is_header(header, below)
            or (not is_proven and _mixes_kinds(body))
        ):
            self.parts.append(Part("form", body[0].number, last, title=self._title_above()))
            self._table = None
        elif not is_header(header, below):
            self._add_table((), body, last)
        elif below:
            self._add_table(names, body[depth + 1 :], last)
        else:
            self._lone_header = body[0]

    def _add_table(
        self, names: tuple[str, ...], body: list[Line], last: int, title: str = ""
    ) -> None:
        title = self._title_above() or title
        if body:
            self._table = Part("table", body[0].number, last, names, title)
            columns = _columns(body)
            self._columns = range(columns.start, max(columns.stop, len(names)))
            self.parts.append(self._table)

    def _title_above(self) -> str:
        """Return the words above a part. If there are more lines of them, they are a part, too."""
        caption, self._caption = self._caption, None
        if caption and caption.first < caption.last:
            self.parts.append(caption._replace(title=""))
        self.flush()
        return caption.title if caption else ""

    def _group_rows(self, body: list[Line]) -> int:
        """Count the rows on top that name groups of columns, by cells merged across them."""
        most = max(0, min(_MAX_GROUP_ROWS, len(body) - 2))
        return next((i for i in range(most) if not self._names_groups(*body[i : i + 2])), most)

    def _names_groups(self, line: Line, below: Line) -> bool:
        """Tell whether a merged cell stands above several others."""
        return any(
            sum(first <= column <= last for column in below.filled) > 1
            for first, last in self._spans.get(line.number, ())
        )

    def _joined(self, rows: list[Line]) -> list[str]:
        """Return a name for each column from the rows of a header, such as "2022 Q1"."""
        width = max(len(line.cells) for line in rows)
        names: list[list[str]] = [[] for _ in range(width)]
        for line in rows:
            texts = [*line.texts, *[""] * (width - len(line.cells))]
            for first, last in self._spans.get(line.number, ()) if len(rows) > 1 else ():
                texts[first : last + 1] = [texts[first]] * len(texts[first : last + 1])
            for name, text in zip(names, texts, strict=True):
                if text and text not in name:
                    name.append(text)
        return [" ".join(name) for name in names]


def _columns(lines: list[Line]) -> range:
    """Return the columns that the lines, none of them empty, stand in."""
    return range(min(line.filled[0] for line in lines), max(line.filled[-1] for line in lines) + 1)


def _are_pairs(body: list[Line], last: int) -> bool:
    """Tell whether lines are labels, all of them different, with a value each."""
    if last != body[-1].number or len(body) > MAX_FORM_ROWS:
        return False
    labels = {line.label for line in body if line.label and not line.label[0].isdigit()}
    return len(labels) == len(body) and all(len(line.filled) == 2 for line in body)


def _has_colons(body: list[Line]) -> bool:
    return all(shown(line.cells[line.filled[0]]).endswith(":") for line in body)


def _mixes_kinds(body: list[Line]) -> bool:
    """Tell whether some values are texts and others are not, as they are in no column."""
    return len({isinstance(line.cells[line.filled[1]], str) for line in body[1:]}) > 1
