"""The rows of a CSV: its header and what else stands above the rows."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from index.parsers.blocks import has_text, one_line
from index.parsers.csv_header import is_header, names_of, trimmed
from index.parsers.csv_records import Record, delimiter_of, records_of
from index.parsers.files import UnreadableFileError
from index.parsers.row_sources import Row, RowSource

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n)', re.IGNORECASE)
_SAMPLE_ROWS = 200
_MAX_PREFACE = 20
_MAX_QUOTED = 100
_MIN_ROWS_BELOW = 2


@dataclass(frozen=True, slots=True)
class _Table:
    """How a CSV is read: `skipped` is of records before the rows, `names` of columns."""

    text: str
    delimiter: str
    skipped: int
    names: tuple[str, ...]
    first_line: int

    def rows(self) -> Iterator[Row]:
        try:
            records = islice(records_of(self.text, self.delimiter), self.skipped, None)
            for number, record in enumerate(records, 1):
                line = record.line + self.first_line if record.is_unclosed else 0
                yield Row(number, _named(self.names, record.cells), line)
        except csv.Error as error:
            raise UnreadableFileError(f"not readable as CSV ({error})") from error


def csv_source(text: str, delimiter: str = "") -> RowSource:
    """Return the rows below the header; columns without one are called "column 1" and so on.

    Raises UnreadableFileError if there is a header and nothing else.
    """
    told = _SEPARATOR_LINE.match(text)
    if told:
        text, delimiter = text[told.end() :], told[1]
    delimiter = delimiter or delimiter_of(text)
    before = 1 if told else 0
    try:
        sample = list(islice(records_of(text, delimiter), _MAX_PREFACE + _SAMPLE_ROWS))
    except csv.Error as error:
        raise UnreadableFileError(f"not readable as CSV ({error})") from error
    blank = next((i for i, record in enumerate(sample) if has_text("".join(record.cells))), 0)
    preface = _preface(sample[blank:])
    first = blank + len(preface)
    below = [record.cells for record in sample[first + 1 :]]
    has_header = bool(sample) and is_header(sample[first].cells, below)
    names = tuple(names_of(sample[first].cells)) if has_header else ()
    table = _Table(text, delimiter, first + has_header, names, before)
    if has_header and not below:
        raise UnreadableFileError("nothing but a header")
    return RowSource(table.rows, _told_of(preface, before))


def _preface(sample: Sequence[Record]) -> list[Record]:
    """Return the records that stand above a table: a single cell each, where rows are wider.

    Of a table of two columns the header may be short of one; a phrase in its place is no name.
    """
    widths = [len(trimmed(record.cells)) for record in sample]
    count = next((i for i, width in enumerate(widths) if width > 1), 0)
    below = [width for width in widths[count:] if width]
    if not 0 < count <= _MAX_PREFACE or len(below) <= _MIN_ROWS_BELOW:
        return []
    common, alike = Counter(below).most_common(1)[0]
    is_phrase = any(
        len(" ".join(record.cells).split()) > 1 or ":" in "".join(record.cells)
        for record in sample[:count]
    )
    if common < 2 or 2 * alike <= len(below) or not (is_phrase or common > 2):
        return []
    return list(sample[:count])


def _told_of(preface: Sequence[Record], before: int) -> tuple[str, ...]:
    told = [record for record in preface if has_text("".join(record.cells))]
    if not told:
        return ()
    lines = ", ".join(str(record.line + before) for record in told)
    words = one_line("; ".join(" ".join(record.cells) for record in told))
    quoted = words if len(words) <= _MAX_QUOTED else f"{words[:_MAX_QUOTED]}…"
    return (f"above the table and left out: line{'s' * (len(told) > 1)} {lines} ({quoted})",)


def _named(names: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    known = len(names)
    return {
        names[column] if column < known else f"column {column + 1}": cell
        for column, cell in enumerate(cells)
    }
