"""A snapshot on a server that is open, to be searched and read.

What a search finds comes whole, in one round trip: place, sentences, features and vector of each
passage, so that what is asked of a candidate afterwards need not be fetched.
"""

import hashlib
import weakref
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pgvector import HalfVector

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
_FEWEST_SEARCHED = 10_000
"""Passages. Where no more are allowed, all of them are compared, without the index."""
_MOST_NAMED = 1 / 8
"""Of all passages: no more are named one by one; of more there is a bit each."""
_MOST_RANKED = 4096
"""Passages. To rank more, all vectors are fetched and compared here."""
_MARGIN = 64
"""Sums in another order differ in their last digits: some more are fetched, and ranked here."""
_DISTANCE = "vector <#> %(question)s"
_WHOLE_DISTANCE = f"({_DISTANCE}) + (vector <#> %(rest)s)"
"""To the question as it is: the `rest` is what its half precision leaves out. No index has it."""
_CHOSEN = "CASE WHEN row < %(stop)s THEN get_bit(%(chosen)s::bytea, row) = 1 END"
"""The table may have later rows than the bits tell of."""

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
        alive = self.layout.alive
        chosen = alive if allowed is None else allowed & alive
        count = int(np.count_nonzero(chosen))
        limit = min(limit, count)
        if not limit:
            return []
        if limit > _MOST_RANKED:
            return nearest(self._vectors(), vector, limit, chosen)
        is_indexed = not exact and self.row.rows >= INDEXED_FROM and count > _FEWEST_SEARCHED
        found = self._nearest(vector, limit + _MARGIN, chosen, is_indexed=is_indexed)
        if is_indexed and len(found) < min(limit + _MARGIN, count):  # the index gave up before
            found = self._nearest(vector, limit + _MARGIN, chosen, is_indexed=False)
        rows = np.array(sorted(found), np.int64)
        vectors = np.array([found[row].vector for row in rows.tolist()], np.float16)
        return nearest([(vectors, rows)], vector, limit)

    def _nearest(
        self,
        vector: NDArray[np.float32],
        limit: int,
        chosen: NDArray[np.bool_],
        *,
        is_indexed: bool,
    ) -> dict[int, FoundPassage]:
        """Return chosen passages that are nearest to a vector by the server's reckoning."""
        count, rows = np.count_nonzero(chosen), len(chosen)
        question = vector.astype(np.float16)
        values: Row = {"question": HalfVector(question), "stop": rows}
        if count == rows:
            where = "row < %(stop)s"
        elif is_indexed or count > rows * _MOST_NAMED:
            where, bits = _CHOSEN, np.packbits(chosen, bitorder="little")
            values["chosen"] = bits.tobytes()
        else:
            where, values["rows"] = "row = ANY(%(rows)s)", np.flatnonzero(chosen).tolist()
        if len(self._tables) > 1:
            values |= {"rest": HalfVector(vector - question), "limit": limit}
            distance = _DISTANCE if is_indexed else _WHOLE_DISTANCE
            query = partitions.nearest_of(self._tables, _FOUND, where, distance)
        elif is_indexed:
            query = f"SELECT {_FOUND} FROM {self._table} ORDER BY {_DISTANCE} OFFSET 0"
            query = f"SELECT * FROM ({query}) AS found WHERE {where} LIMIT {limit}"
        else:
            values["rest"] = HalfVector(vector - question)
            query = (
                f"SELECT {_FOUND} FROM {self._table} WHERE {where}"
                f" ORDER BY {_WHOLE_DISTANCE}, row LIMIT {limit}"
            )
        return self._keep(self.database.rows(query, values))

    def _vectors(self) -> Iterator[tuple[NDArray[np.float16], NDArray[np.int64]]]:
        """Yield the vectors of all passages with their rows, some at a time."""
        for start in range(0, self.row.rows, _KEPT_PASSAGES):
            found = self.database.rows(
                f"SELECT row, vector FROM {self._table} WHERE row >= %s AND row < %s ORDER BY row",
                [start, min(start + _KEPT_PASSAGES, self.row.rows)],
            )
            vectors = np.array([row["vector"].to_numpy() for row in found], np.float16)
            yield vectors, np.array([row["row"] for row in found], np.int64)

    def vectors(self, rows: NDArray[np.integer]) -> NDArray[np.float16]:
        """Return the vectors of passages."""
        found = self._found(rows.tolist())
        dimension = self.info.made_by.dimension
        return np.array([passage.vector for passage in found], np.float16).reshape(-1, dimension)

    def warm(self) -> None:
        """Do nothing: the server has its own memory."""

    # Passages and documents

    def prefetch(self, rows: Sequence[int]) -> None:
        """Read at once what of passages and their documents is not here yet."""
        self._found(rows)
        firsts = np.unique(self.layout.firsts[np.asarray(rows, np.int64)]).tolist()
        if missing := [first for first in firsts if not self._has_document(first)]:
            self._read_documents("first_row = ANY(%(firsts)s)", {"firsts": missing})

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
            found = version, version.document(str(row["content"], "utf-8"))
            kept = found, len(found[1].text)
            self._versions.get(row["first_row"], lambda version=version: (version, 1))  # type: ignore[misc]
            self._documents.get(row["document_id"], lambda kept=kept: kept)  # type: ignore[misc]
            documents.append(found)
        return documents

    def _read_chunked(self, document_ids: Sequence[str]) -> list[ChunkedDocument]:
        """Return documents with their passages, and keep them: as many as there is room for."""
        found = self._read_documents("document_id = ANY(%(ids)s)", {"ids": _possible(document_ids)})
        passages = _passages_in(self.database, [version for version, _ in found])
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
