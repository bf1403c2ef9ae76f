"""The passages under consideration: arrays to rank them by, objects for those that are shown."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.records import Document, Passage
from index.store.snapshot import Snapshot
from qa.records import Place

RowNumbers = NDArray[np.integer]
"""Rows of passages in a snapshot."""
RowMask = NDArray[np.bool_]
"""For each passage of a snapshot whether it is looked at, shape (passages,)."""
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage under consideration, and how near it is to the question.

    `row` is its row in the snapshot. `dense` is its cosine, clipped to 0..1, `lexical` its score by
    words, 0 and up. `score`, in 0..1, fuses both: it compares the candidates of one question.
    """

    row: int
    document: Document
    passage: Passage
    dense: float
    lexical: float
    score: float

    @property
    def sentences(self) -> tuple[Place, ...]:
        """Where its sentences stand, in order."""
        return tuple(Place(self.document, span) for span in self.passage.sentences)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The passages under consideration, as arrays of shape (passages,) in no special order.

    `rows` are those of the snapshot `source`; `dense`, `lexical` and `score` are those of
    `Candidate`. Iterated over, these are objects in the order `order`, made when asked for.
    """

    source: Snapshot
    rows: RowNumbers
    dense: Scores
    lexical: Scores
    score: Scores
    order: RowNumbers

    def __len__(self) -> int:
        """Return how many passages there are."""
        return len(self.order)

    def __iter__(self) -> Iterator[Candidate]:
        """Yield the passages, the best first."""
        return map(self.candidate, self.order.tolist())

    def __getitem__(self, rank: int) -> Candidate:
        """Return the passage of a rank from 0 on."""
        return self.candidate(int(self.order[rank]))

    def candidate(self, number: int) -> Candidate:
        """Return the passage of a number, which is its place in `rows`."""
        row = int(self.rows[number])
        passage = self.source.passages[row]
        return Candidate(
            row=row,
            document=self.source.document(passage.document_id),
            passage=passage,
            dense=float(self.dense[number]),
            lexical=float(self.lexical[number]),
            score=float(self.score[number]),
        )
