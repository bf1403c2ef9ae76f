"""How far down the rankings to look: until enough passages say something of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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


def first_look(
    snapshot: Snapshot, vector: Vector, stages: frozenset[Stage], rows_allowed: Rows | None
) -> list[int]:
    """Return the rows of the first 100 passages by a question's vector, the nearest first."""
    return _by_vectors(snapshot, vector, stages, rows_allowed, FIRST_LOOK)


def gather(
    snapshot: Snapshot,
    lexicon: Lexicon,
    query: Query,
    stages: frozenset[Stage],
    rows_allowed: Rows | None,
    nearest: Sequence[int],
) -> Pool:
    """Return the passages near the question; `nearest` is the `first_look` at them.

    Looked at are the first ones by vectors and the first ones by words, 100 of each. Where
    passages repeat one another, twice as many are, and again, until 50 of them answer with
    words of their own, or there are no more passages, or 800 of each were looked at. With
    `rows_allowed` it is as if there were no other passages, but for what terms weigh.
    """
    terms = query.searched if "lexical" in stages else ()
    rows: dict[int, None] = {}
    parts: list[Candidates] = []
    look_at = FIRST_LOOK
    while True:
        by_words, _ = lexicon.best(terms, look_at, rows_allowed)
        looked_at = len(rows)
        rows.update(dict.fromkeys([*nearest, *by_words.tolist()]))
        fresh = np.sort(np.array(list(rows)[looked_at:], np.int64))
        parts.append(refine(snapshot, query, fresh, stages))
        candidates = joined(parts)
        exhausted = len(nearest) < look_at and len(by_words) < look_at
        if exhausted or look_at >= MOST_CANDIDATES or _say_enough(candidates):
            lexical = lexical_scores(lexicon, query, candidates.rows, stages)
            ranked = rank(candidates, lexical)
            return Pool(ranked, Repetitions(ranked))
        look_at = min(2 * look_at, MOST_CANDIDATES)
        nearest = _by_vectors(snapshot, query.vector, stages, rows_allowed, look_at)


def _by_vectors(
    snapshot: Snapshot,
    vector: Vector,
    stages: frozenset[Stage],
    rows_allowed: Rows | None,
    look_at: int,
) -> list[int]:
    exact = "codes" not in stages
    return [row for row, _ in snapshot.dense.search(vector, look_at, rows_allowed, exact=exact)]


def _say_enough(candidates: Candidates) -> bool:
    """Tell whether enough passages answer with words of their own."""
    return len(set(candidates.digests[candidates.answers].tolist())) >= ENOUGH
