"""How far down the rankings to look: until enough passages say something of their own."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from index.snapshot import Snapshot
from qa.candidates import Candidates, joined
from qa.duplicates import Group, Repetitions, collapse
from qa.lexical import Lexicon
from qa.matching import Rows
from qa.query import Query
from qa.search import lexical_scores, rank, refine
from qa.stages import Stage

FIRST_LOOK = 100
MOST_CANDIDATES = 800
ENOUGH = 50
"""Passages that answer with words of their own: as many as can be asked for."""

_MOST_BESIDE = max(8, os.cpu_count() or 1)
"""Searches by vectors at a time; others wait."""

Vector = NDArray[np.float32]
"""Of a question, shape (dimension,)."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The passages that were looked at, best first.

    It does not depend on how many passages are to be shown, so neither does the answer.
    """

    candidates: Candidates
    repetitions: Repetitions
    _found: list[Group] = field(default_factory=list[Group], init=False, repr=False, compare=False)
    _further: Iterator[Group] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_further", collapse(self.candidates, self.repetitions))

    def groups(self, most: int) -> tuple[Group, ...]:
        """Return the first `most` groups of near-duplicates: the same, whatever `most` is."""
        self._found.extend(islice(self._further, max(0, most - len(self._found))))
        return tuple(self._found[:most])


@dataclass(frozen=True, slots=True)
class Look:
    """The rows of the first passages by vectors and by words, as many of each, the best first."""

    by_vectors: Sequence[int]
    by_words: Sequence[int]


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks for passages in one snapshot. Safe to share between threads.

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

    def gather(self, query: Query, rows: Rows | None, first: Look) -> Pool:
        """Return the passages near the question.

        Looked at are the first ones by vectors and the first ones by words, 100 of each. Where
        passages repeat one another, twice as many are, and again, until 50 of them answer with
        words of their own, or there are no more passages, or 800 of each were looked at.
        """
        seen: dict[int, None] = {}
        parts: list[Candidates] = []
        look_at, look = FIRST_LOOK, first
        while True:
            before = len(seen)
            seen.update(dict.fromkeys([*look.by_vectors, *look.by_words]))
            fresh = np.sort(np.array(list(seen)[before:], np.int64))
            parts.append(refine(self.snapshot, query, fresh, self.stages))
            candidates = joined(parts)
            exhausted = max(len(look.by_vectors), len(look.by_words)) < look_at
            if exhausted or look_at >= MOST_CANDIDATES or _say_enough(candidates):
                lexical = lexical_scores(self.lexicon, query, candidates.rows, self.stages)
                ranked = rank(candidates, lexical)
                return Pool(ranked, Repetitions(ranked))
            look_at = min(2 * look_at, MOST_CANDIDATES)
            look = Look(
                self._by_vectors(query.vector, look_at, rows), self._by_words(query, look_at, rows)
            )

    def _by_vectors(self, vector: Vector, look_at: int, rows: Rows | None) -> list[int]:
        exact = "codes" not in self.stages
        found = self.snapshot.dense.search(vector, look_at, rows, exact=exact)
        return [row for row, _ in found]

    def _by_words(self, query: Query, look_at: int, rows: Rows | None) -> list[int]:
        terms = query.searched if "lexical" in self.stages else ()
        found, _ = self.lexicon.best(terms, look_at, rows)
        numbers: list[int] = found.tolist()
        return numbers


@cache
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST_BESIDE, thread_name_prefix="vectors")


def _say_enough(candidates: Candidates) -> bool:
    """Tell whether enough passages answer with words of their own."""
    return len(set(candidates.digests[candidates.answers].tolist())) >= ENOUGH
