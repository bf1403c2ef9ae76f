"""A snapshot on a server that is open, to be searched and read.

What a search finds comes whole, in one round trip: place, sentences, features and vector of each
passage, so that what is asked of a candidate afterwards need not be fetched.
"""

import hashlib
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamagedError
from index.recently_used import RecentlyUsed
from index.records import ChunkedDocument, Document, Passage
from index.search.dense import nearest
from index.search.features import Features
from index.store.postgres import partitions
from index.store.postgres.database import Database, Row
from index.store.postgres.documents import VERSION, StoredPassage, Version
from index.store.postgres.history import SnapshotRow
from index.store.postgres.layout import Layout
from index.store.postgres.postings import StoredPostings
from index.store.protocols import Words
from index.store.records import Allowed, MadeBy, StoredDocument

INDEXED_FROM = 25_000
"""Passages. Of fewer, all vectors are compared; of more, those that an index finds."""

_KEPT_PASSAGES = 1 << 14
_KEPT_VERSIONS = 1 << 12
_KEPT_CHARS_OF_DOCUMENTS = 16 << 20
_AT_ONCE = 1000
_MOST_NAMED = 10_000
"""Passages. As many are named when only some are allowed; of more, the index is searched."""
_MARGIN = 64
"""The server compares with the question in half precision: some more are ranked here."""

_LAST = "\U0010ffff"
"""No id comes after it."""

_FOUND = "row, first_row, start, stop, section, spans, digests, features, vector"
_HELD = "JOIN memberships ON version = versions.id AND %(number)s BETWEEN first AND last"


class FoundPassage(NamedTuple):
    """A row of a table of passages."""

    row: int
    first_row: int
    start: int
    stop: int
    section: int
    spans: bytes
    digests: NDArray[np.uint64]
    features: bytes
    vector: NDArray[np.float16]


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
        self._tables = partitions.tables(row.generation, len(row.servers))
        self._passages = RecentlyUsed[int, FoundPassage](_KEPT_PASSAGES)
        self._versions = RecentlyUsed[int, Version](_KEPT_VERSIONS)
        self._documents = RecentlyUsed[str, Document](_KEPT_CHARS_OF_DOCUMENTS)

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
        alive = self.layout.alive
        chosen = alive if allowed is None else allowed & alive
        limit = min(limit, int(np.count_nonzero(chosen)))
        if not limit:
            return []
        found = self._candidates(vector, limit + _MARGIN, chosen, exact=exact)
        rows = np.array(sorted(found), np.int64)
        rows = rows[chosen[rows]]
        vectors = np.array([found[row].vector for row in rows.tolist()], np.float16)
        return nearest([(vectors, rows)], vector, limit)

    def _candidates(
        self, vector: NDArray[np.float32], count: int, chosen: NDArray[np.bool_], *, exact: bool
    ) -> dict[int, FoundPassage]:
        """Return the passages nearest to a vector by the server's reckoning, and some others.

        At least `count` of them are `chosen`, or all that are.
        """
        rows = np.flatnonzero(chosen)
        count = min(count, len(rows))
        if len(rows) <= min(_MOST_NAMED, self.row.rows // 4):
            return self._nearest(vector, count, "row = ANY(%(rows)s)", "+ 0", rows.tolist())
        is_compared = exact or self.row.rows < INDEXED_FROM
        wanted = count + count * (self.row.rows - len(rows)) // len(rows)
        while True:
            found = self._nearest(vector, wanted, "row < %(stop)s", "+ 0" if is_compared else "")
            if len(found) < min(wanted, self.row.rows) and not is_compared:
                is_compared = True  # the index gave up before it found as many
            elif len(found) == wanted and np.count_nonzero(chosen[list(found)]) < count:
                wanted = min(4 * wanted, self.row.rows)
            else:
                return found

    def _nearest(
        self,
        vector: NDArray[np.float32],
        limit: int,
        where: str,
        unindexed: str,
        rows: Sequence[int] = (),
    ) -> dict[int, FoundPassage]:
        values = {
            "vector": vector.astype(np.float16),
            "limit": limit,
            "rows": list(rows),
            "stop": self.row.rows,
        }
        distance = f"(vector <#> %(vector)s) {unindexed}"
        query = partitions.nearest_of(self._tables, _FOUND, where, distance)
        return self._keep(self.database.rows(query, values))

    def vectors(self, rows: NDArray[np.integer]) -> NDArray[np.float16]:
        """Return the vectors of passages."""
        found = self._found(rows.tolist())
        dimension = self.info.made_by.dimension
        return np.array([passage.vector for passage in found], np.float16).reshape(-1, dimension)

    def warm(self) -> None:
        """Do nothing: the server has its own memory."""

    # Passages and documents

    def passage(self, row: int) -> Passage:
        """Return a passage."""
        (found,) = self._found([row])
        cut = StoredPassage(found.start, found.stop, found.section, found.spans)
        return self._version(found.first_row).passage(cut)

    def passages(self) -> Iterator[tuple[int, Passage]]:
        """Yield all passages with their rows."""
        for versions in self._versions_by("generation, first_row", (0, -1)):
            passages = _passages_in(self.database, versions)
            for version in versions:
                yield from ((row, version.passage(passages[row])) for row in version.rows)

    def sentence_digests(
        self, rows: NDArray[np.integer]
    ) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
        """Return the digests of the passages' sentences, and of each the index of its passage."""
        digests = [passage.digests for passage in self._found(rows.tolist())]
        of_passage = np.repeat(np.arange(len(digests)), [len(each) for each in digests])
        return of_passage, np.concatenate([np.zeros(0, np.uint64), *digests])

    def features(self, row: int) -> Features:
        """Return what questions compare with a passage."""
        (found,) = self._found([row])
        return Features.read(found.digests.tolist(), np.frombuffer(found.features, "<u8"))

    def document(self, document_id: str) -> Document:
        """Return a document. Raises KeyError for an id that is not in the snapshot."""

        def read() -> tuple[Document, int]:
            version = self._version_of(document_id)
            document = version.document(_texts(self.database, [version])[version.text])
            return document, len(document.text)

        return self._documents.get(document_id, read)

    def chunked(self, document_id: str) -> ChunkedDocument | None:
        """Return a document with its passages; None for an id that is not in the snapshot."""
        try:
            version = self._version_of(document_id)
        except KeyError:
            return None
        return next(chunked_documents(self.database, [version]))

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

    def version_row(self, document_id: str) -> Row | None:
        """Return the row of a document; None for an id that is not in the snapshot."""
        if "\0" in document_id:  # PostgreSQL takes none
            return None
        rows = self.database.rows(
            f"SELECT {VERSION} FROM versions {_HELD} WHERE document_id = %(id)s",
            {"number": self.row.number, "id": document_id},
        )
        return rows[0] if rows else None

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
            f" SELECT source, passages, sha256(content) = text AS is_whole, (SELECT count(*)"
            f"  FROM {self._table} AS stored WHERE stored.row >= versions.first_row"
            "  AND stored.row < versions.first_row + versions.passages) AS there"
            f" FROM versions {_HELD} JOIN texts ON texts.sha256 = text) AS read"
            " WHERE NOT is_whole OR there <> passages ORDER BY source",
            {"number": self.row.number},
        )
        return [
            f"passages of {row['source']} are missing"
            if row["there"] != row["passages"]
            else f"the text of {row['source']} was altered"
            for row in rows
        ]

    def _found(self, rows: Sequence[int]) -> list[FoundPassage]:
        """Return passages by their rows, in the same order."""
        missing = [row for row in dict.fromkeys(rows) if row not in self._passages]
        read: dict[int, FoundPassage] = {}
        for start in range(0, len(missing), _AT_ONCE):
            query = f"SELECT {_FOUND} FROM {self._table} WHERE row = ANY(%s)"
            read |= self._keep(self.database.rows(query, [missing[start : start + _AT_ONCE]]))
        return [read[row] if row in read else self._one(row) for row in rows]

    def _one(self, row: int) -> FoundPassage:
        def read() -> tuple[FoundPassage, int]:
            query = f"SELECT {_FOUND} FROM {self._table} WHERE row = %s"
            found = self._keep(self.database.rows(query, [row]))
            if row not in found:
                raise StoreDamagedError(f"passage {row} is missing")
            return found[row], 1

        return self._passages.get(row, read)

    def _keep(self, rows: Sequence[Row]) -> dict[int, FoundPassage]:
        found: dict[int, FoundPassage] = {}
        for row in rows:
            digests, vector = np.frombuffer(row["digests"], "<u8"), row["vector"].to_numpy()
            found[row["row"]] = passage = FoundPassage(
                **row | {"digests": digests, "vector": vector.astype(np.float16)}
            )
            self._passages.get(passage.row, lambda passage=passage: (passage, 1))  # type: ignore[misc]
        return found

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

    def _version_of(self, document_id: str) -> Version:
        row = self.version_row(document_id)
        if row is None:
            raise KeyError(document_id)
        return self._versions.get(row["first_row"], lambda: (Version(row), 1))

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


def stored_vectors(
    database: Database, generation: int, digests: Sequence[bytes]
) -> dict[bytes, NDArray[np.float16]]:
    """Return the vectors of embedded texts that a generation has."""
    found: dict[bytes, NDArray[np.float16]] = {}
    for start in range(0, len(digests), _AT_ONCE):
        rows = database.rows(
            f"SELECT embedded, vector FROM passages_{generation} WHERE embedded = ANY(%s)",
            [list(digests[start : start + _AT_ONCE])],
        )
        found |= {row["embedded"]: row["vector"].to_numpy().astype(np.float16) for row in rows}
    return found


def chunked_documents(database: Database, versions: Sequence[Version]) -> Iterator[ChunkedDocument]:
    """Yield stored documents of one generation with their passages."""
    texts, passages = _texts(database, versions), _passages_in(database, versions)
    for version in versions:
        try:
            cuts = [passages[row] for row in version.rows]
        except KeyError as error:
            raise StoreDamagedError(f"passage {error} is missing") from error
        yield version.chunked(texts[version.text], cuts)


def _passages_in(database: Database, versions: Sequence[Version]) -> dict[int, StoredPassage]:
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


def _texts(database: Database, versions: Sequence[Version]) -> dict[bytes, str]:
    wanted = [version.text for version in versions]
    query = "SELECT sha256, content FROM texts WHERE sha256 = ANY(%s)"
    contents = {row["sha256"]: row["content"] for row in database.rows(query, [wanted])}
    for version in versions:
        content = contents.get(version.text)
        if content is None or hashlib.sha256(content).digest() != version.text:
            raise StoreDamagedError(f"the text of {version.description.source} was altered")
    return {sha256: str(content, "utf-8") for sha256, content in contents.items()}
