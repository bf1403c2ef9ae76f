"""Files of rows, each a document: .csv, .tsv, .jsonl and .ndjson."""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from index.parsers.decoding import is_json, text_of_file
from index.parsers.delimited import read_table
from index.parsers.files import Reader, UnreadableFileError
from index.parsers.header import named
from index.parsers.metadata import without_surrogates
from index.parsers.row_documents import Row, Rows, documents_of
from index.records import Document
from index.sources.listing import SourceFile

MAX_DEPTH = 100
_HALF_OF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


def _read_json_lines(file: SourceFile) -> Iterable[Document]:
    return _documents(file, _json_rows, "application/jsonl")


ROW_READERS: dict[str, Reader] = {
    ".csv": lambda file: _documents(file, _csv_rows, "text/csv"),
    ".tsv": lambda file: _documents(file, lambda text: _csv_rows(text, "\t"), "text/csv"),
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
}


def _documents(
    file: SourceFile, rows_of: Callable[[str], Rows], media_type: str
) -> Iterator[Document]:
    """Yield a document for each row with text in it."""
    content, decoded = text_of_file(file.path)
    rows = rows_of(decoded.text)
    return documents_of(file, content, rows, media_type, decoded.metadata, decoded.remarks)


def _csv_rows(text: str, delimiter: str = "") -> Rows:
    if is_json(text):
        raise UnreadableFileError("JSON; name it .jsonl")
    table = read_table(text, delimiter)

    def iterate() -> Iterator[Row]:
        for number, record in enumerate(table.records(), 1):
            fields = named(table.names, record.cells)
            yield Row(number, fields, record.line if record.is_unclosed else 0)

    return Rows(iterate, table.remarks, has_cells=True)


def _json_rows(text: str) -> Rows:
    items = _load(text) if text.lstrip().startswith("[") else None
    if isinstance(items, list) and any(isinstance(item, dict) for item in items):
        numbered = [_json_row(number, item) for number, item in enumerate(items, 1)]
        return Rows(lambda: iter(numbered), unit="item")

    def iterate() -> Iterator[Row]:
        for number, line in enumerate(io.StringIO(text, newline="\n"), 1):
            if line.strip():
                yield _json_row(number, _load(line))

    return Rows(iterate)


def _json_row(number: int, value: Any) -> Row:
    return Row(number, value if isinstance(value, dict) and not _is_too_deep(value) else None)


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
