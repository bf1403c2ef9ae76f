"""The rows of a file: each its number and its fields, names as they are written."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from index.reading.errors import UnreadableFileError
from index.reading.files import MAX_FILE_BYTES

DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 50
_SAMPLE_CHARS = 2**16
_MAX_NUMBER_CHARS = 40
# Without leading zeros: 00501 is a code, and so is 1e5 more often than not.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")


class Row(NamedTuple):
    """A row, its number counted from 1; `fields` is None where it could not be read."""

    number: int
    fields: dict[str, Any] | None


def csv_rows(text: str, delimiter: str = "") -> Iterator[Row]:
    """Yield the rows below the header; columns without one are called "column 1" and so on.

    Raises UnreadableFileError if there is a header and nothing else.
    """
    csv.field_size_limit(MAX_FILE_BYTES)
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter or delimiter_of(text[:_SAMPLE_CHARS])
    )
    try:
        first = next((cells for cells in lines if any(map(str.strip, cells))), [])
        has_header = _is_header(first)
        names = [name.strip() for name in first] if has_header else []
        below = lines if has_header else chain([first], lines)
        number = 0
        for number, cells in enumerate(below, 1):
            yield Row(number, _named(names, cells))
    except csv.Error as error:
        raise UnreadableFileError(f"not readable as CSV ({error})") from error
    if not number:
        raise UnreadableFileError("nothing but a header")


def json_rows(text: str) -> Iterator[Row]:
    """Yield a row for each line that is not blank."""
    for number, line in enumerate(io.StringIO(text, newline="\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_constant=_nothing)
        except (ValueError, RecursionError):
            value = None
        yield Row(number, value if isinstance(value, dict) else None)


def typed(value: Any) -> Any:
    """Return the number that a cell is written as, else `value` itself."""
    if not isinstance(value, str) or len(value) > _MAX_NUMBER_CHARS:
        return value
    written = value.strip()
    if _INTEGER.fullmatch(written):
        return int(written)
    return float(written) if _DECIMAL.fullmatch(written) else value


def delimiter_of(sample: str) -> str:
    """Return what divides most lines of `sample` into the same number of cells, "," in doubt.

    csv.Sniffer takes apostrophes for quotation marks, and blanks after them for delimiters.
    """
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            lines = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            widths = Counter(len(cells) for cells in islice(lines, _SAMPLE_ROWS) if cells)
        except csv.Error:
            continue
        wide = [(count / widths.total(), width) for width, count in widths.items() if width > 1]
        score = max(wide, default=(0.0, 0))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _is_header(cells: Sequence[str]) -> bool:
    """Tell whether `cells` are names: distinct and no numbers. A table's index may have none."""
    names = [cell.strip().lower() for cell in cells]
    named = names if all(names) else names[1:]
    are_names = all(name and isinstance(typed(name), str) for name in named)
    return bool(named) and are_names and len(set(named)) == len(named)


def _named(names: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    known = len(names)
    return {
        (column < known and names[column]) or f"column {column + 1}": cell
        for column, cell in enumerate(cells)
    }


def _nothing(_: str) -> None:
    """NaN and Infinity are no JSON, and mean that there is no value."""
