"""A quote of a table as columns and rows, and the cell that a question asks for.

Every format writes a row as a line with "|" between its cells, and a record as `field: value`
lines (docs/formats.md). The heading of a column, a label such as "Operating expenses:" and the unit
belong with a figure, so they come with it wherever they stand.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, groupby, islice

from index.records import Document, Span
from index.structure.tables import headers, is_label, unit_of_measure
from index.structure.wording import is_row
from qa.formats.asked_columns import asked_column, asked_row
from qa.formats.blocks import is_code

_LINE = re.compile(r"[^\s][^\r\n]*[^\s]|[^\s]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_BEFORE_A_ROW = re.compile(r"[ \t>]*(?:(?:[-*+•]|\d{1,3}[.)])[ \t]+)?")
_RULE = re.compile(r"[\s|:=+-]+")
_BAR = re.compile(r"(?<!\\)\|")
_BAR_ALONE = re.compile(r"(?:^|(?<=\s))\|(?=\s|$)")
_OPENING = re.compile(r"(?:(?:US|CA?|AU?|HK|NZ)?[$€£¥₹])?\(?")
_CLOSING = re.compile(r"\)?[%‰]?\)?")
_LOOSE_OPENING = re.compile(r"([$€£¥₹(])\s+(?=[$€£¥₹(.\d])")
_LOOSE_CLOSING = re.compile(r"(?<=[\d)])\s+(?=[)%‰]+(?:\s|$))")
_FIGURE = re.compile(r"\d|^\s*[—–-]?\s*$")
_PERIOD = re.compile(r"\b(?:weeks?|months?|quarters?|years?)\b", re.I)
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
    column that the question asks for, if that can be told.
    """

    columns: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    places: tuple[Span, ...]
    unit: str = ""
    header: Span | None = None
    measure: Span | None = None
    cell: tuple[int, int] | None = None
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
    heading = _with_unit_line(text, header) if header else None
    measure = unit_of_measure(text, heading) if heading else None
    head_lines = _lines(text, heading) if heading else ()
    all_heads = [_cells(line.of(text), is_markdown) for line in head_lines]
    unit = measure.of(text) if measure else ""
    heads = [cells for cells in all_heads if list(filter(None, cells)) != [unit]] or all_heads
    body = [_cells(row.span.of(text), is_markdown) for row in rows]
    below = islice(_table_below(text, header), _LINES_BELOW) if header else ()
    widths = [len(_split(line.of(text), is_markdown)) for line in below]
    width = max(map(len, [*heads, *body, *([""] * each for each in widths)]))
    heads = [["", *cells] if cells[0] and len(cells) == width - 1 else cells for cells in heads]
    is_aligned = [len(cells) == width for cells in body]
    heads, body = _without_spacers(_padded(heads, width), _padded(body, width))
    columns = _columns(heads)
    if len(heads) == len(all_heads) and any(unit in name for name in (columns or ())[1:]):
        measure, unit = None, ""  # that of one column
    table = Table(
        columns=columns,
        rows=tuple(map(tuple, body)),
        places=tuple(row.span for row in rows),
        unit=unit,
        header=heading,
        measure=measure,
    )
    row = asked_row(table.rows, question) if rows else None
    if row is not None and is_aligned[row]:
        headings = columns or ("",) * len(body[row])
        column = asked_column(headings, table.rows[row], question)
        table = replace(table, cell=(row, column) if column is not None else None)
    return _with_labels(text, table)


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


def _with_unit_line(text: str, header: Span) -> Span:
    """Take in the line below a header that has the unit where the others have labels."""
    below = next(_lines(text, Span(header.end, len(text))), header)
    first, *names = _BAR_ALONE.split(below.of(text))
    measure = unit_of_measure(text, below)
    is_unit = measure is not None and below.contains(measure) and measure.of(text) in first
    is_heading = is_unit and bool(names) and not any(map(_FIGURE.search, names))
    return Span(header.start, below.end) if is_heading else header


def _table_below(text: str, header: Span) -> Iterator[Span]:
    """Yield the rows below a header."""
    lines = list(islice(_lines(text, Span(header.end, len(text))), _LINES_BELOW))
    for number, line in enumerate(lines):
        if _RULE.fullmatch(line.of(text)):
            continue
        if is_row(line.of(text)):
            yield line
        elif not is_label(text, lines, number):
            return


def _cells(line: str, is_markdown: bool) -> list[str]:  # noqa: FBT001 (how bars are told)
    return [_tidy(cell) for cell in _split(line, is_markdown)]


def _split(line: str, is_markdown: bool) -> list[str]:  # noqa: FBT001
    """Return the cells of a row. In Markdown, a bar at each end is the table's frame."""
    if not is_markdown:
        return _BAR_ALONE.split(line)
    cells = [cell.replace("\\|", "|") for cell in _BAR.split(line)]
    framed = len(cells) > 2 and not cells[0].strip() and not cells[-1].strip()
    return cells[1:-1] if framed else cells


def _tidy(cell: str) -> str:
    """Return a cell with a figure's signs where a person writes them: "$12", "(5)", "7%"."""
    joined = _LOOSE_OPENING.sub(r"\1", " ".join(cell.split()))
    return _LOOSE_CLOSING.sub("", joined)


def _padded(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    return [[*cells, *[""] * (width - len(cells))] for cells in rows]


def _without_spacers(
    heads: list[list[str]], body: list[list[str]]
) -> tuple[list[list[str]], list[list[str]]]:
    """Join columns of mere signs, as "$" and ")", with their figures, and leave out empty ones."""

    def join(left: int, right: int) -> None:
        for cells in (*heads, *body):
            cells[left : right + 1] = [f"{cells[left]}{cells[right]}"]

    def all_match(column: int, signs: re.Pattern[str]) -> bool:
        return bool(body) and all(signs.fullmatch(cells[column]) for cells in body)

    width = len((heads or body)[0])
    for column in range(width - 1, 0, -1):
        is_headed = any(cells[column] for cells in heads)
        if all_match(column, _CLOSING) and not is_headed:
            join(column - 1, column)
    column = 1
    while column + 1 < len((heads or body)[0]):
        conflict = any(cells[column] and cells[column + 1] for cells in heads)
        has_figures = any(cells[column + 1] for cells in body)
        if all_match(column, _OPENING) and has_figures and not conflict:
            join(column, column + 1)
        column += 1
    return heads, body


def _columns(heads: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """Return one heading a column, of all lines; a heading that spans columns heads each."""
    if not heads:
        return None
    spread = [*(_spread(cells) for cells in heads[:-1]), list(heads[-1])]
    columns = tuple(
        " ".join(name for name, _ in groupby(filter(None, names)))
        for names in zip(*spread, strict=True)
    )
    return columns if any(columns) else None


def _spread(cells: Sequence[str]) -> list[str]:
    """Repeat headings that span as many columns each, or one that is the only one.

    They begin where their columns do. Only periods are known to head columns from the middle, too:
    "Fair" in the middle may belong to "Value" below it.
    """
    first, *others = cells
    filled = [number for number, cell in enumerate(others) if cell]
    span = len(others) // len(filled) if filled else 0
    if len(filled) == 1 and len(others) > filled[0] > 0 and len(others) > 2:
        return [first, *[others[filled[0]]] * len(others)]
    is_one_each = [number // max(1, span) for number in filled] == list(range(len(filled)))
    are_first = all(number % span == 0 for number in filled)
    if span * len(filled) != len(others) or not is_one_each:
        return list(cells)
    if are_first or all(_PERIOD.search(others[number]) for number in filled):
        return [first, *(others[filled[number // span]] for number in range(len(others)))]
    return list(cells)


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
    column = asked_column(columns, row, question, first=bool(document.title))
    cell = (0, column) if column is not None else None
    place = Span(field_lines[0].start, field_lines[-1].end)
    return Table(columns, (row,), (place,), cell=cell, is_record=True)
