"""Files of rows, each a document: .csv, .tsv, .jsonl and .ndjson."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from index.parsers.blocks import has_text
from index.parsers.csv_source import csv_source
from index.parsers.decoding import decode
from index.parsers.disguise import is_json, name_of
from index.parsers.files import Reader, UnreadableFileError, bytes_of
from index.parsers.metadata import metadata_of, with_own
from index.parsers.row_sources import RowSource, json_source, typed
from index.parsers.row_text import folded, key_of, says_something, text_of
from index.records import Document, Layout, MetadataValue
from index.sources import SourceFile

MAX_ROWS = 200_000
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

Sourced = Callable[[str], RowSource]


def read_csv(file: SourceFile) -> Iterable[Document]:
    """Yield a document for each row with text in it."""
    return _read(file, _csv, "text/csv")


def read_tsv(file: SourceFile) -> Iterable[Document]:
    """Yield a document for each row with text in it."""
    return _read(file, lambda text: _csv(text, "\t"), "text/csv")


def read_json_lines(file: SourceFile) -> Iterable[Document]:
    """Yield a document for each line, or item of an array, that is an object with text in it."""
    return _read(file, json_source, "application/jsonl")


ROW_READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
}


def _csv(text: str, delimiter: str = "") -> RowSource:
    if is_json(text):
        raise UnreadableFileError("JSON; name it .jsonl")
    return csv_source(text, delimiter)


def _read(file: SourceFile, sourced: Sourced, media_type: str) -> Iterator[Document]:
    content = bytes_of(file.path)
    if other := name_of(content):
        raise UnreadableFileError(other)
    decoded = decode(content)
    if not has_text(decoded.text):
        raise UnreadableFileError("empty")
    source = sourced(decoded.text)
    survey = _survey(source)
    remarks = decoded.remarks + source.remarks + survey.remarks
    digest = hashlib.sha256(content).hexdigest()
    for number, fields, _ in source.rows():
        if not fields or not says_something(fields):
            continue
        row = text_of(fields)
        key = (survey.has_own_keys and key_of(fields)) or _row_name(number)
        others = (
            (name, typed(value) if media_type == "text/csv" else value)
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


@dataclass(frozen=True, slots=True)
class _Survey:
    """What has to be known of all rows before the first can be told.

    `names` are those that the reader would give, taken by a field of some row.
    """

    has_own_keys: bool
    names: frozenset[str]
    remarks: tuple[str, ...]


def _survey(source: RowSource) -> _Survey:
    """Raises UnreadableFileError if no row says anything, or there are too many."""
    keys: set[str] = set()
    names: set[str] = set()
    told = 0
    unreadable: list[int] = []
    unclosed: list[int] = []
    for number, fields, open_line in source.rows():
        if open_line:
            unclosed.append(open_line)
        if fields is None:
            unreadable.append(number)
        elif says_something(fields):
            told += 1
            keys.add(key_of(fields) or _row_name(number))
            names.update(_OWN_NAMES.intersection(map(folded, fields)))
        if told > MAX_ROWS:
            raise UnreadableFileError(f"more than {MAX_ROWS:,} rows; split it")
    if not told:
        raise UnreadableFileError(
            f"no {source.unit} of it is a JSON object" if unreadable else "no row of it has text"
        )
    return _Survey(
        len(keys) == told,
        frozenset(names),
        (*_told_of(unclosed, _UNCLOSED, "line"), *_told_of(unreadable, _LEFT_OUT, source.unit)),
    )


def _told_of(numbers: list[int], remarks: tuple[str, str], unit: str) -> tuple[str, ...]:
    if not numbers:
        return ()
    listed = ", ".join(map(str, numbers[:_LISTED]))
    more = f" and {len(numbers) - _LISTED} more" if len(numbers) > _LISTED else ""
    one, many = remarks
    return ((one if len(numbers) == 1 else many).format(unit, f"{listed}{more}"),)


def _row_name(number: int) -> str:
    return f"row {number}"
