"""Documents and passages as rows of the server's tables, and back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import orjson

from index.document_json import document_from_json
from index.records import ChunkedDocument, Document, Passage, Skipped, Span, passage_id
from index.store.postgres.database import Row

_COLUMNS = ("id", "source", "document_sha256", "text_sha256", "modified")
"""What a document has in columns of their own; all else is in `fields`."""

VERSION = (
    "versions.id AS version, document_id, source, document_sha256, text_sha256, modified, fields, "
    "text, generation, first_row, passages, sentences, terms, cut, digest"
)
"""What `Version` reads."""


class CutPassage(Protocol):
    """Where a passage stands: characters, the number of its section, and its sentences."""

    start: int
    stop: int
    section: int
    spans: bytes


class Version:
    """A version of a document that is stored, without its text and passages."""

    def __init__(self, row: Row) -> None:
        self.number: int = row["version"]
        self.text: bytes = row["text"]
        self.generation: int = row["generation"]
        self.rows = range(row["first_row"], row["first_row"] + row["passages"])
        said: dict[str, Any] = orjson.loads(row["fields"])
        self._sections = [tuple(path) for path in said.pop("sections")]
        self._skipped = tuple(Skipped(*part) for part in said.pop("skipped"))
        self._context = tuple(said.pop("context", ()))
        columns = [row["document_id"], *(row[name] for name in _COLUMNS[1:])]
        said |= dict(zip(_COLUMNS, columns, strict=True)) | {"text": ""}
        self.description = document_from_json(said)

    def document(self, text: str) -> Document:
        """Return the document with its text."""
        return replace(self.description, text=text)

    def chunked(self, text: str, passages: Sequence[CutPassage]) -> ChunkedDocument:
        """Return the document with its text and its passages."""
        document = self.document(text)
        return ChunkedDocument(document, tuple(map(self.passage, passages)), self._skipped)

    def passage(self, cut: CutPassage) -> Passage:
        """Return one of its passages."""
        name = self.description.id
        sentences = np.frombuffer(cut.spans, "<i4").reshape(-1, 2).tolist()
        return Passage(
            id=passage_id(name, cut.start, cut.stop),
            document_id=name,
            start=cut.start,
            end=cut.stop,
            heading_path=self._sections[cut.section],
            sentences=tuple(map(Span._make, sentences)),
            context=self._context,
        )
