"""A snapshot that is open: rows of the database and mapped arrays, to be searched and read."""

import os
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamagedError
from index.recently_used import RecentlyUsed
from index.records import ChunkedDocument, Document, Passage
from index.search.features import Features, features_of
from index.search.ranges import in_ranges
from index.store.local.database import Database, select
from index.store.local.documents import VERSION, Version
from index.store.local.explained import errors_explained
from index.store.local.history import SnapshotRow, array_names, find_snapshot
from index.store.local.mapped import Mapped, map_files
from index.store.records import Allowed, MadeBy, StoredDocument
from index.store.rows import sum_of_digests

KEPT_BYTES_OF_VERSIONS = 4 << 20
KEPT_CHARS_OF_DOCUMENTS = 16 << 20
"""What was asked for last is kept, up to this much of it."""

_FIRST_ROWS_KEPT = 1 << 14
_MAPPED_BYTES = 1 << 40
"""Of the database, as far as SQLite can: a page that is mapped need not be copied to be read."""

_AT_ONCE = 256
_HELD = "JOIN memberships ON version = versions.id AND :number BETWEEN first AND last"


class LocalSnapshot:
    """A snapshot of a `LocalStore`; see `index.store.protocols.Snapshot`.

    It reads the database as it was when it was opened, whatever is written meanwhile.
    """

    def __init__(
        self,
        database: Database,
        connection: sqlite3.Connection,
        row: SnapshotRow,
        previous: "LocalSnapshot | None",
    ) -> None:
        self.row = row
        self.info, self.id = row.info, row.info.id
        self._connection = connection
        self.folder = database.folder
        self.close = weakref.finalize(self, connection.close)
        self.file = database.file()
        mine = self.folder, self.file, row.generation
        before = None
        if previous and mine == (previous.folder, previous.file, previous.row.generation):
            before = previous.mapped
        self._numbers: dict[str, object] = {"number": row.number, "generation": row.generation}
        with errors_explained(self.folder):
            if not before or before.row != row:
                self._check_members()
                before = map_files(self.folder, connection, row, before)
        self.mapped: Mapped = before
        self.words = self.mapped.lexicon
        self._versions = RecentlyUsed[int, Version](KEPT_BYTES_OF_VERSIONS)
        self._documents = RecentlyUsed[str, Document](KEPT_CHARS_OF_DOCUMENTS)
        self._first_rows = RecentlyUsed[str, int](_FIRST_ROWS_KEPT)

    # Vectors

    def nearest(
        self,
        vector: NDArray[np.float32],
        limit: int,
        allowed: Allowed | None = None,
        *,
        exact: bool = False,
    ) -> list[tuple[int, float]]:
        alive = self.mapped.alive
        chosen = alive if allowed is None else allowed if alive is None else allowed & alive
        return self.mapped.dense.search(vector, limit, chosen, exact=exact)

    def vectors(self, rows: NDArray[np.integer]) -> NDArray[np.float16]:
        taken: NDArray[np.float16] = self.mapped.dense.vectors.take(rows, axis=0)
        return taken

    def warm(self) -> None:
        self.mapped.dense.warm()

    # Passages and documents

    def prefetch(self, rows: Sequence[int]) -> None:
        """Do nothing: all is here."""

    def passage(self, row: int) -> Passage:
        first = int(self.mapped.rows["first"][row])
        return self._version(first).passage(row - first)

    def passages(self) -> Iterator[tuple[int, Passage]]:
        for row in self._rows_by("generation, first_row", (0, -1)):
            version = Version(row, self._connection)
            yield from enumerate(version.passages(), version.first_row)

    def sentence_digests(
        self, rows: NDArray[np.integer]
    ) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
        found = self.mapped.rows[rows]
        starts = found["sentences"]
        passage, place = in_ranges(starts, starts + found["sentence_count"])
        return passage, self.mapped.sentences[place]

    def features(self, row: int) -> Features:
        *_, start, sentences, features = self.mapped.rows[row].item()
        numbers = self.mapped.sentences[start : start + sentences + features]
        digests, numbers = numbers[:sentences].tolist(), numbers[sentences:]
        if not features:  # a version that kept none wrote it
            passage = self.passage(row)
            numbers = features_of(self.document(passage.document_id), passage)
        return Features.read(digests, numbers)

    def document(self, document_id: str) -> Document:

        def read() -> tuple[Document, int]:
            document = self._version_of(document_id).document()
            return document, len(document.text)

        return self._documents.get(document_id, read)

    def prefetch_chunked(self, document_ids: Iterable[str]) -> None:
        """Do nothing: all is here."""

    def chunked(self, document_id: str) -> ChunkedDocument | None:
        try:
            return self._version_of(document_id).chunked()
        except KeyError:
            return None

    def documents(self, after: tuple[str, str] = ("", "")) -> Iterator[ChunkedDocument]:
        for row in self._rows_by("source, document_id", after):
            yield Version(row, self._connection).chunked()

    def descriptions(self) -> Iterator[Document]:
        for row in self._rows_by("source, document_id", ("", "")):
            yield Version(row, self._connection).description

    def passages_of(self, chosen: NDArray[np.bool_]) -> Allowed:
        allowed = np.zeros(self.row.rows, np.bool_)
        for first, last in self._rows_in_order[chosen].tolist():
            allowed[first:last] = True
        allowed.flags.writeable = False
        return allowed

    def stored_vectors(
        self, digests: Sequence[bytes], made_by: MadeBy
    ) -> dict[bytes, NDArray[np.float16]]:
        if made_by.vectors != self.info.made_by.vectors:
            return {}
        rows = embedded_rows(self._connection, self.row.generation, self.row.rows, digests)
        return {digest: self.mapped.dense.vectors[row] for digest, row in rows}

    # What the next snapshot is made of

    def version_row(self, document_id: str) -> sqlite3.Row | None:
        """Return the row of a document; None for an id that is not in the snapshot."""
        found = select(
            self._connection,
            f"SELECT {VERSION} FROM versions {_HELD} WHERE document_id = :id",
            {"number": self.row.number, "id": document_id},
        )
        return found[0] if found else None

    def stored_documents(self) -> tuple[list[StoredDocument], list[str]]:
        """Return what tells the documents apart, by source and id, and what is damaged.

        Texts are compared with their digests, too.
        """
        documents: list[StoredDocument] = []
        damaged: list[str] = []
        # By an index that has none of their names, so that these are read from the table.
        for row in self._rows_by("generation, first_row", (0, -1)):
            try:
                version = Version(row, self._connection)
                version.check()
            except StoreDamagedError as error:
                damaged.append(error.reason)
                continue
            d = version.description
            documents.append(
                StoredDocument(d.id, d.source, d.document_sha256, d.text_sha256, d.modified)
            )
        return sorted(documents, key=attrgetter("source", "id")), damaged

    def array_names(self) -> dict[str, str]:
        """Return the SHA-256 of each derived file by its kind."""
        return array_names(self._connection, self.row.number)

    def _check_members(self) -> None:
        ((digests, count),) = select(
            self._connection,
            # One value: as many rows would take ten times as long to read.
            "SELECT group_concat(hex(digest), ''), count(*) FROM memberships "
            "WHERE ? BETWEEN first AND last",
            [self.row.number],
        )
        try:
            found = sum_of_digests([bytes.fromhex(digests or "")])
        except ValueError:  # the length of one was altered
            found = b""
        if count != self.info.documents or found != self.row.digest:
            raise StoreDamagedError(f"the list of documents of snapshot {self.id} was altered")

    def _version(self, first_row: int) -> Version:
        def read() -> tuple[Version, int]:
            found = select(
                self._connection,
                f"SELECT {VERSION} FROM versions {_HELD} "
                "WHERE generation = :generation AND first_row = :first",
                self._numbers | {"first": first_row},
            )
            if not found:
                raise StoreDamagedError(f"the document of passage {first_row} is missing")
            version = Version(found[0], self._connection)
            self._first_rows.get(version.description.id, lambda: (first_row, 1))
            return version, version.weight

        return self._versions.get(first_row, read)

    def _version_of(self, document_id: str) -> Version:
        def read() -> tuple[int, int]:
            row = self.version_row(document_id)
            if row is None:
                raise KeyError(document_id)
            return row["first_row"], 1

        version = self._version(self._first_rows.get(document_id, read))
        if version.description.id != document_id:
            raise StoreDamagedError(f"the row of document {document_id} was altered")
        return version

    def _rows_by(self, order: str, after: tuple[object, ...]) -> Iterator[sqlite3.Row]:
        """Yield the rows of all versions in an order of columns, after certain values of these."""
        columns, is_whole, seen = order.split(", "), after in (("", ""), (0, -1)), 0
        while True:
            rows = select(
                self._connection,
                # An index has just these columns: another condition would make SQLite sort all.
                f"SELECT {VERSION} FROM versions {_HELD} "
                f"WHERE ({order}) > ({', '.join(f':{c}' for c in columns)}) "
                f"ORDER BY {order} LIMIT {_AT_ONCE}",
                {"number": self.row.number, **dict(zip(columns, after, strict=True))},
            )
            yield from rows
            seen += len(rows)
            if not rows:
                break
            after = tuple(rows[-1][column] for column in columns)
        if is_whole and seen != self.info.documents:
            raise StoreDamagedError(f"documents of snapshot {self.id} are missing")

    @cached_property
    def _rows_in_order(self) -> NDArray[np.int64]:
        """The first row of each document and that behind its last one, by source and id."""
        rows = select(
            self._connection,
            f"SELECT first_row, first_row + passages FROM versions {_HELD} "
            "ORDER BY source, document_id",
            {"number": self.row.number},
        )
        found = np.array([tuple(row) for row in rows], np.int64).reshape(-1, 2)
        firsts, stops = np.hsplit(found.clip(0, max(0, self.row.rows)), 2)
        numbers = self.mapped.rows[np.minimum(firsts.ravel(), self.row.rows - 1)]
        is_right = (numbers["first"] == found[:, 0]) & (numbers["stop"] == stops.ravel())
        if len(found) != self.info.documents or not is_right.all():
            raise StoreDamagedError(f"documents of snapshot {self.id} are missing")
        return found


def embedded_rows(
    connection: sqlite3.Connection, generation: int, rows: int, digests: Sequence[bytes]
) -> Iterator[tuple[bytes, int]]:
    """Yield the digests of embedded texts that a generation has, each with a row below `rows`."""
    for start in range(0, len(digests), _AT_ONCE):
        some = digests[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        yield from connection.execute(
            # The second look, at the table, finds an index that a bad disk altered.
            "SELECT found.embedded, own.row FROM passages AS found JOIN passages AS own "
            "ON own.generation = found.generation AND own.row = found.row "
            "AND +own.embedded = found.embedded "
            f"WHERE found.embedded IN ({marks}) AND found.generation = ? AND found.row < ?",
            (*some, generation, rows),
        ).fetchall()


def open_snapshot(
    database: Database, snapshot: str | None, previous: LocalSnapshot | None = None
) -> LocalSnapshot:
    """Open a snapshot by its id, or the live one. Raises StoreDamagedError if it is not there."""
    connection = database.connect()
    try:
        with errors_explained(database.folder):
            if os.name == "posix":  # elsewhere what is mapped cannot be made shorter
                connection.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
            connection.execute("BEGIN")
            row = find_snapshot(connection, snapshot)
        return LocalSnapshot(database, connection, row, previous)
    except BaseException:
        connection.close()
        raise
