"""Documents and passages as rows of the database, and back.

Each row carries a digest of what it says: SQLite itself would read a flipped bit without a word.
"""

import hashlib
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import orjson

from index.document_json import document_from_json, document_to_json
from index.errors import StoreDamagedError
from index.records import (
    ChunkedDocument,
    Document,
    Passage,
    Skipped,
    Span,
    passage_id,
    passage_text,
)
from index.store.local.database import select
from index.store.records import embedded_digest

_COLUMNS = ("id", "source", "document_sha256", "text_sha256", "modified")
"""What a document has in columns of their own; all else is in `fields`."""

VERSION = (
    "versions.id AS version, document_id, source, document_sha256, text_sha256, modified, fields, "
    "text, generation, first_row, passages, sentences, cut, versions.digest AS digest"
)
"""What `Version` reads."""


class CutPassage(NamedTuple):
    """A passage as a row: where it stands, and what was embedded of it."""

    start: int
    stop: int
    section: int
    sentences: bytes
    embedded: bytes


def rows_of(chunked: ChunkedDocument) -> tuple[dict[str, Any], list[CutPassage]]:
    """Return a document as a row of `versions`, but for where it stands, and its passages."""
    document = chunked.document
    sections = {passage.heading_path: 0 for passage in chunked.passages}
    sections = {path: number for number, path in enumerate(sections)}
    passages = [
        CutPassage(
            passage.start,
            passage.end,
            sections[passage.heading_path],
            np.array(passage.sentences, "<i4").tobytes(),
            embedded_digest(passage_text(document, passage)),
        )
        for passage in chunked.passages
    ]
    said = document_to_json(document)
    columns = [said.pop(name, "") for name in _COLUMNS]
    del said["text"]
    said["sections"] = list(sections)
    said["skipped"] = [[part.start, part.end, part.reason] for part in chunked.skipped]
    if context := next((passage.context for passage in chunked.passages), ()):
        said["context"] = context
    fields, text = orjson.dumps(said), hashlib.sha256(document.text.encode()).digest()
    cut = _cut_digest(document.title, fields, text, passages)
    row = {
        **dict(zip(("document_id", *_COLUMNS[1:]), columns, strict=True)),
        "fields": fields,
        "text": text,
        "passages": len(passages),
        "sentences": sum(len(passage.sentences) for passage in chunked.passages),
        "cut": cut,
        "digest": _version_digest(columns, fields, text, cut),
    }
    return row, passages


def _cut_digest(title: str, fields: bytes, text: bytes, passages: Sequence[CutPassage]) -> bytes:
    """Return a digest of all that passages, their vectors and their terms are made of.

    `text` is the digest of the text.
    """
    said = orjson.loads(fields)
    digest = hashlib.sha256(orjson.dumps([title, said["sections"], said.get("context")]) + text)
    for passage in passages:
        digest.update(struct.pack("<qqq", passage.start, passage.stop, passage.section))
        digest.update(passage.sentences + passage.embedded)
    return digest.digest()


def _version_digest(columns: Sequence[str], fields: bytes, text: bytes, cut: bytes) -> bytes:
    """Return a digest of all that a version of a document says; `columns` are its own columns."""
    return hashlib.sha256(orjson.dumps(columns) + fields + text + cut).digest()


class Version:
    """A version of a document that is stored: what is asked for is read, and compared with digests.

    Raises StoreDamagedError where it is not what was written.
    """

    def __init__(self, row: sqlite3.Row, connection: sqlite3.Connection) -> None:
        self._row = row
        self._connection = connection
        self.first_row: int = row["first_row"]
        self.count: int = row["passages"]
        columns = [row["document_id"], *(row[name] for name in _COLUMNS[1:])]
        try:
            digest = _version_digest(columns, row["fields"], row["text"], row["cut"])
        except TypeError:  # the type of a column was altered
            digest = b""
        if digest != row["digest"]:
            raise self._damaged()
        said: dict[str, Any] = orjson.loads(row["fields"])
        self._sections = [tuple(path) for path in said.pop("sections")]
        self._skipped = tuple(Skipped(*part) for part in said.pop("skipped"))
        self._context = tuple(said.pop("context", ()))
        said |= dict(zip(_COLUMNS, columns, strict=True)) | {"text": ""}
        self.description = document_from_json(said)

    @property
    def weight(self) -> int:
        """About how many bytes are kept of it."""
        return len(self._row["fields"]) + 200 * self.count

    def check(self) -> None:
        """Compare the text and the passages with their digests."""
        self._text(), self._cut

    def document(self) -> Document:
        """Return the document with its text."""
        return replace(self.description, text=str(self._text(), "utf-8"))

    def _text(self) -> bytes:
        query = "SELECT content FROM texts WHERE sha256 = ?"
        for (content,) in select(self._connection, query, [self._row["text"]]):
            if isinstance(content, bytes) and hashlib.sha256(content).digest() == self._row["text"]:
                return content
        raise self._damaged()

    def chunked(self) -> ChunkedDocument:
        """Return the document with its passages."""
        return ChunkedDocument(self.document(), tuple(self.passages()), self._skipped)

    def passages(self) -> Iterator[Passage]:
        """Yield the passages in order."""
        return map(self.passage, range(self.count))

    def passage(self, number: int) -> Passage:
        """Return a passage, numbered from 0."""
        cut, name = self._cut[number], self.description.id
        sentences = np.frombuffer(cut.sentences, "<i4").reshape(-1, 2).tolist()
        return Passage(
            id=passage_id(name, cut.start, cut.stop),
            document_id=name,
            start=cut.start,
            end=cut.stop,
            heading_path=self._sections[cut.section],
            sentences=tuple(map(Span._make, sentences)),
            context=self._context,
        )

    @cached_property
    def _cut(self) -> list[CutPassage]:
        rows = select(
            self._connection,
            "SELECT start, stop, section, sentences, embedded FROM passages "
            "WHERE generation = ? AND row >= ? AND row < ? ORDER BY row",
            (self._row["generation"], self.first_row, self.first_row + self.count),
        )
        passages = [CutPassage(*row) for row in rows]
        title, fields, text = self.description.title, self._row["fields"], self._row["text"]
        try:
            digest = _cut_digest(title, fields, text, passages)
        except (TypeError, struct.error):  # the type of a column was altered
            digest = b""
        if digest != self._row["cut"]:
            raise self._damaged()
        return passages

    def _damaged(self) -> StoreDamagedError:
        return StoreDamagedError(f"what it holds of {self._row['source']} was altered")
