"""Tables of text, each row a document: .csv and .tsv."""

from collections.abc import Iterable, Iterator

from index.parsers.decoding import is_json, text_of_file
from index.parsers.delimited import read_table
from index.parsers.files import Reader, UnreadableFileError
from index.parsers.header import named
from index.parsers.row_documents import Row, Rows, documents_of
from index.records import Document
from index.sources.listing import SourceFile


def _read(file: SourceFile, delimiter: str = "") -> Iterable[Document]:
    """Yield a document for each row with text in it."""
    content, decoded = text_of_file(file.path)
    rows = _rows(decoded.text, delimiter)
    return documents_of(file, content, rows, "text/csv", decoded.metadata, decoded.remarks)


ROW_READERS: dict[str, Reader] = {
    ".csv": _read,
    ".tsv": lambda file: _read(file, "\t"),
}


def _rows(text: str, delimiter: str) -> Rows:
    if is_json(text):
        raise UnreadableFileError("JSON; name it .json")
    table = read_table(text, delimiter)

    def iterate() -> Iterator[Row]:
        for number, record in enumerate(table.records(), 1):
            fields = named(table.names, record.cells)
            yield Row(number, fields, record.line if record.is_unclosed else 0)

    return Rows(iterate, table.remarks, has_cells=True)
