"""Documents and their passages as the server's tables have them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from index.errors import StoreDamagedError
from index.records import ChunkedDocument, Document, Passage
from index.store.postgres.database import Database, Row
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


def chunked_documents(database: Database, versions: Sequence[Version]) -> Iterator[ChunkedDocument]:
    """Yield stored documents of one generation with their passages."""
    texts, passages = _texts(database, versions), passages_in(database, versions)
    for version in versions:
        try:
            cuts = [passages[row] for row in version.rows]
        except KeyError as error:
            raise StoreDamagedError(f"passage {error} is missing") from error
        yield version.chunked(texts[version.text], cuts)


def passages_in(database: Database, versions: Sequence[Version]) -> dict[int, StoredPassage]:
    """Return the passages of versions of one generation by their rows."""
    if not versions:
        return {}
    query = (
        f"SELECT row, {', '.join(StoredPassage._fields)} FROM passages_{versions[0].generation}"
        " WHERE row = ANY(%s)"
    )
    wanted = [row for version in versions for row in version.rows]
    rows = database.rows(query, [wanted])
    if len(rows) != len(set(wanted)):
        raise StoreDamagedError(f"passages of {versions[0].description.source} are missing")
    return {row.pop("row"): StoredPassage(**row) for row in rows}


def text_of(version: Version, content: bytes | None) -> str:
    """Return a text from its bytes. Raises StoreDamagedError where these are not its own."""
    if content is None or hashlib.sha256(content).digest() != version.text:
        raise StoreDamagedError(f"the text of {version.description.source} was altered")
    return str(content, "utf-8")


def _texts(database: Database, versions: Sequence[Version]) -> dict[bytes, str]:
    wanted = [version.text for version in versions]
    query = "SELECT sha256, content FROM texts WHERE sha256 = ANY(%s)"
    contents = {row["sha256"]: row["content"] for row in database.rows(query, [wanted])}
    return {version.text: text_of(version, contents.get(version.text)) for version in versions}
