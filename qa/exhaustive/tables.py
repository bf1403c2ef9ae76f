"""The rows that a question asks for by what stands in their columns.

A table is a file whose rows are documents, or rows below one header in a text.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import PurePosixPath

from index.records import UPLOADED, Document, MetadataValue, Span, headings
from index.store.protocols import Snapshot
from index.structure.units import units_of
from index.structure.wording import word_count
from qa.answer.quotes import LIST_WORDS
from qa.exhaustive.columns import Columns, Fields
from qa.exhaustive.conditions import Conditions
from qa.question.filters import Filter
from qa.retrieve.candidates import Candidates

MOST_ROWS = 10_000
"""Rows of a table that are looked at."""
MOST_FILES, MOST_HEADERS = 20, 10
"""Tables whose columns are compared with the question: those that search finds first."""
_UNDERSTOOD, _SUBJECT_TAKEN = 0.95, 0.8
"""The confidence of rows of a table that explains the question. By hand: no data fitted it."""
_TITLE = "name"


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A row, and what it has in its columns; `span` is None if its document is the row."""

    document: Document
    fields: Fields
    span: Span | None = None
    heading_path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows with the same columns; `is_whole` unless there are more than `MOST_ROWS`.

    `header` is None for a file whose rows are documents.
    """

    source: str
    header: Span | None
    rows: tuple[Row, ...]
    columns: Columns
    is_whole: bool = True

    @classmethod
    def of(
        cls,
        source: str,
        header: Span | None,
        name: str,
        rows: Iterable[Row],
        *,
        is_whole: bool = True,
    ) -> "Table":
        """Return a table that is called `name`."""
        kept = tuple(rows)
        return cls(source, header, kept, Columns.of(name, [row.fields for row in kept]), is_whole)


def tables_of_file(snapshot: Snapshot, source: str) -> list[Table]:
    """Return the first rows of a file, each a document, as tables."""
    from_here = (each.document for each in snapshot.documents((source, "")))
    documents = takewhile(lambda document: document.source == source, from_here)
    rows = list(islice((each for each in documents if each.row_number is not None), MOST_ROWS + 1))
    return tables_of(source, rows[:MOST_ROWS], is_whole=len(rows) <= MOST_ROWS)


def tables_of(source: str, rows: Iterable[Document], *, is_whole: bool) -> list[Table]:
    """Return rows of a file as a table; a sheet of a workbook is a table of its own."""
    by_sheet: dict[str, list[Row]] = {}
    for each in sorted(rows, key=lambda document: document.row_number or 0):
        by_sheet.setdefault(each.sheet, []).append(Row(each, fields_of(each)))
    file = PurePosixPath(source.removeprefix(UPLOADED)).stem
    return [
        Table.of(source, None, f"{file} {sheet}", of_sheet, is_whole=is_whole)
        for sheet, of_sheet in by_sheet.items()
    ]


def table_below(snapshot: Snapshot, document_id: str, header: Span) -> Table:
    """Return the rows below a header in a text, over all passages that they stand in."""
    chunked = snapshot.chunked(document_id)
    passages = chunked.passages if chunked else ()
    document = snapshot.document(document_id)
    rows: list[Row] = []
    names = ""
    for passage in passages:
        if passage.end <= header.start:
            continue
        units = [unit for unit in units_of(document.text, passage) if unit.lead == header]
        if rows and not units:
            break
        names = names or " ".join(headings(document, passage))
        rows += (
            Row(document, fields, unit.span, passage.heading_path)
            for unit in units
            if unit.kind == "row" and (fields := _cells(document.text, header, unit.span))
        )
    return Table.of(document.source, header, f"{names} {document.display_title}", rows)


def near(candidates: Candidates) -> tuple[Sequence[str], Sequence[tuple[str, Span]]]:
    """Return the files of rows, and the headers in texts, that search finds first."""
    files: dict[str, None] = {}
    headers: dict[tuple[str, Span], None] = {}
    for candidate in candidates:
        document = candidate.document
        if document.row_number is not None:
            files.setdefault(document.source)
        else:
            leads = (each.lead for each in candidate.features.units if each.kind == "row")
            headers |= dict.fromkeys((document.id, lead) for lead in leads if lead)
    return list(files), list(headers)


@dataclass(frozen=True, slots=True, eq=False)
class AskedTable:
    """A table, and what a question says of its rows."""

    table: Table
    conditions: Conditions

    @property
    def confidence(self) -> float:
        """How likely a row answers that meets the conditions."""
        return _SUBJECT_TAKEN if self.conditions.subject else _UNDERSTOOD

    @property
    def explains(self) -> tuple[bool, bool]:
        """How well it explains the question, to be compared with how others do."""
        asked = self.conditions
        return not asked.subject, asked.names_the_table

    def rows(self, wanted: Filter) -> Iterator[Row]:
        """Yield the rows that meet the conditions and the filter, in the order of the file."""
        return (
            row
            for row in self.table.rows
            if self.conditions.hold(row.fields) and wanted.passes(row.document)
        )


def quoted(row: Row, snapshot: Snapshot) -> tuple[Span, tuple[str, ...]] | None:
    """Return what of a row is quoted, all of a short one, else its first passage; its headings."""
    if row.span:
        return row.span, row.heading_path
    chunked = snapshot.chunked(row.document.id)
    if chunked is None or not chunked.passages:
        return None
    first, last = chunked.passages[0], chunked.passages[-1]
    whole = Span(first.start, last.end)
    is_short = word_count(whole.of(row.document.text)) <= LIST_WORDS
    return whole if is_short else first.span, first.heading_path


def fields_of(document: Document) -> Fields:
    """Return what a row of a file has in its columns, its title among them."""
    fields: dict[str, MetadataValue] = dict(document.metadata)
    if document.title:
        fields.setdefault(_TITLE, document.title)
    return fields


def _cells(text: str, header: Span, row: Span) -> Fields:
    """Return the cells of a row by the names of the header above; none if they do not match."""
    cells = _divided(row.of(text))
    lines = [_divided(line) for line in header.of(text).splitlines()]
    matching = [line for line in lines if len(line) == len(cells)]
    names = [" ".join(filter(None, parts)) for parts in zip(*matching, strict=True)]
    return {
        name or (_TITLE if not at else f"column {at + 1}"): cell
        for at, (name, cell) in enumerate(zip(names, cells, strict=False))
        if cell
    }


def _divided(line: str) -> list[str]:
    return [
        cell.strip(" \t*_") for cell in line.strip().removeprefix("|").removesuffix("|").split("|")
    ]
