"""BM25: the formula, and the lists of passages that it is worked out over.

It is Robertson and Zaragoza's (2009, The Probabilistic Relevance Framework), with the inverse
document frequency of Lucene, ln(1 + (N - n + .5) / (n + .5)), which is never negative.
"""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75

Rows = NDArray[np.integer]
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PostingList:
    """The passages that hold a term, in order, how often each does, and what the term is worth.

    `bound` is what a text would score that held the term without end; none scores more.
    """

    bound: float
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]

    def between(self, start: int, end: int) -> "PostingList":
        """Return the entries from place `start` up to `end`."""
        return PostingList(self.bound, self.rows[start:end], self.counts[start:end])

    def places(self, rows: Rows) -> NDArray[np.intp]:
        """Return for each of `rows` the place of the first entry that is not before it."""
        # Keys of another type would make NumPy copy the list, which may have a million entries.
        return np.searchsorted(self.rows, rows.astype(np.int32, copy=False))

    def held_by(self, rows: Rows) -> NDArray[np.uint8]:
        """Return how often each of `rows` holds the term."""
        if not len(self.rows):
            return np.zeros(len(rows), np.uint8)
        places = np.minimum(self.places(rows), len(self.rows) - 1)
        return np.where(self.rows[places] == rows, self.counts[places], np.uint8(0))


def inverse_document_frequency(held: int, passages: int) -> float:
    """Return the weight of a term that `held` of so many passages hold."""
    return log(1 + (passages - held + 0.5) / (held + 0.5))


def norms(lengths: Rows) -> Scores:
    """Return K1 times each length in units of the mean one, softened by B."""
    mean = lengths.mean() if len(lengths) else 1.0
    softened: Scores = (K1 * (1 - B + B * lengths / (mean or 1.0))).astype(np.float32)
    return softened


def score(bound: float, counts: NDArray[np.number], of_norms: Scores) -> Scores:
    """Return what a term adds to texts that hold it so often; 0 where one does not."""
    held = counts.astype(np.float32)
    softened = held + of_norms
    held *= np.float32(bound)
    held /= softened
    return held
