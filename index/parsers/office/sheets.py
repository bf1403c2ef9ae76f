"""Spreadsheets: .xlsx, .xls and .ods. Each row of a table in a sheet is a document."""

import io
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from typing import Any

from index.parsers.blocks import one_line, visible
from index.parsers.decoding import (
    COMPOUND_FILE,
    ENCRYPTED,
    OLD_WORKBOOK,
    OPEN_SPREADSHEET,
    WORKBOOK,
    kind_of,
)
from index.parsers.files import Reader, UnreadableFileError, bytes_of, progressed
from index.parsers.office.package import Package, damaged
from index.parsers.office.tables import Cell, Line, Part, Spans, parts_of
from index.parsers.row_documents import READER, Row, Rows, documents_of
from index.records import Document
from index.remarks import listed
from index.sources.listing import SourceFile

_MOST_WHOLE = 10**15
"""A float of this size or more does not tell one whole number from the next."""
_DIGITS = 15
"""So many digits of a number does a spreadsheet keep."""
_WITHOUT_VALUE = re.compile(
    rb"<c\b(?![^<>]*\bt=.str)[^<>]*+>\s*+<f\b(?:[^<>]*/>|[^<>]*+>[^<]*+</f>)\s*+"
    rb"(?:<v\s*+/>|<v>\s*+</v>)?+\s*+</c>"
)
_UNNAMED = re.compile(
    r"(?i)(?:sheet|tabelle|feuil|feuille|hoja|foglio|planilha|plan|blad|ark|arkusz|munka|"
    r"лист|工作表|シート|시트)\s*\d*"
)
"""What programs call a sheet that nobody named."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet: its cells by rows, as calamine gives them, and the parts that they make."""

    name: str
    grid: Any
    parts: tuple[Part, ...]

    def rows(self) -> Iterator[Row]:
        """Yield the records in the sheet."""
        name = "" if _UNNAMED.fullmatch(self.name.strip()) else one_line(self.name)
        for index, lines in groupby(self._lines_in_parts(), itemgetter(0)):
            part = self.parts[index]
            title = ": ".join(filter(None, (name, one_line(part.title))))
            for number, fields in part.records(line for _, line in lines):
                yield Row(number, fields, sheet=self.name, title=title)

    def _lines_in_parts(self) -> Iterator[tuple[int, Line]]:
        """Yield the lines that are in a part, each with the index of the part."""
        index = 0
        for line in _lines(self.grid):
            while index < len(self.parts) and self.parts[index].last < line.number:
                index += 1
            if index == len(self.parts):
                return
            if self.parts[index].first <= line.number:
                yield index, line


def _reader(kind: str, media_type: str) -> Reader:
    def read(file: SourceFile) -> Iterable[Document]:
        content = bytes_of(file.path)
        remarks = _checked(content, kind)
        sheets, hidden = _sheets(content, kind)
        if hidden:
            names = listed([one_line(name) for name in hidden])
            remarks += (f"hidden and left out: sheet{'s' * (len(hidden) > 1)} {names}",)
        rows = Rows(lambda: (row for sheet in sheets for row in sheet.rows()), has_cells=True)
        reader = f"{READER} (python-calamine {version('python-calamine')})"
        return documents_of(file, content, rows, media_type, {}, remarks, reader)

    return read


SHEET_READERS: dict[str, Reader] = {
    ".xlsx": _reader(WORKBOOK, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".xls": _reader(OLD_WORKBOOK, "application/vnd.ms-excel"),
    ".ods": _reader(OPEN_SPREADSHEET, "application/vnd.oasis.opendocument.spreadsheet"),
}
"""Each reads all three formats, for a wrong suffix is common."""


def _checked(content: bytes, kind: str) -> tuple[str, ...]:
    """Return remarks on a file. Raises UnreadableFileError for one that cannot be a spreadsheet."""
    found = kind_of(content)
    if content.startswith(COMPOUND_FILE) and found != ENCRYPTED:
        return ()
    package = Package(content, found if found in (WORKBOOK, OPEN_SPREADSHEET) else kind)
    if package.main:
        _refuse_shared_parts(package)
    sheets = (name for name in package.names if name.startswith("xl/worksheets/sheet"))
    count = sum(len(_WITHOUT_VALUE.findall(package.read(name))) for name in sheets)
    return (_formulas_remark(count),) if count else ()


def _refuse_shared_parts(package: Package) -> None:
    """Refuse many sheets of one part, which would be read as often."""
    root, parts = package.root(package.main), package.relations(package.main)
    sheets = () if root is None else root.iter("{*}sheet")
    targets = [parts.get(value) for sheet in sheets for value in sheet.values() if value in parts]
    if len(targets) > len(set(targets)):
        raise damaged(WORKBOOK)


def _formulas_remark(count: int) -> str:
    what = "a formula has" if count == 1 else f"{count:,} formulas have"
    return f"{what} no value; open the file in a spreadsheet program and save it"


def _sheets(content: bytes, kind: str) -> tuple[list[_Sheet], list[str]]:
    """Return the sheets that show, and the names of the others. Raises UnreadableFileError."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    workbook = _done(kind, CalamineWorkbook.from_filelike, io.BytesIO(content))
    sheets: list[_Sheet] = []
    hidden: list[str] = []
    for index, sheet in enumerate(workbook.sheets_metadata):
        progressed()
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible != SheetVisibleEnum.Visible:
            hidden.append(sheet.name)
            continue
        grid = _done(kind, workbook.get_sheet_by_index, index)
        sheets.append(_Sheet(sheet.name, grid, tuple(parts_of(_lines(grid), _spans(grid)))))
    return sheets, hidden


def _done(kind: str, call: Callable[[Any], Any], argument: Any) -> Any:
    """Return what calamine does. A damaged file is refused, whatever error it raises."""
    from python_calamine import PasswordError

    try:
        return call(argument)
    except PasswordError as error:
        raise UnreadableFileError(ENCRYPTED) from error
    except BaseException as error:
        # A panic of calamine's is no Exception, and has no class that could be imported.
        if isinstance(error, MemoryError | KeyboardInterrupt | SystemExit):
            raise
        raise damaged(kind) from error


def _lines(grid: Any) -> Iterator[Line]:
    """Yield the rows of a sheet. A cell that is merged down says the same in each of its rows."""
    if grid.start is None:
        return
    merged: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (top, left), (bottom, _) in _merged(grid):
        if bottom > top:
            merged[top + 1].append((left, bottom + 1))
    repeated: dict[int, tuple[int, Cell]] = {}
    empty = [""] * grid.width
    for number, row in enumerate(grid.iter_rows(), 1):
        if not number % 1000:
            progressed()
        if row == empty:  # most rows, where one cell is far away from the others
            yield Line(number, [])
            continue
        cells = [_cell(value) for value in row]
        if any(cell != "" for cell in cells):
            for column, (last, cell) in repeated.items():
                if number <= last and cells[column] == "":
                    cells[column] = cell
        below = merged.get(number, ())
        repeated |= {left: (last, cells[left]) for left, last in below if left < len(cells)}
        yield Line(number, cells)


def _spans(grid: Any) -> Spans:
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (top, left), (_, right) in _merged(grid):
        if right > left:
            spans[top + 1].append((left, right))
    return spans


def _merged(grid: Any) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield first and last row and column of each merged cell, columns counted as in `_lines`."""
    start = grid.start
    if start is None:
        return
    for (top, left), (bottom, right) in grid.merged_cell_ranges or ():
        if left >= start[1]:
            yield (top, left - start[1]), (bottom, right - start[1])


def _cell(value: Any) -> Cell:
    """Return what a cell shows: 3 for 3.0, dates in ISO 8601, hours as 26:30:00."""
    if isinstance(value, str):
        return value.strip() if value.isprintable() else _cleaned(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, date | time):
        return value.isoformat()
    return value if isinstance(value, bool | int) else ""


def _cleaned(text: str) -> str:
    """Return a text with the line ends of all other texts, and with nothing that is not shown."""
    text = text.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
    return visible(text).strip()


def _number(value: float) -> Cell:
    if not math.isfinite(value):
        return ""
    if value.is_integer() and abs(value) < _MOST_WHOLE:
        return int(value)
    return float(f"{value:.{_DIGITS}g}")
