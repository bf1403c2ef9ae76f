"""Which rows a snapshot has, and how many terms their passages and documents have."""

from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from index.search.bm25 import Lexicon
from index.store.postgres.database import Database, Row
from index.store.postgres.history import SnapshotRow
from index.store.postgres.postings import StoredPostings

_HELD = "JOIN memberships ON version = versions.id AND %(number)s BETWEEN first AND last"
_COLUMNS = "first_row, passages, terms, lengths"


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
        numbers = {"number": row.number}
        if before is None or before.row.generation != row.generation or before.row.rows > row.rows:
            layout = cls._empty(row)
            layout.set(database.rows(f"SELECT {_COLUMNS} FROM versions {_HELD}", numbers))
            return layout
        if before.row.number == row.number:
            return before
        layout = before.extended(row)
        numbers["before"] = before.row.number
        differs = (
            "NOT EXISTS (SELECT 1 FROM memberships AS other WHERE other.version = versions.id"
            " AND %({})s BETWEEN other.first AND other.last)"
        )
        held_before = _HELD.replace("number", "before")
        gone = f"SELECT {_COLUMNS} FROM versions {held_before} WHERE {differs.format('number')}"
        new = f"SELECT {_COLUMNS} FROM versions {_HELD} WHERE {differs.format('before')}"
        for version in database.rows(gone, numbers):
            layout.alive[version["first_row"] : version["first_row"] + version["passages"]] = False
        layout.set(database.rows(new, numbers))
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

    def set(self, versions: list[Row]) -> None:
        """Write the rows of versions that are in the snapshot."""
        firsts = np.array([version["first_row"] for version in versions], np.int32)
        counts = np.array([version["passages"] for version in versions], np.int32)
        terms = np.array([version["terms"] for version in versions], np.int32)
        each = np.repeat(np.arange(len(versions)), counts)
        offsets = np.arange(len(each)) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = firsts[each] + offsets
        self.alive[rows] = True
        self.firsts[rows] = firsts[each]
        self.ends[rows] = (firsts + counts)[each]
        self.document_lengths[rows] = terms[each]
        lengths = b"".join(chain(version["lengths"] for version in versions))
        self.lengths[rows] = np.frombuffer(lengths, "<i4")

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
