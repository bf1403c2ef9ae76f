"""The passages near a question: the first by vectors and the first by words, as one ranking.

Both searches give 100 passages each (`begin_by_vectors`, `by_words`). `candidates` takes those of
both, looks further where they repeat one another, and ranks them by a fused score.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial

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

    def begin_by_vectors(
        self, vector: NDArray[np.float32], allowed: Allowed | None
    ) -> Callable[[], Sequence[int]]:
        """Begin the search by vectors, and return what waits for the rows, nearest first."""
        search = partial(self._by_vectors, vector, FIRST_LOOK, allowed)
        if self.snapshot.searches_beside:
            return _vector_threads().submit(search).result
        rows = search()
        return lambda: rows

    def by_words(
        self, query: Query, allowed: Allowed | None, most: int | None = None
    ) -> Sequence[int]:
        """Return the rows of the first passages by words, the best first."""
        terms = query.searched if "lexical" in self.stages else ()
        rows, _ = self.snapshot.words.best(terms, FIRST_LOOK if most is None else most, allowed)
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
            by_vectors = self._by_vectors(query.vector, look_at, allowed)
            by_words = self.by_words(query, allowed, look_at)

    def _by_vectors(
        self, vector: NDArray[np.float32], most: int, allowed: Allowed | None
    ) -> list[int]:
        exact = "codes" not in self.stages
        return [row for row, _ in self.snapshot.nearest(vector, most, allowed, exact=exact)]

    def _different(self, rows: Rows) -> int:
        """Return how many passages have at least half of their sentences before all others."""
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
                    ids = {n: self.snapshot.passage(int(rows[n])).id for n in equal.tolist()}
                    equal[:] = sorted(ids, key=ids.__getitem__)
        return order

    def _lexical(self, query: Query, rows: Rows) -> Scores | None:
        """Return the mean of each passage's score by words and of its document's."""
        if "lexical" not in self.stages:
            return None
        by_passage = self.snapshot.words.scores(query.searched, rows)
        if "documents" not in self.stages:
            return by_passage
        by_document = self.snapshot.words.documents(query.searched, rows)
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


@cache
def _vector_threads() -> ThreadPoolExecutor:
    """Return the threads for searches by vectors; a search waits where all are busy."""
    return ThreadPoolExecutor(max(8, os.cpu_count() or 1), thread_name_prefix="vectors")
