"""A quote of a table as columns and rows, and the cell that a question asks for.

Every format writes a row as a line with "|" between its cells, and a record as `field: value`
lines (docs/formats.md). The heading of a column, a label such as "Operating expenses:" and the unit
belong with a figure, so they come with it wherever they stand.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, islice

from index.records import Document, Span
from index.structure.columns import cells_of, headed, split_row
from index.structure.tables import headers, is_label, unit_of_measure
from index.structure.wording import is_row
from qa.answer.periods import asked_period
from qa.formats.asked_columns import asked_column, asked_row, columns_of_period
from qa.formats.blocks import is_code

_LINE = re.compile(r"[^\s][^\r\n]*[^\s]|[^\s]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_BEFORE_A_ROW = re.compile(r"[ \t>]*(?:(?:[-*+•]|\d{1,3}[.)])[ \t]+)?")
_RULE = re.compile(r"[\s|:=+-]+")
_PATH = re.compile(r"\w[\w-]*(?:\.[\w-]+)+")
_LINES_BELOW = 40
"""So many lines below a header are looked at to learn how wide its table is."""
_NEXT_LINES = 3
_MOST_ROWS = 200
_LONGEST_LINE = 5000


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a table, all of them as wide as `columns`; `places` has where each row stands.

    Of a record, the one place is that of its fields. `columns` are the headings, those of several
    lines as one; None where the table has none. `unit` is what says in which unit the figures are,
    "" if nothing does. `header` and `measure` are where the two stand. `cell` is the row and the
    column that the question asks for, if that can be told. `has_period` tells whether a column is
    of the period that the question asks for; None if it asks for none, or no column says its own.
    """

    columns: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    places: tuple[Span, ...]
    unit: str = ""
    header: Span | None = None
    measure: Span | None = None
    cell: tuple[int, int] | None = None
    has_period: bool | None = None
    is_record: bool = False


def table_of(document: Document, spans: Iterable[Span], question: str = "") -> Table | None:
    """Return the table that spans of a document quote rows or a header of; None if they do not.

    Rows of another table than the first one's are left out, and so is a row that is quoted in part.
    """
    if document.row_number is not None:
        return _record(document, spans, question)
    text, is_markdown = document.text, document.layout is None
    lines = [line for span in spans for line in _headed_lines(text, span)]
    rows = [line for line in lines if line.is_body]
    of_table = rows or [line for line in lines if line.header]
    if not of_table or is_code(document, of_table[0].span):
        return None
    header = of_table[0].header
    rows = [row for row in rows if row.header == header][:_MOST_ROWS]
    measure = unit_of_measure(text, header) if header else None
    unit = measure.of(text) if measure else ""
    head_lines = _lines(text, header) if header else ()
    all_heads = [cells_of(line.of(text), is_markdown=is_markdown) for line in head_lines]
    heads = [cells for cells in all_heads if list(filter(None, cells)) != [unit]] or all_heads
    body = [cells_of(row.span.of(text), is_markdown=is_markdown) for row in rows]
    below = islice(rows_below(text, header), _LINES_BELOW) if header else ()
    widths = [len(split_row(line.of(text), is_markdown=is_markdown)) for line in below]
    width = max(map(len, [*heads, *body, *([""] * each for each in widths)]))
    is_aligned = [len(cells) == width for cells in body]
    columns, body = headed(heads, body, width)
    if len(heads) == len(all_heads) and any(unit in name for name in (columns or ())[1:]):
        measure, unit = None, ""  # that of one column
    table = Table(
        columns=columns,
        rows=tuple(map(tuple, body)),
        places=tuple(row.span for row in rows),
        unit=unit,
        header=header,
        measure=measure,
    )
    row = asked_row(table.rows, question) if rows else None
    if row is not None and is_aligned[row]:
        table = _with_cell(text, table, row, question)
    return _with_labels(text, table)


def rows_below(text: str, header: Span) -> Iterator[Span]:
    """Yield the rows below a header, within its next forty lines."""
    lines = list(islice(_lines(text, Span(header.end, len(text))), _LINES_BELOW))
    for number, line in enumerate(lines):
        if _RULE.fullmatch(line.of(text)):
            continue
        if is_row(line.of(text)):
            yield line
        elif not is_label(text, lines, number):
            return


def _with_cell(text: str, table: Table, row: int, question: str) -> Table:
    """Mark the cell of a row that is asked for, and tell whether the row has the asked period."""
    cells = table.rows[row]
    columns = table.columns or ("",) * len(cells)
    label = _label_of(text, table.header, table.places[row]) if table.header else None
    of_period = columns_of_period(
        asked_period(question, text), columns, cells, label.of(text) if label else ""
    )
    column = asked_column(columns, cells, question, of_period)
    cell = (row, column) if column is not None else None
    return replace(table, cell=cell, has_period=_any(of_period[1:]))


def _any(of_period: Sequence[bool | None]) -> bool | None:
    """Tell whether a column is of the period asked for; None if none says of which it is."""
    return any(of_period) if any(fits is not None for fits in of_period) else None


@dataclass(frozen=True, slots=True)
class _Line:
    """A whole line of a table, and the header that it stands under or belongs to."""

    span: Span
    header: Span | None
    is_body: bool


def _headed_lines(text: str, span: Span) -> Iterator[_Line]:
    """Yield the rows and the header lines that lie in a span as a whole."""
    whole = (line for line in _lines(text, span) if _is_whole(text, line))
    lines = list(dropwhile(lambda line: not is_row(line.of(text)), whole))
    if not lines:
        return
    below = list(islice(_lines(text, Span(lines[-1].end, len(text))), _NEXT_LINES))
    above = headers(text, [*lines, *below])
    own_headers = {header for header in above if header}
    for line, header in zip(lines, above[: len(lines)], strict=True):
        words = line.of(text)
        if not is_row(words) or _RULE.fullmatch(words):
            continue
        if heading := next((each for each in own_headers if each.contains(line)), None):
            yield _Line(line, heading, is_body=False)
        elif header or _has_neighbour(text, line):
            yield _Line(line, header, is_body=True)


def _lines(text: str, span: Span) -> Iterator[Span]:
    return (Span(*match.span()) for match in _LINE.finditer(text, *span))


def _is_whole(text: str, line: Span) -> bool:
    """Tell whether a line is all of one, but for marks before it."""
    start = max(text.rfind("\n", 0, line.start), text.rfind("\r", 0, line.start)) + 1
    after = _LINE_END.search(text, line.end)
    rest = text[line.end : after.start() if after else len(text)]
    return bool(_BEFORE_A_ROW.fullmatch(text, start, line.start)) and not rest.strip()


def _has_neighbour(text: str, line: Span) -> bool:
    """Tell whether the line above or below is a row, too: a bar alone may be in any sentence."""
    above = text[max(0, line.start - _LONGEST_LINE) : line.start].rstrip(" \t>-*+•")
    below = text[line.end : line.end + _LONGEST_LINE].lstrip(" \t")
    neighbours = (above.splitlines()[-1:], below.splitlines()[1:2])
    return any(is_row(each.strip()) for lines in neighbours for each in lines)


def _with_labels(text: str, table: Table) -> Table:
    """Put above rows the label that they stand under, as a row that has only a first cell."""
    rows: list[tuple[str, ...]] = []
    places: list[Span] = []
    cell = table.cell
    for number, (row, place) in enumerate(zip(table.rows, table.places, strict=True)):
        label = _label_of(text, table.header, place) if table.header else None
        if label and label not in places:
            rows.append((label.of(text), *[""] * (len(row) - 1)))
            places.append(label)
        if table.cell and table.cell[0] == number:
            cell = (len(rows), table.cell[1])
        rows.append(row)
        places.append(place)
    return replace(table, rows=tuple(rows), places=tuple(places), cell=cell)


def _label_of(text: str, header: Span, row: Span) -> Span | None:
    """Return the nearest label between a header and a row."""
    between = _lines(text, Span(header.end, row.start))
    lines = [*(line for line in between if not _RULE.fullmatch(line.of(text))), row]
    for number in range(len(lines) - 2, -1, -1):
        words = lines[number].of(text)
        if not is_row(words):
            return lines[number] if is_label(text, lines, number) else None
        if words.casefold().startswith("total "):
            return None  # a total ends what its label heads
    return None


def _record(document: Document, spans: Iterable[Span], question: str) -> Table | None:
    """Return the fields that spans of a record hold, below its title, as one row."""
    fields: dict[str, str] = {}
    field_lines: list[Span] = []
    for span in spans:
        name = ""
        for line in _lines(document.text, span):
            words = line.of(document.text)
            begins, colon, value = words.partition(": ")
            known = begins.casefold() in document.metadata or _PATH.fullmatch(begins)
            if colon and known:
                name = begins
                fields[name] = f"{fields[name]}, {value}" if name in fields else value
            elif name:
                fields[name] += f" {words}"
            if name:
                field_lines.append(line)
    if not fields:
        return None
    columns, row = tuple(fields), tuple(fields.values())
    if document.title:
        columns, row = ("", *columns), (document.title, *row)
    of_period = columns_of_period(asked_period(question, document.text), columns, row)
    column = asked_column(columns, row, question, of_period, first=bool(document.title))
    cell = (0, column) if column is not None else None
    place = Span(field_lines[0].start, field_lines[-1].end)
    return Table(columns, (row,), (place,), cell=cell, has_period=_any(of_period), is_record=True)
