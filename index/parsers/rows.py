"""Files of rows, each a document: .csv, .tsv, .jsonl and .ndjson."""

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from index.parsers.decoding import is_json, text_of_file
from index.parsers.delimited import read_table
from index.parsers.files import Reader, UnreadableFileError
from index.parsers.metadata import metadata_of, with_own, without_surrogates
from index.parsers.row_text import folded, key_of, says_something, text_of
from index.records import Document, Layout, MetadataValue
from index.sources.listing import SourceFile

MAX_ROWS = 200_000
MAX_DEPTH = 100
_LISTED = 5
_OWN_NAMES = frozenset(("row", "encoding"))
_LEFT_OUT = (
    "{} {} is not a JSON object and was left out",
    "{}s {} are not JSON objects and were left out",
)
_UNCLOSED = (
    "a quotation mark in {} {} is never closed",
    "quotation marks in {}s {} are never closed",
)
_MAX_NUMBER_CHARS = 40
# Without leading zeros: 00501 is a code, and so is 1e5 more often than not.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_HALF_OF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


class _Row(NamedTuple):
    """A row and its number, from 1. `fields` is None if it could not be read.

    `unclosed` is the line of a quotation mark that is never closed, 0 without one.
    """

    number: int
    fields: dict[str, Any] | None
    unclosed: int = 0


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows that can be read more than once, and remarks on them. `unit` is what numbers count."""

    iterate: Callable[[], Iterator[_Row]]
    remarks: tuple[str, ...] = ()
    unit: str = "line"


@dataclass(frozen=True, slots=True)
class _Survey:
    """What has to be known of all rows before the first document.

    `names` are the names of the reader's own metadata that some row has, too.
    """

    has_own_keys: bool
    names: frozenset[str]
    remarks: tuple[str, ...]


def _read_json_lines(file: SourceFile) -> Iterable[Document]:
    return _documents(file, _json_rows, "application/jsonl")


ROW_READERS: dict[str, Reader] = {
    ".csv": lambda file: _documents(file, _csv_rows, "text/csv"),
    ".tsv": lambda file: _documents(file, lambda text: _csv_rows(text, "\t"), "text/csv"),
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
}


def _documents(
    file: SourceFile, rows_of: Callable[[str], _Rows], media_type: str
) -> Iterator[Document]:
    """Yield a document for each row with text in it."""
    content, decoded = text_of_file(file.path)
    rows = rows_of(decoded.text)
    survey = _survey(rows)
    remarks = decoded.remarks + rows.remarks + survey.remarks
    digest = hashlib.sha256(content).hexdigest()
    for number, fields, _ in rows.iterate():
        if not fields or not says_something(fields):
            continue
        row = text_of(fields)
        key = (survey.has_own_keys and key_of(fields)) or f"row {number}"
        others = (
            (name, _typed(value) if media_type == "text/csv" else value)
            for name, value in fields.items()
            if name not in row.used
        )
        own: dict[str, MetadataValue] = {**decoded.metadata, "row": number}
        yield Document(
            id=file.record_id(key),
            source=file.source,
            title=row.title,
            text=row.text,
            media_type=media_type,
            reader="rows/2",
            document_sha256=digest,
            text_sha256=hashlib.sha256(row.text.encode()).hexdigest(),
            metadata=with_own(metadata_of(others), own, survey.names),
            layout=Layout(row.headings),
            remarks=remarks,
        )
        remarks = ()


def _survey(rows: _Rows) -> _Survey:
    keys: set[str] = set()
    names: set[str] = set()
    count = 0
    unreadable: list[int] = []
    unclosed: list[int] = []
    for number, fields, open_line in rows.iterate():
        if open_line:
            unclosed.append(open_line)
        if fields is None:
            unreadable.append(number)
        elif says_something(fields):
            count += 1
            keys.add(key_of(fields) or f"row {number}")
            names.update(_OWN_NAMES.intersection(map(folded, fields)))
        if count > MAX_ROWS:
            raise UnreadableFileError(f"more than {MAX_ROWS:,} rows; split it")
    if not count:
        raise UnreadableFileError(
            f"no {rows.unit} of it is a JSON object" if unreadable else "no row of it has text"
        )
    remarks = (*_remarks(unclosed, _UNCLOSED, "line"), *_remarks(unreadable, _LEFT_OUT, rows.unit))
    return _Survey(len(keys) == count, frozenset(names), remarks)


def _remarks(numbers: list[int], remarks: tuple[str, str], unit: str) -> tuple[str, ...]:
    if not numbers:
        return ()
    listed = ", ".join(map(str, numbers[:_LISTED]))
    more = f" and {len(numbers) - _LISTED} more" if len(numbers) > _LISTED else ""
    one, many = remarks
    return ((one if len(numbers) == 1 else many).format(unit, f"{listed}{more}"),)


def _csv_rows(text: str, delimiter: str = "") -> _Rows:
    if is_json(text):
        raise UnreadableFileError("JSON; name it .jsonl")
    table = read_table(text, delimiter)

    def iterate() -> Iterator[_Row]:
        for number, record in enumerate(table.records(), 1):
            yield _Row(number, table.named(record), record.line if record.is_unclosed else 0)

    return _Rows(iterate, table.remarks)


def _typed(value: Any) -> Any:
    """Return the number that a cell holds, else `value` itself."""
    if not isinstance(value, str) or len(value) > _MAX_NUMBER_CHARS:
        return value
    written = value.strip()
    if _INTEGER.fullmatch(written):
        return int(written)
    return float(written) if _DECIMAL.fullmatch(written) else value


def _json_rows(text: str) -> _Rows:
    items = _load(text) if text.lstrip().startswith("[") else None
    if isinstance(items, list) and any(isinstance(item, dict) for item in items):
        numbered = [_json_row(number, item) for number, item in enumerate(items, 1)]
        return _Rows(lambda: iter(numbered), unit="item")

    def iterate() -> Iterator[_Row]:
        for number, line in enumerate(io.StringIO(text, newline="\n"), 1):
            if line.strip():
                yield _json_row(number, _load(line))

    return _Rows(iterate)


def _json_row(number: int, value: Any) -> _Row:
    return _Row(number, value if isinstance(value, dict) and not _is_too_deep(value) else None)


def _load(text: str) -> Any:
    """Return the value of JSON, None for what is invalid and for NaN and Infinity.

    Lone surrogates become U+FFFD.
    """
    try:
        value = json.loads(text, parse_constant=lambda _: None)
        if _HALF_OF_A_PAIR.search(text):
            value = json.loads(without_surrogates(json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None
    return value


def _is_too_deep(value: Any) -> bool:
    """Tell whether a value is nested deeper than is safe to walk."""
    level = [value]
    for _ in range(MAX_DEPTH):
        items = (inner.values() if isinstance(inner, dict) else inner for inner in level)
        level = [item for item in chain.from_iterable(items) if isinstance(item, dict | list)]
        if not level:
            return False
    return True
