"""A generation's passages on a server: searched by their vectors, and read by their rows.

What a search finds comes whole, in one round trip: place, sentences, features and vector of each
passage, so that what is asked of a candidate afterwards need not be fetched.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pgvector import HalfVector

from index.errors import StoreDamagedError
from index.recently_used import RecentlyUsed
from index.search.dense import nearest
from index.store.postgres import partitions
from index.store.postgres.database import Database, Row
from index.store.postgres.history import SnapshotRow
from index.store.records import Allowed

INDEXED_FROM = 25_000
"""Passages. Of fewer, all vectors are compared; of more, those that an index finds."""

_KEPT_PASSAGES = 1 << 14
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
_FOUND = "row, first_row, start, stop, section, spans, digests, features, vector"


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


class StoredPassages:
    """The passages of a snapshot; of the table's rows those that are `alive` belong to it."""

    def __init__(self, database: Database, row: SnapshotRow, alive: NDArray[np.bool_]) -> None:
        self._database = database
        self._alive = alive
        self._dimension = row.info.made_by.dimension
        self._table = f"passages_{row.generation}"
        self._tables = partitions.tables(row.generation, len(row.servers))
        self._passages = RecentlyUsed[int, FoundPassage](_KEPT_PASSAGES)

    def nearest(
        self,
        vector: NDArray[np.float32],
        limit: int,
        allowed: Allowed | None = None,
        *,
        exact: bool = False,
    ) -> list[tuple[int, float]]:
        """Return the rows of the nearest passages with their cosines, nearest first."""
        alive = self._alive
        chosen = alive if allowed is None else allowed & alive
        count = int(np.count_nonzero(chosen))
        limit = min(limit, count)
        if not limit:
            return []
        if limit > _MOST_RANKED:
            return nearest(self._vectors(), vector, limit, chosen)
        is_indexed = not exact and len(self._alive) >= INDEXED_FROM and count > _FEWEST_SEARCHED
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
        return self._keep(self._database.rows(query, values))

    def _vectors(self) -> Iterator[tuple[NDArray[np.float16], NDArray[np.int64]]]:
        """Yield the vectors of all passages with their rows, some at a time."""
        for start in range(0, len(self._alive), _KEPT_PASSAGES):
            found = self._database.rows(
                f"SELECT row, vector FROM {self._table} WHERE row >= %s AND row < %s ORDER BY row",
                [start, min(start + _KEPT_PASSAGES, len(self._alive))],
            )
            vectors = np.array([row["vector"].to_numpy() for row in found], np.float16)
            yield vectors, np.array([row["row"] for row in found], np.int64)

    def vectors(self, rows: NDArray[np.integer]) -> NDArray[np.float16]:
        """Return the vectors of passages."""
        found = self.read(rows.tolist())
        dimension = self._dimension
        return np.array([passage.vector for passage in found], np.float16).reshape(-1, dimension)

    def read(self, rows: Sequence[int]) -> list[FoundPassage]:
        """Return passages by their rows, in the same order. Raises StoreDamagedError."""
        missing = [row for row in dict.fromkeys(rows) if row not in self._passages]
        read: dict[int, FoundPassage] = {}
        for start in range(0, len(missing), _AT_ONCE):
            query = f"SELECT {_FOUND} FROM {self._table} WHERE row = ANY(%s)"
            read |= self._keep(self._database.rows(query, [missing[start : start + _AT_ONCE]]))
        return [read[row] if row in read else self._one(row) for row in rows]

    def _one(self, row: int) -> FoundPassage:
        def read() -> tuple[FoundPassage, int]:
            query = f"SELECT {_FOUND} FROM {self._table} WHERE row = %s"
            found = self._keep(self._database.rows(query, [row]))
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
