"""The passages near a question: the first by vectors and the first by words, as one ranking."""

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
from qa.retrieve.candidates import Candidates, Numbers, Scores
from qa.retrieve.filtering import Rows
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
class Look:
    """The rows of the first passages by vectors and by words, as many of each, the best first."""

    by_vectors: Sequence[int]
    by_words: Sequence[int]


@dataclass(frozen=True, slots=True)
class Retriever:
    """Finds passages in one snapshot. Safe to share between threads.

    `stages` are those in force. Where `rows` are given, it is as if there were no other passages,
    but for what terms weigh.
    """

    snapshot: Snapshot
    lexicon: Lexicon
    stages: frozenset[Stage]

    def begin_by_vectors(self, vector: Vector, rows: Rows | None) -> Callable[[], list[int]]:
        """Begin with the first look; what is returned waits for the rows, the nearest first.

        Very many vectors are compared by a thread of their own, without the interpreter.
        """
        look = partial(self._by_vectors, vector, FIRST_LOOK, rows)
        if self.snapshot.dense.codes is not None:
            return _beside().submit(look).result
        found = look()
        return lambda: found

    def first_by_words(self, query: Query, rows: Rows | None) -> list[int]:
        """Return the rows of the first look by words, the best first."""
        return self._by_words(query, FIRST_LOOK, rows)

    def candidates(self, query: Query, rows: Rows | None, first: Look) -> Candidates:
        """Return the passages near the question, the best first.

        These are the first ones by vectors and the first ones by words, 100 of each. Where
        passages repeat sentences of one another, twice as many are looked at, and again, until
        there are 50 different ones, or no more passages, or 800 of each were looked at.
        """
        seen: dict[int, None] = {}
        look_at, look = FIRST_LOOK, first
        while True:
            seen.update(dict.fromkeys([*look.by_vectors, *look.by_words]))
            found = np.sort(np.array(list(seen), np.int64))
            exhausted = max(len(look.by_vectors), len(look.by_words)) < look_at
            if exhausted or look_at >= MOST_CANDIDATES or self._different(found) >= ENOUGH:
                return self.compared(query, found)
            look_at = min(2 * look_at, MOST_CANDIDATES)
            look = Look(
                self._by_vectors(query.vector, look_at, rows), self._by_words(query, look_at, rows)
            )

    def compared(self, query: Query, rows: Numbers) -> Candidates:
        """Return the passages `rows` as candidates, the best first.

        Those of equal score are in the order of their ids, however they were fetched.
        """
        vectors = self.snapshot.passage_vectors.take(rows).astype(np.float32)
        dense: Scores = np.clip(vectors @ query.vector, 0, 1)
        lexical = self._lexical(query, rows)
        scores = fuse(dense.astype(np.float64), lexical)
        found = Candidates(
            source=self.snapshot,
            rows=rows,
            dense=dense,
            lexical=np.zeros_like(dense) if lexical is None else lexical,
            score=scores.astype(np.float32),
            order=np.argsort(-scores, kind="stable"),
        )
        return replace(found, order=_by_id_where_equal(found, scores))

    def _lexical(self, query: Query, rows: Numbers) -> Scores | None:
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

    def _by_vectors(self, vector: Vector, look_at: int, rows: Rows | None) -> list[int]:
        exact = "codes" not in self.stages
        found = self.snapshot.dense.search(vector, look_at, rows, exact=exact)
        return [row for row, _ in found]

    def _by_words(self, query: Query, look_at: int, rows: Rows | None) -> list[int]:
        terms = query.searched if "lexical" in self.stages else ()
        found, _ = self.lexicon.best(terms, look_at, rows)
        numbers: list[int] = found.tolist()
        return numbers

    def _different(self, rows: Numbers) -> int:
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


def _by_id_where_equal(found: Candidates, scores: NDArray[np.floating]) -> Numbers:
    order = found.order.copy()
    equal = np.flatnonzero(np.diff(scores[order]) == 0)
    for score in np.unique(scores[order[equal]]).tolist():
        at = np.flatnonzero(scores[order] == score)
        passages = found.source.passages
        by_id = sorted(order[at].tolist(), key=lambda number: passages[int(found.rows[number])].id)
        order[at] = by_id
    return order


@cache
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST_BESIDE, thread_name_prefix="vectors")
