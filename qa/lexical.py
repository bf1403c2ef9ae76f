"""Search by words: BM25 over passages, and over the documents that they are of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.store.postings import Postings
from index.store.ranges import in_ranges
from index.store.snapshot import Snapshot
from qa.bm25 import K1, PostingList, Scores, inverse_document_frequency, norms, score
from qa.maxscore import Allowed, best_passages
from qa.question_terms import Term


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A snapshot's postings, and what of the formula does not depend on the question.

    `passage_norms` and `document_norms` have what `bm25.norms` makes of the length of each.
    `document_starts` has the first row of each document, and at the end the number of passages.
    """

    postings: Postings
    passage_norms: Scores
    document_norms: Scores
    document_starts: NDArray[np.int32]
    document_numbers: NDArray[np.int32]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Return the lexicon of a snapshot."""
        return cls.over(snapshot.postings, snapshot.columns.document_numbers)

    @classmethod
    def over(cls, postings: Postings, document_numbers: NDArray[np.int32]) -> Self:
        """Return the lexicon of passages whose documents have these numbers, in order."""
        counts = np.bincount(document_numbers)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        lengths = np.add.reduceat(postings.lengths, starts[:-1], dtype=np.int64)
        return cls(postings, norms(postings.lengths), norms(lengths), starts, document_numbers)

    def weight(self, term: str) -> float:
        """Return the inverse document frequency of a term, whether or not any passage holds it."""
        return inverse_document_frequency(self.postings.frequency(term), len(self.passage_norms))

    def best(
        self, terms: Sequence[Term], limit: int, allowed: Allowed | None = None
    ) -> tuple[NDArray[np.intp], Scores]:
        """Return the rows and scores of the `limit` best passages, best first, ties in row order.

        Each of them holds a term. Where only some passages are `allowed`, shape (passages,), the
        best of these.
        """
        return best_passages(self._lists(terms), self.passage_norms, limit, allowed)

    def scores(self, terms: Sequence[Term], rows: NDArray[np.integer]) -> Scores:
        """Return the scores of the passages `rows`, 0 for one that holds no term."""
        scores = np.zeros(len(rows), np.float32)
        of_rows = self.passage_norms[rows]
        for each in self._lists(terms):
            scores += score(each.bound, each.held_by(rows), of_rows)
        return scores

    def documents(self, terms: Sequence[Term], rows: NDArray[np.integer]) -> Scores:
        """Return, for each passage of `rows`, the score of the whole document it is of."""
        numbers, belonging = np.unique(self.document_numbers[rows], return_inverse=True)
        scores = np.zeros(len(numbers), np.float32)
        of_documents = self.document_norms[numbers]
        for each in self._lists(terms):
            first = each.places(self.document_starts[numbers])
            last = each.places(self.document_starts[numbers + 1])
            document, place = in_ranges(first, last)
            held = np.bincount(document, each.counts[place], len(numbers))
            scores += score(each.bound, held, of_documents)
        of_rows: Scores = scores[belonging]
        return of_rows

    def held_by_document(self, terms: Sequence[Term], row: int) -> frozenset[str]:
        """Return which of the terms the document of the passage `row` holds."""
        number = self.document_numbers[row]
        first, last = self.document_starts[number], self.document_starts[number + 1]
        held = (term.text for term in terms if _any(self.postings.of(term.text)[0], first, last))
        return frozenset(held)

    def _lists(self, terms: Sequence[Term]) -> list[PostingList]:
        """Return what the postings hold of the terms, in order of falling bound.

        The order is that in which scores are added up, for sums of floats depend on it.
        """
        held = (
            PostingList(term.times * term.weight * (K1 + 1), *self.postings.of(term.text))
            for term in terms
        )
        return sorted(held, key=lambda each: -each.bound)


def _any(rows: NDArray[np.integer], first: int, last: int) -> bool:
    """Tell whether ascending `rows` have one in `[first, last)`."""
    at = int(np.searchsorted(rows, first))
    return at < len(rows) and bool(rows[at] < last)
