"""Documents and passages as rows of the database, and back.

Each row carries a digest of what it says: SQLite itself would read a flipped bit without a word.
"""

import hashlib
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from index.errors import StoreDamagedError
from index.records import ChunkedDocument, Document, Passage
from index.store.local.database import select
from index.store.rows import COLUMNS, CutPassage, Described, cut_digest, version_digest

VERSION = (
    "versions.id AS version, document_id, source, document_sha256, text_sha256, modified, fields, "
    "text, generation, first_row, passages, sentences, cut, versions.digest AS digest"
)
"""What `Version` reads."""


class Version:
    """A version of a document that is stored: what is asked for is read, and compared with digests.

    Raises StoreDamagedError where it is not what was written.
    """

    def __init__(self, row: sqlite3.Row, connection: sqlite3.Connection) -> None:
        self._row = row
        self._connection = connection
        self.first_row: int = row["first_row"]
        self.count: int = row["passages"]
        columns = [row["document_id"], *(row[name] for name in COLUMNS[1:])]
        try:
            digest = version_digest(columns, row["fields"], row["text"], row["cut"])
        except TypeError:  # the type of a column was altered
            digest = b""
        if digest != row["digest"]:
            raise self._damaged()
        self._described = Described(columns, row["fields"])
        self.description = self._described.description

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
        return ChunkedDocument(self.document(), tuple(self.passages()), self._described.skipped)

    def passages(self) -> Iterator[Passage]:
        """Yield the passages in order."""
        return map(self.passage, range(self.count))

    def passage(self, number: int) -> Passage:
        """Return a passage, numbered from 0."""
        cut = self._cut[number]
        return self._described.passage(cut.start, cut.stop, cut.section, cut.sentences)

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
            digest = cut_digest(title, fields, text, passages)
        except (TypeError, struct.error):  # the type of a column was altered
            digest = b""
        if digest != self._row["cut"]:
            raise self._damaged()
        return passages

    def _damaged(self) -> StoreDamagedError:
        return StoreDamagedError(f"what it holds of {self._row['source']} was altered")
