"""A version of a document as the server's tables have it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from index.records import ChunkedDocument, Document, Passage
from index.store.postgres.database import Row
from index.store.rows import COLUMNS, Described

VERSION = (
    "versions.id AS version, document_id, source, document_sha256, text_sha256, modified, fields, "
    "text, generation, first_row, passages, sentences, terms, cut, digest"
)
"""What `Version` reads."""


class StoredPassage(NamedTuple):
    """Where a passage stands: characters, the number of its section, and its sentences."""

    start: int
    stop: int
    section: int
    spans: bytes


class Version:
    """A version of a document that is stored, without its text and passages."""

    def __init__(self, row: Row) -> None:
        self.text: bytes = row["text"]
        self.generation: int = row["generation"]
        self.rows = range(row["first_row"], row["first_row"] + row["passages"])
        columns = [row["document_id"], *(row[name] for name in COLUMNS[1:])]
        self._described = Described(columns, row["fields"])
        self.description = self._described.description

    def document(self, text: str) -> Document:
        """Return the document with its text."""
        return replace(self.description, text=text)

    def chunked(self, text: str, passages: Sequence[StoredPassage]) -> ChunkedDocument:
        """Return the document with its text and its passages."""
        document = self.document(text)
        return ChunkedDocument(
            document, tuple(map(self.passage, passages)), self._described.skipped
        )

    def passage(self, cut: StoredPassage) -> Passage:
        """Return one of its passages."""
        return self._described.passage(*cut)
