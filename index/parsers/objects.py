"""JSON: objects as rows (.jsonl, .ndjson, .json), and all else in a .json file as one document.

The text of that one has a line for each value, with the path to it: each line can be read and cited
by itself, however the file is laid out.
"""

import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from index.parsers.blocks import document_of, has_text
from index.parsers.decoding import Decoded, text_of_file
from index.parsers.files import Reader, UnreadableFileError
from index.parsers.metadata import metadata_of, with_own, without_surrogates
from index.parsers.row_documents import Row, Rows, documents_of
from index.parsers.row_text import RowText, text_of
from index.parsers.text import read_text
from index.records import Document, Layout
from index.sources.listing import SourceFile

MAX_DEPTH = 100
_TOO_DEEP = f"nested more than {MAX_DEPTH} deep"
_HALF_OF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_read_as_it_is = read_text("text/x-source")


def _read_lines(file: SourceFile) -> Iterable[Document]:
    """Yield a document for each object of a file with one on each line, or one array of them."""
    content, decoded = text_of_file(file.path)
    items: Any = _load(decoded.text) if decoded.text.lstrip().startswith("[") else None
    rows = _items(items) if _has_objects(items) else _lines(decoded.text)
    return documents_of(file, content, rows, "application/jsonl", decoded.metadata, decoded.remarks)


def _read_json(file: SourceFile) -> Iterable[Document]:
    """Yield a document for each object of an array, else one for the whole file."""
    content, decoded = text_of_file(file.path)
    try:
        value = _value(decoded.text)
    except RecursionError as error:
        raise UnreadableFileError(_TOO_DEEP) from error
    except ValueError as error:
        yield from _read_invalid(file, content, decoded, str(error))
        return
    if _is_too_deep(value):
        raise UnreadableFileError(_TOO_DEEP)
    items, others = _divided(value)
    if items:
        rows = _items(items)
        yield from documents_of(
            file, content, rows, "application/json", decoded.metadata, decoded.remarks
        )
        if isinstance(others, dict) and (row := _text_of(others)):
            rest = Decoded(decoded.text, decoded.encoding)
            yield _document(file, content, rest, file.record_id("other fields"), others, row)
    elif row := _text_of(others):
        yield _document(file, content, decoded, file.document_id, others, row)
    else:
        raise UnreadableFileError("no text in it")


OBJECT_READERS: dict[str, Reader] = {
    ".jsonl": _read_lines,
    ".ndjson": _read_lines,
    ".json": _read_json,
}


def _read_invalid(
    file: SourceFile, content: bytes, decoded: Decoded, why: str
) -> Iterator[Document]:
    """Yield what is in a .json file that is none: an object on each line, or the file as it is."""
    first_line = decoded.text.lstrip().partition("\n")[0]
    if isinstance(_load(first_line), dict):
        rows = _lines(decoded.text)
        yield from documents_of(
            file, content, rows, "application/jsonl", decoded.metadata, decoded.remarks
        )
        return
    for document in _read_as_it_is(file):
        remark = f"no valid JSON ({why}); read as text"
        yield replace(document, remarks=(*document.remarks, remark))


def _divided(value: Any) -> tuple[list[Any], Any]:
    """Return the objects that are rows, and the rest of the value.

    They are an array's, or those of an object's only array of objects, if that holds most of it: a
    list of authors in a description of a package is no table.
    """
    if _has_objects(value):
        return value, None
    if not isinstance(value, dict):
        return [], value
    tables = [name for name, inner in value.items() if _has_objects(inner)]
    others = {name: inner for name, inner in value.items() if name not in tables}
    if len(tables) == 1 and _size(value[tables[0]]) > _size(others):
        return value[tables[0]], others
    return [], value


def _text_of(value: Any) -> RowText | None:
    """Return the text of a value as if it were a row, an array's a line an item; None without."""
    if isinstance(value, dict):
        row = text_of(value) if value else RowText("", "")
    else:
        items = value if isinstance(value, list) else [value]
        row = RowText("", "\n".join(filter(None, (text_of({"": item}).text for item in items))))
    return row if has_text(row.text) else None


def _document(
    file: SourceFile,
    content: bytes,
    decoded: Decoded,
    document_id: str,
    value: Any,
    row: RowText,
) -> Document:
    """Return a document of all that a value says."""
    fields = value.items() if isinstance(value, dict) else ()
    return document_of(
        file,
        content,
        row.text,
        Layout(row.headings),
        title=row.title,
        media_type="application/json",
        reader="json/1",
        metadata=with_own(
            metadata_of((name, inner) for name, inner in fields if name not in row.used),
            decoded.metadata,
        ),
        document_id=document_id,
        remarks=decoded.remarks,
    )


def _items(items: Sequence[Any]) -> Rows:
    numbered = [_row(number, item) for number, item in enumerate(items, 1)]
    return Rows(lambda: iter(numbered), unit="item")


def _lines(text: str) -> Rows:
    def iterate() -> Iterator[Row]:
        for number, line in enumerate(io.StringIO(text, newline="\n"), 1):
            if line.strip():
                yield _row(number, _load(line))

    return Rows(iterate)


def _row(number: int, value: Any) -> Row:
    return Row(number, value if isinstance(value, dict) and not _is_too_deep(value) else None)


def _has_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _load(text: str) -> Any:
    """Return the value of JSON, None for what is invalid."""
    try:
        return _value(text)
    except (ValueError, RecursionError):
        return None


def _value(text: str) -> Any:
    """Return the value of JSON, with U+FFFD for lone surrogates, and None for NaN and Infinity.

    Raises ValueError, RecursionError.
    """
    value = json.loads(text, parse_constant=lambda _: None)
    if _HALF_OF_A_PAIR.search(text):
        value = json.loads(without_surrogates(json.dumps(value, ensure_ascii=False)))
    return value


def _is_too_deep(value: Any) -> bool:
    """Tell whether a value is nested deeper than is safe to walk."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        items = (inner.values() if isinstance(inner, dict) else inner for inner in level)
        level = [item for item in chain.from_iterable(items) if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _size(value: Any) -> int:
    """Return how many values there are in one that is not nested too deeply."""
    match value:
        case dict():
            return sum(map(_size, value.values()))
        case list():
            return sum(map(_size, value))
    return 1
