"""Which rows a snapshot has, and how many terms their passages and documents have."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.search.bm25 import Lexicon
from index.store.postgres.database import Database
from index.store.postgres.history import SnapshotRow
from index.store.postgres.postings import StoredPostings

_HELD = "JOIN memberships ON version = versions.id AND %(number)s BETWEEN first AND last"
_COLUMNS = (
    "string_agg(int8send(first_row), ''::bytea) AS firsts,"
    " string_agg(int8send(passages), ''::bytea) AS passages,"
    " string_agg(int8send(terms), ''::bytea) AS terms,"
    " string_agg(lengths, ''::bytea) AS lengths"
)
"""Values of all versions in one row: as many rows would take ten times as long to read."""
_OTHERS = (
    "WHERE NOT EXISTS (SELECT 1 FROM memberships AS others WHERE others.version = versions.id"
    " AND %({})s BETWEEN others.first AND others.last)"
)
_ONLY_LOW = (
    "JOIN memberships ON version = versions.id AND last >= %(low)s AND last < %(high)s"
    f" AND first <= %(low)s {_OTHERS.format('high')}"
)
_ONLY_HIGH = (
    "JOIN memberships ON version = versions.id AND first > %(low)s AND first <= %(high)s"
    f" AND last >= %(high)s {_OTHERS.format('low')}"
)
"""Of two snapshots' versions those that only one has: an index has where ranges begin and end."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A value for each row that the generation has up to a snapshot.

    `alive` tells which of them are in it. `firsts` and `ends` are the first row of the passage's
    document and the row after its last; `lengths` and `document_lengths` count terms.
    """

    row: SnapshotRow
    alive: NDArray[np.bool_]
    firsts: NDArray[np.int32]
    ends: NDArray[np.int32]
    lengths: NDArray[np.int32]
    document_lengths: NDArray[np.int32]

    @classmethod
    def read(cls, database: Database, row: SnapshotRow, before: "Layout | None") -> "Layout":
        """Read the layout of a snapshot: as far as it differs from the one `before`, if any."""
        if before is None or before.row.generation != row.generation or before.row.rows > row.rows:
            layout = cls._empty(row)
            layout.set(_Versions.read(database, _HELD, {"number": row.number}))
            return layout
        if before.row.number == row.number:
            return before
        layout = before.extended(row)
        low, high = sorted((before.row.number, row.number))
        only_low, only_high = (
            _Versions.read(database, query, {"low": low, "high": high})
            for query in (_ONLY_LOW, _ONLY_HIGH)
        )
        gone, new = (only_low, only_high) if row.number == high else (only_high, only_low)
        layout.alive[gone.rows] = False
        layout.set(new)
        return layout

    @classmethod
    def _empty(cls, row: SnapshotRow) -> "Layout":
        alive = np.zeros(row.rows, np.bool_)
        firsts, ends, lengths, document_lengths = np.zeros((4, row.rows), np.int32)
        return cls(row, alive, firsts, ends, lengths, document_lengths)

    def extended(self, row: SnapshotRow) -> "Layout":
        """Return the layout with room for the rows that a snapshot has more."""
        more = row.rows - len(self.alive)
        values = (self.firsts, self.ends, self.lengths, self.document_lengths)
        padded = (np.pad(array, (0, more)) for array in values)
        return Layout(row, np.pad(self.alive, (0, more)), *padded)

    def set(self, versions: "_Versions") -> None:
        """Write the rows of versions that are in the snapshot."""
        rows, each = versions.rows, versions.each
        self.alive[rows] = True
        self.firsts[rows] = versions.firsts[each]
        self.ends[rows] = (versions.firsts + versions.counts)[each]
        self.document_lengths[rows] = versions.terms[each]
        self.lengths[rows] = versions.lengths

    def lexicon(self, postings: StoredPostings) -> Lexicon[StoredPostings]:
        """Return what searches by words read of the snapshot."""
        info = self.row.info
        return Lexicon.of(
            postings,
            firsts=self.firsts,
            ends=self.ends,
            lengths=self.lengths,
            document_lengths=self.document_lengths,
            alive=None if self.alive.all() else self.alive,
            passages=info.passages,
            documents=info.documents,
            total_length=self.row.terms,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Versions:
    """First row, number of passages and terms of versions; number of terms of each passage."""

    firsts: NDArray[np.int64]
    counts: NDArray[np.int64]
    terms: NDArray[np.int64]
    lengths: NDArray[np.int32]

    @classmethod
    def read(cls, database: Database, of: str, numbers: dict[str, int]) -> "_Versions":
        """Read the versions that the end of a query names."""
        (row,) = database.rows(f"SELECT {_COLUMNS} FROM versions {of}", numbers)
        firsts, counts, terms = (
            np.frombuffer(row[name] or b"", ">i8") for name in ("firsts", "passages", "terms")
        )
        return cls(firsts, counts, terms, np.frombuffer(row["lengths"] or b"", "<i4"))

    @property
    def each(self) -> NDArray[np.int64]:
        """For each passage the index of its version."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @property
    def rows(self) -> NDArray[np.int64]:
        """For each passage its row."""
        starts = self.firsts - (np.cumsum(self.counts) - self.counts)
        return starts[self.each] + np.arange(len(self.each))
