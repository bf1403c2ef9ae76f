"""Files of rows, each a document: .csv, .tsv, .jsonl and .ndjson."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from index.reading.decoding import decode
from index.reading.errors import UnreadableFileError
from index.reading.files import bytes_of
from index.reading.metadata import metadata_of
from index.reading.reader import Reader
from index.reading.row_sources import Row, csv_rows, json_rows, typed
from index.reading.row_text import folded, key_of, says_something, text_of
from index.records import Document, Layout
from index.sources import SourceFile

MAX_ROWS = 200_000
_LISTED = 5

RowsOf = Callable[[str], Iterator[Row]]


def read_csv(file: SourceFile) -> Iterable[Document]:
    """Yield a document for each row with text in it."""
    return _read(file, csv_rows, "text/csv")


def read_tsv(file: SourceFile) -> Iterable[Document]:
    """Yield a document for each row with text in it."""
    return _read(file, lambda text: csv_rows(text, "\t"), "text/csv")


def read_json_lines(file: SourceFile) -> Iterable[Document]:
    """Yield a document for each line that is an object with text in it; tell of the others."""
    return _read(file, json_rows, "application/jsonl")


ROW_READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
}


def _read(file: SourceFile, rows_of: RowsOf, media_type: str) -> Iterator[Document]:
    content = bytes_of(file.path)
    decoded = decode(content)
    if not decoded.text.strip():
        raise UnreadableFileError("empty")
    survey = _survey(rows_of(decoded.text))
    remarks = decoded.remarks + survey.remarks
    digest = hashlib.sha256(content).hexdigest()
    for number, fields in rows_of(decoded.text):
        if not fields or not says_something(fields):
            continue
        row = text_of(fields)
        key = (survey.has_own_keys and key_of(fields)) or _row_name(number)
        others = (
            (name, typed(value) if media_type == "text/csv" else value)
            for name, value in fields.items()
            if folded(name) not in row.used
        )
        yield Document(
            id=file.record_id(key),
            source=file.source,
            title=row.title,
            text=row.text,
            media_type=media_type,
            reader="rows/1",
            document_sha256=digest,
            text_sha256=hashlib.sha256(row.text.encode()).hexdigest(),
            metadata=metadata_of(others) | decoded.metadata | {"row": number},
            layout=Layout(row.headings),
            remarks=remarks,
        )
        remarks = ()


@dataclass(frozen=True, slots=True)
class _Survey:
    """What has to be known of all rows before the first can be told."""

    has_own_keys: bool
    remarks: tuple[str, ...]


def _survey(rows: Iterable[Row]) -> _Survey:
    """Raises UnreadableFileError if no row says anything, or there are too many."""
    keys: set[str] = set()
    told = 0
    unreadable: list[int] = []
    for number, fields in rows:
        if fields is None:
            unreadable.append(number)
        elif says_something(fields):
            told += 1
            keys.add(key_of(fields) or _row_name(number))
        if told > MAX_ROWS:
            raise UnreadableFileError(f"more than {MAX_ROWS:,} rows; split it")
    if not told:
        raise UnreadableFileError(
            "no line of it is a JSON object" if unreadable else "no row of it has text"
        )
    return _Survey(len(keys) == told, (_left_out(unreadable),) if unreadable else ())


def _left_out(lines: list[int]) -> str:
    if len(lines) == 1:
        return f"line {lines[0]} is not a JSON object and was left out"
    listed = ", ".join(map(str, lines[:_LISTED]))
    more = f" and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
    return f"lines {listed}{more} are not JSON objects and were left out"


def _row_name(number: int) -> str:
    return f"row {number}"
