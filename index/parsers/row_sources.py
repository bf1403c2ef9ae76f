"""The rows of a file: each its number and its fields, names as they are written."""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from index.parsers.metadata import without_surrogates

MAX_DEPTH = 100
_MAX_NUMBER_CHARS = 40
# Without leading zeros: 00501 is a code, and so is 1e5 more often than not.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_HALF_OF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


class Row(NamedTuple):
    """A row, its number counted from 1; `fields` is None where it could not be read.

    `unclosed` is the line of a quotation mark that was never closed, 0 without.
    """

    number: int
    fields: dict[str, Any] | None
    unclosed: int = 0


@dataclass(frozen=True, slots=True)
class RowSource:
    """Rows that can be gone through more than once, and what a person should know of them.

    `unit` is what their numbers count.
    """

    rows: Callable[[], Iterator[Row]]
    remarks: tuple[str, ...] = ()
    unit: str = "line"


def json_source(text: str) -> RowSource:
    """Return a row for each line that is not blank, or for each item if all is one array."""
    items = _load(text) if text.lstrip().startswith("[") else None
    if isinstance(items, list) and any(isinstance(item, dict) for item in items):
        numbered = [_row(number, item) for number, item in enumerate(items, 1)]
        return RowSource(lambda: iter(numbered), unit="item")
    return RowSource(lambda: _json_lines(text))


def typed(value: Any) -> Any:
    """Return the number that a cell is written as, else `value` itself."""
    if not isinstance(value, str) or len(value) > _MAX_NUMBER_CHARS:
        return value
    written = value.strip()
    if _INTEGER.fullmatch(written):
        return int(written)
    return float(written) if _DECIMAL.fullmatch(written) else value


def _json_lines(text: str) -> Iterator[Row]:
    for number, line in enumerate(io.StringIO(text, newline="\n"), 1):
        if line.strip():
            yield _row(number, _load(line))


def _row(number: int, value: Any) -> Row:
    return Row(number, value if isinstance(value, dict) and not _is_too_deep(value) else None)


def _load(text: str) -> Any:
    """Return what JSON says; None where it is none. Halves of surrogate pairs become U+FFFD."""
    try:
        value = json.loads(text, parse_constant=_nothing)
        if _HALF_OF_A_PAIR.search(text):
            value = json.loads(without_surrogates(json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None
    return value


def _is_too_deep(value: Any) -> bool:
    """Tell whether a value is nested deeper than anybody reads, or than is safe to walk."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = list(chain.from_iterable(map(_nested, level)))
        if not level:
            return False
    return True


def _nested(value: Any) -> Iterable[Any]:
    inside = value.values() if isinstance(value, dict) else value
    return [each for each in inside if isinstance(each, dict | list)]


def _nothing(_: str) -> None:
    """NaN and Infinity are no JSON, and mean that there is no value."""
