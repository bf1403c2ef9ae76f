"""The passages near a question: the first by vectors and the first by words, as one ranking.

Both searches give 100 passages each (`by_vectors`, `by_words`). `candidates` takes those of
both, looks further where they repeat one another, and ranks them by a fused score.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.store.protocols import Rows, Scores, Snapshot
from index.store.records import Allowed
from qa.question.query import Query
from qa.records import Stage
from qa.retrieve.candidates import Candidates

FIRST_LOOK = 100
MOST_CANDIDATES = 800
ENOUGH = 50
"""Passages that do not repeat one another: as many as can be asked for."""
DENSE_WEIGHT = 0.6
_DOCUMENT_SHARE = 0.5
_LEAST_SPREAD = 0.3
"""Of the greatest score: scaling takes the least one to be at least so far below it."""


@dataclass(frozen=True, slots=True)
class Retriever:
    """Finds passages in one snapshot, by the `stages` in force. Threads may share it."""

    snapshot: Snapshot
    stages: frozenset[Stage]

    def by_vectors(
        self, query: Query, allowed: Allowed | None, most: int | None = None
    ) -> Sequence[int]:
        """Return the rows of the first passages by their vectors, the nearest first."""
        found = self.snapshot.nearest(
            query.vector, most or FIRST_LOOK, allowed, exact="codes" not in self.stages
        )
        return [row for row, _ in found]

    def by_words(
        self, query: Query, allowed: Allowed | None, most: int | None = None
    ) -> Sequence[int]:
        """Return the rows of the first passages by words, the best first."""
        terms = query.searched if "lexical" in self.stages else ()
        rows, _ = self.snapshot.words.best(terms, most or FIRST_LOOK, allowed)
        row_list: list[int] = rows.tolist()
        return row_list

    def candidates(
        self,
        query: Query,
        allowed: Allowed | None,
        by_vectors: Sequence[int],
        by_words: Sequence[int],
    ) -> Candidates:
        """Return the passages near the question, the best first.

        These are the first ones `by_vectors` and `by_words`. Where they repeat one another, the
        searches look at twice as many, and again, until 50 different ones are found, or there are
        no more passages, or each has looked at 800.
        """
        seen: dict[int, None] = {}
        look_at = FIRST_LOOK
        while True:
            seen.update(dict.fromkeys([*by_vectors, *by_words]))
            rows = np.sort(np.array(list(seen), np.int64))
            exhausted = max(len(by_vectors), len(by_words)) < look_at
            if exhausted or look_at >= MOST_CANDIDATES or self._different(rows) >= ENOUGH:
                return self._compared(query, rows)
            look_at = min(2 * look_at, MOST_CANDIDATES)
            by_vectors = self.by_vectors(query, allowed, look_at)
            by_words = self.by_words(query, allowed, look_at)

    def wide(self, query: Query, allowed: Allowed | None, most: int) -> Candidates:
        """Return the first `most` passages by vectors and as many by words, the best first."""
        rows = {*self.by_vectors(query, allowed, most), *self.by_words(query, allowed, most)}
        return self._compared(query, np.sort(np.array(list(rows), np.int64)))

    def _different(self, rows: Rows) -> int:
        """Return how many passages have more than half of their sentences before all others."""
        passages, digests = self.snapshot.sentence_digests(rows)
        _, first, same_as = np.unique(digests, return_index=True, return_inverse=True)
        repeated = passages[first][same_as] < passages
        sentences = np.bincount(passages, minlength=len(rows))
        return int((2 * np.bincount(passages, repeated, len(rows)) < sentences).sum())

    def _compared(self, query: Query, rows: Rows) -> Candidates:
        """Return the passages `rows` as candidates; those of equal score in order of their ids."""
        vectors = self.snapshot.vectors(rows).astype(np.float32)
        dense: Scores = np.clip(np.einsum("ij,j->i", vectors, query.vector), 0, 1)
        lexical = self._lexical(query, rows)
        scores = fuse(dense.astype(np.float64), lexical)
        order = self._best_first(scores, rows)
        return Candidates(
            source=self.snapshot,
            rows=rows[order],
            vectors=vectors[order],
            dense=dense[order],
            lexical=np.zeros_like(dense) if lexical is None else lexical[order],
            score=scores[order].astype(np.float32),
        )

    def _best_first(self, scores: NDArray[np.floating], rows: Rows) -> NDArray[np.intp]:
        """Return the order of the passages `rows`, those of equal score by their ids."""
        order = np.argsort(-scores, kind="stable")
        drops = np.diff(scores[order])
        if not drops.all():
            for equal in np.split(order, np.flatnonzero(drops) + 1):
                if len(equal) > 1:
                    self.snapshot.prefetch(rows[equal].tolist())
                    ids = {n: self.snapshot.passage(int(rows[n])).id for n in equal.tolist()}
                    equal[:] = sorted(ids, key=ids.__getitem__)
        return order

    def _lexical(self, query: Query, rows: Rows) -> Scores | None:
        """Return the mean of each passage's score by words and of its document's."""
        if "lexical" not in self.stages:
            return None
        by_passage, by_document = self.snapshot.words.scores(query.searched, rows)
        if "documents" not in self.stages:
            return by_passage
        return (1 - _DOCUMENT_SHARE) * by_passage + _DOCUMENT_SHARE * by_document


def fuse(dense: NDArray[np.floating], lexical: Scores | None) -> NDArray[np.floating]:
    """Return the weighted mean of both, each scaled to 0..1; without lexical scores, the dense."""
    if lexical is None or not lexical.any():
        return min_max(dense)
    return DENSE_WEIGHT * min_max(dense) + (1 - DENSE_WEIGHT) * min_max(lexical)


def min_max(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the scores scaled: the least is 0, the greatest 1.

    Where they differ little the least is more than 0: noise must not tell passages apart. Where
    nothing has a score all are 0.
    """
    if not len(scores):
        return scores
    least, greatest = scores.min(), scores.max()
    if greatest <= 0:
        return np.zeros_like(scores)
    spread = max(greatest - least, _LEAST_SPREAD * greatest)
    scaled: NDArray[np.floating] = 1 - (greatest - scores) / spread
    return scaled
