"""Delimited text (CSV): its records, even with unclosed quotation marks, and its table."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from index.parsers.blocks import has_text, one_line
from index.parsers.files import MAX_FILE_BYTES, UnreadableFileError
from index.parsers.header import HEADER_ROWS, column_names, is_header, trimmed

DELIMITERS = ",;\t|"
MAX_UNCLOSED = 100
"""After more of them, quotation marks in the rest of the file are read as inches."""
_MOST = 0.8
_DELIMITER_ROWS = 50
_DELIMITER_CHARS = 2**16

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n)', re.IGNORECASE)
_MAX_PREFACE = 20
_MAX_QUOTED = 100
_MIN_ROWS_BELOW = 2


class Record(NamedTuple):
    """The cells of a record and the line, from 1, on which it begins."""

    line: int
    cells: list[str]
    is_unclosed: bool = False


class Table(NamedTuple):
    """The records below the header, the names of the columns, and remarks.

    Records can be read more than once.
    """

    text: str
    delimiter: str
    skipped: int
    names: tuple[str, ...]
    first_line: int
    remarks: tuple[str, ...]

    def records(self) -> Iterator[Record]:
        """Yield the records below the header. Raises UnreadableFileError."""
        for record in islice(records_of(self.text, self.delimiter), self.skipped, None):
            yield record._replace(line=record.line + self.first_line - 1)


def read_table(text: str, delimiter: str = "") -> Table:
    """Return the table in a text. Raises UnreadableFileError if it is nothing but a header."""
    first_line = 1
    if separator := _SEPARATOR_LINE.match(text):
        text, delimiter, first_line = text[separator.end() :], separator[1], 2
    delimiter = delimiter or delimiter_of(text)
    sample = list(islice(records_of(text, delimiter), _MAX_PREFACE + HEADER_ROWS))
    blank = next((i for i, record in enumerate(sample) if has_text("".join(record.cells))), 0)
    preface = _preface(sample[blank:])
    first = blank + len(preface)
    below = [record.cells for record in sample[first + 1 :]]
    has_header = bool(sample) and is_header(sample[first].cells, below)
    if has_header and not below:
        raise UnreadableFileError("nothing but a header")
    names = tuple(column_names(sample[first].cells)) if has_header else ()
    remarks = _preface_remarks(preface, first_line)
    return Table(text, delimiter, first + has_header, names, first_line, remarks)


def records_of(text: str, delimiter: str) -> Iterator[Record]:
    """Yield all records, even empty ones. Raises UnreadableFileError.

    One whose quotation mark is never closed ends with its first line: the mark would swallow the
    rows below.
    """
    csv.field_size_limit(MAX_FILE_BYTES)
    lines = list(io.StringIO(text, newline=""))
    start = unclosed = 0
    while start < len(lines):
        below = map(lines.__getitem__, range(start, len(lines)))
        reader = csv.reader(
            below,
            delimiter=delimiter,
            quoting=csv.QUOTE_NONE if unclosed > MAX_UNCLOSED else csv.QUOTE_MINIMAL,
        )
        end = start
        try:
            for cells in reader:
                first, end = end, start + reader.line_num
                if end - first > 1 and _has_swallowed(lines[first:end], delimiter):
                    cells = _cells_of_first(lines[first:end], delimiter)  # noqa: PLW2901
                    yield Record(first + 1, cells, is_unclosed=True)
                    unclosed += 1
                    end = first + 1
                    break
                yield Record(first + 1, cells)
        except csv.Error as error:
            raise UnreadableFileError(f"not readable as CSV ({error})") from error
        start = end


def delimiter_of(text: str) -> str:
    """Return what divides most lines of the text into the same number of cells, "," in doubt.

    csv.Sniffer mistakes apostrophes for quotation marks, and blanks after them for delimiters.
    """
    sample = text[:_DELIMITER_CHARS]
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            records = islice(records_of(sample, delimiter), _DELIMITER_ROWS)
            widths = Counter(len(record.cells) for record in records if record.cells)
        except UnreadableFileError:
            continue
        wide = [(count / widths.total(), width) for width, count in widths.items() if width > 1]
        score = max(wide, default=(0.0, 0))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _has_swallowed(lines: list[str], delimiter: str) -> bool:
    """Tell whether a record of several lines is rows after a quotation mark that stays open.

    It is malformed at its end, and most of its lines have as many delimiters as the first, or more
    if the file ends before the cell does.
    """
    wanted = _delimiters_in_row(lines, delimiter)
    counts = [line.count(delimiter) for line in lines]
    if sum(count >= wanted for count in counts) < _MOST * len(lines):
        return False
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        at_end = wanted > 0 and "end of data" in str(error)
        return at_end or 2 * counts.count(wanted) > len(lines)
    return False


def _delimiters_in_row(lines: list[str], delimiter: str) -> int:
    """Return how many delimiters the first line has, or most others if it has none."""
    others = Counter(line.count(delimiter) for line in lines[1:])
    return len(_cells_of(lines[0], delimiter)) - 1 or others.most_common(1)[0][0]


def _cells_of_first(lines: list[str], delimiter: str) -> list[str]:
    """Return the cells of the first line, the last of which has the quotation mark."""
    *closed, last = _cells_of(lines[0], delimiter)
    return [*closed, *last.split(delimiter, _delimiters_in_row(lines, delimiter) - len(closed))]


def _cells_of(line: str, delimiter: str) -> list[str]:
    cells = next(csv.reader([line], delimiter=delimiter), [])
    return [cell.rstrip("\r\n") for cell in cells] or [""]


def _preface(sample: Sequence[Record]) -> list[Record]:
    """Return the records above a table: they have a single cell each, and its rows have more.

    Above a table of two columns one of them must be a phrase, for a header may lack a name.
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


def _preface_remarks(preface: Sequence[Record], first_line: int) -> tuple[str, ...]:
    records = [record for record in preface if has_text("".join(record.cells))]
    if not records:
        return ()
    lines = ", ".join(str(record.line + first_line - 1) for record in records)
    words = one_line("; ".join(" ".join(record.cells) for record in records))
    quoted = words if len(words) <= _MAX_QUOTED else f"{words[:_MAX_QUOTED]}…"
    return (f"above the table and left out: line{'s' * (len(records) > 1)} {lines} ({quoted})",)
