"""Search by words: BM25 over passages, and over the documents that they are of.

The formula is Robertson and Zaragoza's (2009, The Probabilistic Relevance Framework), with the
inverse document frequency of Lucene, ln(1 + (N - n + .5) / (n + .5)), which is never negative.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from index.postings import Postings
from index.snapshot import Snapshot

if TYPE_CHECKING:
    from qa.query import Term

K1 = 1.2
B = 0.75

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A snapshot's postings, and what of the formula does not depend on the question.

    `passage_norms` and `document_norms` have K1 times the length of each in units of the mean
    one, softened by B. `document_starts` has the first row of each document, and at the end the
    number of passages.
    """

    postings: Postings
    passage_norms: Scores
    document_norms: Scores
    document_starts: NDArray[np.int64]
    document_numbers: NDArray[np.int32]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Return the lexicon of a snapshot."""
        return cls.over(snapshot.postings, snapshot.columns.document_numbers)

    @classmethod
    def over(cls, postings: Postings, document_numbers: NDArray[np.int32]) -> Self:
        """Return the lexicon of passages whose documents have these numbers, in order."""
        counts = np.bincount(document_numbers)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        lengths = np.add.reduceat(postings.lengths, starts[:-1], dtype=np.int64)
        return cls(postings, _norms(postings.lengths), _norms(lengths), starts, document_numbers)

    def weight(self, term: str) -> float:
        """Return the inverse document frequency of a term, whether or not any passage holds it."""
        held, passages = self.postings.frequency(term), len(self.passage_norms)
        return log(1 + (passages - held + 0.5) / (held + 0.5))

    def passages(self, terms: "Sequence[Term]") -> Scores:
        """Return the score of every passage, shape (passages,): 0 where it holds no term."""
        scores = np.zeros(len(self.passage_norms), np.float32)
        for term in terms:
            rows, counts = self.postings.of(term.text)
            scores[rows] += term.times * _score(term.weight, counts, self.passage_norms[rows])
        return scores

    def documents(self, terms: "Sequence[Term]", rows: NDArray[np.int64]) -> Scores:
        """Return, for each passage of `rows`, the score of the whole document it is of."""
        numbers, belonging = np.unique(self.document_numbers[rows], return_inverse=True)
        scores = np.zeros(len(numbers), np.float32)
        for term in terms:
            held_by, counts = self.postings.of(term.text)
            up_to = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
            first = np.searchsorted(held_by, self.document_starts[numbers])
            last = np.searchsorted(held_by, self.document_starts[numbers + 1])
            held = up_to[last] - up_to[first]
            scores += term.times * _score(term.weight, held, self.document_norms[numbers])
        of_rows: Scores = scores[belonging]
        return of_rows


def best_rows(scores: Scores, limit: int) -> list[int]:
    """Return the rows of the `limit` best scores above 0, best first, ties in row order."""
    rows = np.flatnonzero(scores)
    if len(rows) > limit:
        worst = np.partition(scores[rows], -limit)[-limit]
        rows = rows[scores[rows] >= worst]
    best: list[int] = rows[np.argsort(-scores[rows], kind="stable")][:limit].tolist()
    return best


def _norms(lengths: NDArray[np.integer]) -> Scores:
    mean = lengths.mean() if len(lengths) else 1.0
    norms: Scores = (K1 * (1 - B + B * lengths / (mean or 1.0))).astype(np.float32)
    return norms


def _score(weight: float, counts: NDArray[np.integer], norms: Scores) -> Scores:
    held = counts.astype(np.float32)
    score: Scores = np.float32(weight * (K1 + 1)) * held / (held + norms)
    return score
