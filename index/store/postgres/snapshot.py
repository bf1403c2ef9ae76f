"""A snapshot on a server that is open, to be searched and read."""

import weakref
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamagedError
from index.recently_used import RecentlyUsed
from index.records import ChunkedDocument, Document, Passage
from index.search.features import Features
from index.store.postgres.database import Database, Row
from index.store.postgres.documents import (
    VERSION,
    StoredPassage,
    Version,
    chunked_documents,
    passages_in,
    text_of,
)
from index.store.postgres.history import SnapshotRow
from index.store.postgres.layout import Layout
from index.store.postgres.passages import StoredPassages, stored_vectors
from index.store.postgres.postings import StoredPostings
from index.store.protocols import Words
from index.store.records import Allowed, MadeBy, StoredDocument

_KEPT_VERSIONS = 1 << 12
_KEPT_CHARS_OF_DOCUMENTS = 16 << 20
_AT_ONCE = 1000
_LAST = "\U0010ffff"
"""No id comes after it."""

_HELD = "JOIN memberships ON version = versions.id AND %(number)s BETWEEN first AND last"


class PostgresSnapshot:
    """A snapshot of a `PostgresStore`; see `index.store.protocols.Snapshot`.

    Its content stays while it is open, be it forgotten meanwhile: a shared lock tells so.
    """

    def __init__(
        self, database: Database, row: SnapshotRow, previous: "PostgresSnapshot | None" = None
    ) -> None:
        self.row = row
        self.info, self.id = row.info, row.info.id
        self.database = database
        self._let_go = weakref.finalize(self, database.holds.release, row.number)
        before = previous.layout if previous and previous.database is database else None
        self.layout: Layout = Layout.read(database, row, before)
        self.postings = StoredPostings(database, row.parts)
        self._lexicon = self.layout.lexicon(self.postings)
        self._table = f"passages_{row.generation}"
        self._passages = StoredPassages(database, row, self.layout.alive)
        self._versions = RecentlyUsed[int, Version](_KEPT_VERSIONS)
        self._chunked = RecentlyUsed[str, ChunkedDocument](_KEPT_CHARS_OF_DOCUMENTS)
        self._documents = RecentlyUsed[str, tuple[Version, Document]](_KEPT_CHARS_OF_DOCUMENTS)

    @property
    def words(self) -> Words:
        """What searches by words go by."""
        return self._lexicon

    # Vectors

    def nearest(
        self,
        vector: NDArray[np.float32],
        limit: int,
        allowed: Allowed | None = None,
        *,
        exact: bool = False,
    ) -> list[tuple[int, float]]:
        """Return the rows of the nearest passages with their cosines, nearest first."""
        return self._passages.nearest(vector, limit, allowed, exact=exact)

    def vectors(self, rows: NDArray[np.integer]) -> NDArray[np.float16]:
        """Return the vectors of passages."""
        return self._passages.vectors(rows)

    def warm(self) -> None:
        """Do nothing: the server has its own memory."""

    # Passages and documents

    def prefetch(self, rows: Sequence[int]) -> None:
        """Read at once what of passages and their documents is not here yet."""
        self._passages.read(rows)
        firsts = np.unique(self.layout.firsts[np.asarray(rows, np.int64)]).tolist()
        if missing := [first for first in firsts if not self._has_document(first)]:
            self._read_documents("first_row = ANY(%(firsts)s)", {"firsts": missing})

    def passage(self, row: int) -> Passage:
        """Return a passage."""
        (found,) = self._passages.read([row])
        cut = StoredPassage(found.start, found.stop, found.section, found.spans)
        return self._version(found.first_row).passage(cut)

    def passages(self) -> Iterator[tuple[int, Passage]]:
        """Yield all passages with their rows."""
        for versions in self._versions_by("generation, first_row", (0, -1)):
            passages = passages_in(self.database, versions)
            for version in versions:
                yield from ((row, version.passage(passages[row])) for row in version.rows)

    def sentence_digests(
        self, rows: NDArray[np.integer]
    ) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
        """Return the digests of the passages' sentences, and of each the index of its passage."""
        digests = [passage.digests for passage in self._passages.read(rows.tolist())]
        of_passage = np.repeat(np.arange(len(digests)), [len(each) for each in digests])
        return of_passage, np.concatenate([np.zeros(0, np.uint64), *digests])

    def features(self, row: int) -> Features:
        """Return what questions compare with a passage."""
        (found,) = self._passages.read([row])
        return Features.read(found.digests.tolist(), np.frombuffer(found.features, "<u8"))

    def document(self, document_id: str) -> Document:
        """Return a document. Raises KeyError for an id that is not in the snapshot."""
        return self._described(document_id)[1]

    def chunked(self, document_id: str) -> ChunkedDocument | None:
        """Return a document with its passages; None for an id that is not in the snapshot."""

        def read() -> tuple[ChunkedDocument, int]:
            for chunked in self._read_chunked([document_id]):
                return chunked, len(chunked.document.text)
            raise KeyError(document_id)

        try:
            return self._chunked.get(document_id, read)
        except KeyError:
            return None

    def prefetch_chunked(self, document_ids: Iterable[str]) -> None:
        """Read at once those documents with their passages that are not here yet."""
        missing = [each for each in dict.fromkeys(document_ids) if each not in self._chunked]
        for start in range(0, len(missing), _AT_ONCE):
            self._read_chunked(missing[start : start + _AT_ONCE])

    def documents(self, after: tuple[str, str] = ("", "")) -> Iterator[ChunkedDocument]:
        """Yield the documents by source and id, those after a source and an id."""
        source, nul, _ = after[0].partition("\0")  # no stored text has one: what is after is
        after = (source, _LAST) if nul else (source, after[1].partition("\0")[0])
        for versions in self._versions_by("source, document_id", after):
            yield from chunked_documents(self.database, versions)

    def descriptions(self) -> Iterator[Document]:
        """Yield what is known of each document but its text, by source and id."""
        for versions in self._versions_by("source, document_id", ("", "")):
            for version in versions:
                yield version.description

    def passages_of(self, chosen: NDArray[np.bool_]) -> Allowed:
        """Return the passages of chosen documents, to be `allowed` in searches."""
        allowed = np.zeros(self.row.rows, np.bool_)
        for first, last in self._rows_in_order[chosen].tolist():
            allowed[first:last] = True
        allowed.flags.writeable = False
        return allowed

    def stored_vectors(
        self, digests: Sequence[bytes], made_by: MadeBy
    ) -> dict[bytes, NDArray[np.float16]]:
        """Return the vectors of embedded texts that the store has, by `embedded_digest`."""
        if made_by.vectors != self.info.made_by.vectors:
            return {}
        return stored_vectors(self.database, self.row.generation, digests)

    # What the next snapshot is made of

    def version_rows(self, document_ids: Sequence[str]) -> dict[str, Row]:
        """Return the rows of those documents that are in the snapshot, by their ids."""
        rows = self.database.rows(
            f"SELECT {VERSION} FROM versions {_HELD} WHERE document_id = ANY(%(ids)s)",
            {"number": self.row.number, "ids": _possible(document_ids)},
        )
        return {row["document_id"]: row for row in rows}

    def stored_documents(self) -> list[StoredDocument]:
        """Return what tells the documents apart, by source and id."""
        return [
            StoredDocument(d.id, d.source, d.document_sha256, d.text_sha256, d.modified)
            for d in self.descriptions()
        ]

    def damaged(self) -> list[str]:
        """Return what is damaged of texts and passages; the server itself reads them."""
        rows = self.database.rows(
            "SELECT source, there, passages FROM ("
            " SELECT source, passages, sha256(content) = text AS is_whole,"
            f"  coalesce(there, 0) AS there FROM versions {_HELD}"
            " JOIN texts ON texts.sha256 = text"
            " LEFT JOIN"
            f" (SELECT first_row, count(*) AS there FROM {self._table} GROUP BY first_row)"
            "  AS stored ON stored.first_row = versions.first_row) AS read"
            " WHERE NOT is_whole OR there <> passages ORDER BY source",
            {"number": self.row.number},
        )
        return [
            f"passages of {row['source']} are missing"
            if row["there"] != row["passages"]
            else f"the text of {row['source']} was altered"
            for row in rows
        ]

    def _described(self, document_id: str) -> tuple[Version, Document]:
        def read() -> tuple[tuple[Version, Document], int]:
            ids = {"ids": _possible([document_id])}
            for found in self._read_documents("document_id = ANY(%(ids)s)", ids):
                return found, len(found[1].text)
            raise KeyError(document_id)

        return self._documents.get(document_id, read)

    def _has_document(self, first_row: int) -> bool:
        return (
            first_row in self._versions
            and self._version(first_row).description.id in self._documents
        )

    def _read_documents(self, where: str, values: Row) -> list[tuple[Version, Document]]:
        """Return documents with their texts, and keep them: as many as there is room for."""
        documents = []
        for row in self.database.rows(
            f"SELECT {VERSION}, content FROM versions {_HELD} JOIN texts ON sha256 = text"
            f" WHERE generation = %(generation)s AND {where}",
            {"number": self.row.number, "generation": self.row.generation, **values},
        ):
            version = Version(row)
            found = version, version.document(text_of(version, row["content"]))
            kept = found, len(found[1].text)
            self._versions.get(row["first_row"], lambda version=version: (version, 1))  # type: ignore[misc]
            self._documents.get(row["document_id"], lambda kept=kept: kept)  # type: ignore[misc]
            documents.append(found)
        return documents

    def _read_chunked(self, document_ids: Sequence[str]) -> list[ChunkedDocument]:
        """Return documents with their passages, and keep them: as many as there is room for."""
        found = self._read_documents("document_id = ANY(%(ids)s)", {"ids": _possible(document_ids)})
        passages = passages_in(self.database, [version for version, _ in found])
        whole = [
            version.chunked(document.text, [passages[row] for row in version.rows])
            for version, document in found
        ]
        for each in whole:
            kept = each, len(each.document.text)
            self._chunked.get(each.document.id, lambda kept=kept: kept)  # type: ignore[misc]
        return whole

    def _version(self, first_row: int) -> Version:
        def read() -> tuple[Version, int]:
            rows = self.database.rows(
                f"SELECT {VERSION} FROM versions {_HELD}"
                " WHERE generation = %(generation)s AND first_row = %(first)s",
                {
                    "number": self.row.number,
                    "generation": self.row.generation,
                    "first": first_row,
                },
            )
            if not rows:
                raise StoreDamagedError(f"the document of passage {first_row} is missing")
            return Version(rows[0]), 1

        return self._versions.get(first_row, read)

    def _versions_by(self, order: str, after: tuple[object, ...]) -> Iterator[list[Version]]:
        """Yield all versions in an order of columns, after certain values of these, some a time."""
        columns = order.split(", ")
        marks = ", ".join(f"%({column})s" for column in columns)
        while True:
            rows = self.database.rows(
                f"SELECT {VERSION} FROM versions {_HELD} WHERE ({order}) > ({marks})"
                f" ORDER BY {order} LIMIT {_AT_ONCE}",
                {"number": self.row.number, **dict(zip(columns, after, strict=True))},
            )
            if not rows:
                return
            yield list(map(Version, rows))
            after = tuple(rows[-1][column] for column in columns)

    @cached_property
    def _rows_in_order(self) -> NDArray[np.int64]:
        """The first row of each document and that behind its last one, by source and id."""
        rows = self.database.rows(
            f"SELECT first_row, first_row + passages AS stop FROM versions {_HELD}"
            " ORDER BY source, document_id",
            {"number": self.row.number},
        )
        return np.array([tuple(row.values()) for row in rows], np.int64).reshape(-1, 2)


def _possible(document_ids: Iterable[str]) -> list[str]:
    """Return the ids that a document may have: PostgreSQL takes no NUL."""
    return [each for each in document_ids if "\0" not in each]
