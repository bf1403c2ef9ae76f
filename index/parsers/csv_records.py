"""The records of a CSV, however its quotation marks stand."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from index.parsers.files import MAX_FILE_BYTES

DELIMITERS = ",;\t|"
MAX_UNCLOSED = 100
"""More of them, and quotation marks in the rest of the file are taken for inches."""
_MOST = 0.8
_SAMPLE_ROWS = 50
_SAMPLE_CHARS = 2**16


class Record(NamedTuple):
    """The cells of a record and the line, from 1, where it begins."""

    line: int
    cells: list[str]
    is_unclosed: bool = False


def records_of(text: str, delimiter: str) -> Iterator[Record]:
    """Yield all records, empty ones as well; one with a quotation mark left open is its first line.

    Such a mark would swallow the rows below. Raises csv.Error.
    """
    csv.field_size_limit(MAX_FILE_BYTES)
    lines = list(io.StringIO(text, newline=""))
    start = unclosed = 0
    while start < len(lines):
        below = map(lines.__getitem__, range(start, len(lines)))
        reader = (
            csv.reader(below, delimiter=delimiter, quoting=csv.QUOTE_NONE)
            if unclosed > MAX_UNCLOSED
            else csv.reader(below, delimiter=delimiter)
        )
        first = end = start
        for cells in reader:
            first, end = end, start + reader.line_num
            if end - first > 1 and _has_swallowed(lines[first:end], delimiter):
                yield Record(first + 1, _first_of(lines[first:end], delimiter), is_unclosed=True)
                unclosed += 1
                end = first + 1
                break
            yield Record(first + 1, cells)
        start = end


def delimiter_of(text: str) -> str:
    """Return what divides most lines of the text into the same number of cells, "," in doubt.

    csv.Sniffer takes apostrophes for quotation marks, and blanks after them for delimiters.
    """
    sample = text[:_SAMPLE_CHARS]
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            records = islice(records_of(sample, delimiter), _SAMPLE_ROWS)
            widths = Counter(len(record.cells) for record in records if record.cells)
        except csv.Error:
            continue
        wide = [(count / widths.total(), width) for width, count in widths.items() if width > 1]
        score = max(wide, default=(0.0, 0))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _has_swallowed(lines: list[str], delimiter: str) -> bool:
    """Tell whether a record of several lines is rows after a quotation mark that stays open.

    It ends amiss, and most of its lines look like rows: they have as many delimiters as the first,
    or more where the file ends before the cell does.
    """
    wanted = _wanted(lines, delimiter)
    counts = [line.count(delimiter) for line in lines]
    if sum(count >= wanted for count in counts) < _MOST * len(lines):
        return False
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        at_end = wanted > 0 and "end of data" in str(error)
        return at_end or 2 * counts.count(wanted) > len(lines)
    return False


def _wanted(lines: list[str], delimiter: str) -> int:
    """Return how many delimiters a row has: as the first line, or most others if it has none."""
    others = Counter(line.count(delimiter) for line in lines[1:])
    return len(_of_line(lines[0], delimiter)) - 1 or others.most_common(1)[0][0]


def _first_of(lines: list[str], delimiter: str) -> list[str]:
    """Return the cells of the first line, whose last one has the quotation mark."""
    *closed, last = _of_line(lines[0], delimiter)
    return [*closed, *last.split(delimiter, _wanted(lines, delimiter) - len(closed))]


def _of_line(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line by itself."""
    cells = next(csv.reader([line], delimiter=delimiter), [])
    return [cell.rstrip("\r\n") for cell in cells] or [""]
