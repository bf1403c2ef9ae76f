"""Rows to documents, whatever file they are in: ids, typed metadata, and remarks."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from index.parsers.files import UnreadableFileError, progressed
from index.parsers.metadata import metadata_of, with_own
from index.parsers.row_text import folded, key_of, says_something, text_of
from index.records import Document, Layout, MetadataValue
from index.remarks import remark_on
from index.sources.listing import SourceFile

MAX_ROWS = 200_000
READER = "rows/2"
_OWN_NAMES = frozenset(("row", "sheet", "encoding"))
_UNCLOSED = (
    "has a quotation mark that is never closed",
    "have quotation marks that are never closed",
)
_LEFT_OUT = "is not a JSON object and was left out", "are not JSON objects and were left out"
_MAX_NUMBER_CHARS = 40
# Without leading zeros: 00501 is a code, and so is 1e5 more often than not.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")


class Row(NamedTuple):
    """A row and its number, from 1. `fields` is None if it could not be read.

    `unclosed` is the line of a quotation mark that is never closed, 0 without one. `sheet` is the
    sheet that it is in, and `title` that of a row without one of its own.
    """

    number: int
    fields: dict[str, Any] | None
    unclosed: int = 0
    sheet: str = ""
    title: str = ""

    @property
    def key(self) -> str:
        """What tells the row from others of its file by where it stands."""
        return f"{self.sheet}: row {self.number}" if self.sheet else f"row {self.number}"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that can be read more than once, and remarks on them.

    `unit` is what numbers count. Rows that have cells may have numbers written as texts.
    """

    iterate: Callable[[], Iterator[Row]]
    remarks: tuple[str, ...] = ()
    unit: str = "line"
    has_cells: bool = False


@dataclass(frozen=True, slots=True)
class _Survey:
    """What has to be known of all rows before the first document.

    `names` are the names of the reader's own metadata that some row has, too.
    """

    has_own_keys: bool
    names: frozenset[str]
    remarks: tuple[str, ...]


def documents_of(
    file: SourceFile,
    content: bytes,
    rows: Rows,
    media_type: str,
    metadata: Mapping[str, MetadataValue],
    remarks: Sequence[str],
    reader: str = READER,
) -> Iterator[Document]:
    """Yield a document for each row with text in it. Raises UnreadableFileError if there is none.

    `metadata` and `remarks` are those of the file.
    """
    survey = _survey(rows)
    remarks = (*remarks, *rows.remarks, *survey.remarks)
    digest = hashlib.sha256(content).hexdigest()
    for each in rows.iterate():
        if not each.fields or not says_something(each.fields):
            continue
        row = text_of(each.fields)
        key = (survey.has_own_keys and key_of(each.fields)) or each.key
        others = (
            (name, _typed(value) if rows.has_cells else value)
            for name, value in each.fields.items()
            if name not in row.used
        )
        of_sheet: dict[str, MetadataValue] = {"sheet": each.sheet} if each.sheet else {}
        own = {**metadata, **of_sheet, "row": each.number}
        yield Document(
            id=file.record_id(key),
            source=file.source,
            title=row.title or each.title,
            text=row.text,
            media_type=media_type,
            reader=reader,
            document_sha256=digest,
            text_sha256=hashlib.sha256(row.text.encode()).hexdigest(),
            metadata=with_own(metadata_of(others), own, survey.names),
            layout=Layout(row.headings),
            remarks=remarks,
        )
        remarks = ()


def _survey(rows: Rows) -> _Survey:
    keys: set[str] = set()
    names: set[str] = set()
    count = 0
    unreadable: list[int] = []
    unclosed: list[int] = []
    for row in rows.iterate():
        progressed()
        if row.unclosed:
            unclosed.append(row.unclosed)
        if row.fields is None:
            unreadable.append(row.number)
        elif says_something(row.fields):
            count += 1
            keys.add(key_of(row.fields) or row.key)
            names.update(_OWN_NAMES.intersection(map(folded, row.fields)))
        if count > MAX_ROWS:
            raise UnreadableFileError(f"more than {MAX_ROWS:,} rows; split it")
    if not count:
        raise UnreadableFileError(
            f"no {rows.unit} of it is a JSON object" if unreadable else "no row of it has text"
        )
    remarks = (
        remark_on("line", unclosed, *_UNCLOSED),
        remark_on(rows.unit, unreadable, *_LEFT_OUT),
    )
    return _Survey(len(keys) == count, frozenset(names), tuple(filter(None, remarks)))


def _typed(value: Any) -> Any:
    """Return the number that a cell holds, else `value` itself."""
    if not isinstance(value, str) or len(value) > _MAX_NUMBER_CHARS:
        return value
    written = value.strip()
    if _INTEGER.fullmatch(written):
        return int(written)
    return float(written) if _DECIMAL.fullmatch(written) else value
