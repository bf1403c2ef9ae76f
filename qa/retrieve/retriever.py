"""The passages near a question: the first by vectors and the first by words, as one ranking.

Both searches give 100 passages each (`begin_by_vectors`, `first_by_words`). `candidates` takes
those of both, looks further where they repeat one another, and ranks them by a fused score.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from index.store.snapshot import Snapshot
from qa.question.query import Query
from qa.records import Stage
from qa.retrieve.candidates import Candidates, RowMask, RowNumbers, Scores
from qa.retrieve.lexical import Lexicon

FIRST_LOOK = 100
MOST_CANDIDATES = 800
ENOUGH = 50
"""Passages that do not repeat one another: as many as can be asked for."""
DENSE_WEIGHT = 0.6
DOCUMENT_SHARE = 0.5
LEAST_SPREAD = 0.3
"""Of the greatest score: so far apart is the least one taken to be when scores are scaled."""

_MOST_BESIDE = max(8, os.cpu_count() or 1)
"""Searches by vectors at a time; others wait."""

Vector = NDArray[np.float32]
"""Of a question, shape (dimension,)."""


@dataclass(frozen=True, slots=True)
class Retriever:
    """Finds passages in one snapshot. Safe to share between threads.

    `stages` are those in force. Where only some passages are `allowed`, it is as if there were no
    others, but for what terms weigh.
    """

    snapshot: Snapshot
    lexicon: Lexicon
    stages: frozenset[Stage]

    def begin_by_vectors(
        self, vector: Vector, allowed: RowMask | None
    ) -> Callable[[], Sequence[int]]:
        """Begin with the search by vectors; what is returned waits for the rows, nearest first.

        Very many vectors are compared by a thread of their own, without the interpreter.
        """
        search = partial(self._by_vectors, vector, FIRST_LOOK, allowed)
        if self.snapshot.dense.codes is not None:
            return _beside().submit(search).result
        rows = search()
        return lambda: rows

    def first_by_words(self, query: Query, allowed: RowMask | None) -> Sequence[int]:
        """Return the rows of the first passages by words, the best first."""
        return self._by_words(query, FIRST_LOOK, allowed)

    def candidates(
        self,
        query: Query,
        allowed: RowMask | None,
        by_vectors: Sequence[int],
        by_words: Sequence[int],
    ) -> Candidates:
        """Return the passages near the question, the best first.

        These are the first ones `by_vectors` and `by_words`. Where passages repeat sentences of one
        another, twice as many are looked at, and again, until there are 50 different ones, or no
        more passages, or 800 of each were looked at.
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
            by_words = self._by_words(query, look_at, allowed)

    def _by_vectors(self, vector: Vector, look_at: int, allowed: RowMask | None) -> list[int]:
        exact = "codes" not in self.stages
        nearest = self.snapshot.dense.search(vector, look_at, allowed, exact=exact)
        return [row for row, _ in nearest]

    def _by_words(self, query: Query, look_at: int, allowed: RowMask | None) -> list[int]:
        terms = query.searched if "lexical" in self.stages else ()
        rows, _ = self.lexicon.best(terms, look_at, allowed)
        row_list: list[int] = rows.tolist()
        return row_list

    def _different(self, rows: RowNumbers) -> int:
        """Return how many of the passages repeat less than half of their sentences.

        Those before them are looked at. A near-duplicate is told more exactly, and by more work:
        where this counts too few, only more passages are looked at.
        """
        offsets = self.snapshot.columns.sentence_offsets
        digests = self.snapshot.columns.sentence_digests
        seen: set[int] = set()
        different = 0
        for row in rows.tolist():
            own = digests[offsets[row] : offsets[row + 1]].tolist()
            different += 2 * sum(digest in seen for digest in own) < len(own)
            seen.update(own)
        return different

    def _compared(self, query: Query, rows: RowNumbers) -> Candidates:
        """Return the passages `rows` as candidates, the best first.

        Those of equal score are in the order of their ids, however they were fetched.
        """
        vectors = self.snapshot.passage_vectors.take(rows).astype(np.float32)
        dense: Scores = np.clip(vectors @ query.vector, 0, 1)
        lexical = self._lexical(query, rows)
        scores = fuse(dense.astype(np.float64), lexical)
        candidates = Candidates(
            source=self.snapshot,
            rows=rows,
            dense=dense,
            lexical=np.zeros_like(dense) if lexical is None else lexical,
            score=scores.astype(np.float32),
            order=np.argsort(-scores, kind="stable"),
        )
        return replace(candidates, order=_by_id_where_equal(candidates, scores))

    def _lexical(self, query: Query, rows: RowNumbers) -> Scores | None:
        """Return the mean of each passage's score by words and of its document's.

        An abstract of three passages is about what is said in any of them.
        """
        if "lexical" not in self.stages:
            return None
        by_passage = self.lexicon.scores(query.searched, rows)
        if "documents" not in self.stages:
            return by_passage
        by_document = self.lexicon.documents(query.searched, rows)
        return (1 - DOCUMENT_SHARE) * by_passage + DOCUMENT_SHARE * by_document


def fuse(dense: NDArray[np.floating], lexical: Scores | None) -> NDArray[np.floating]:
    """Return the weighted mean of both, each scaled to 0..1 over the candidates at hand.

    With no lexical scores, or none above 0, the dense ones scaled.
    """
    if lexical is None or not lexical.any():
        return min_max(dense)
    return DENSE_WEIGHT * min_max(dense) + (1 - DENSE_WEIGHT) * min_max(lexical)


def min_max(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the scores scaled: the least is 0, the greatest 1.

    Where they differ little the least is more than 0: a few passages that are alike must not be
    told apart by noise. Where nothing has a score all are 0.
    """
    if not len(scores):
        return scores
    least, greatest = scores.min(), scores.max()
    if greatest <= 0:
        return np.zeros_like(scores)
    spread = max(greatest - least, LEAST_SPREAD * greatest)
    scaled: NDArray[np.floating] = 1 - (greatest - scores) / spread
    return scaled


def _by_id_where_equal(candidates: Candidates, scores: NDArray[np.floating]) -> RowNumbers:
    order = candidates.order.copy()
    passages, rows = candidates.source.passages, candidates.rows
    equal = np.flatnonzero(np.diff(scores[order]) == 0)
    for score in np.unique(scores[order[equal]]).tolist():
        at = np.flatnonzero(scores[order] == score)
        order[at] = sorted(order[at].tolist(), key=lambda number: passages[int(rows[number])].id)
    return order


@cache
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST_BESIDE, thread_name_prefix="vectors")
