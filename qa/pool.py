"""How far down the ranking to look: until enough passages say something of their own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.snapshot import Snapshot
from qa.duplicates import Group, Repetitions, collapse
from qa.search import Candidate, best_first, dense_search, refine

FIRST_LOOK = 100
MOST_CANDIDATES = 800


@dataclass(frozen=True, slots=True)
class Pool:
    """The passages that were looked at, best first, and what was made of them.

    It does not depend on how many passages are to be shown, so neither does the answer.
    """

    candidates: tuple[Candidate, ...]
    repetitions: Repetitions
    groups: tuple[Group, ...]


def gather(snapshot: Snapshot, question: NDArray[np.float32], groups: int) -> Pool:
    """Return the passages near the question, in `groups` groups of near-duplicates if possible.

    Where passages repeat one another, twice as many are looked at, and again, until there
    are so many groups, or no more passages, or 800 of them were looked at.
    """
    found = dense_search(snapshot, question, MOST_CANDIDATES)
    candidates: list[Candidate] = []
    looked_at, look_at = 0, FIRST_LOOK
    while True:
        candidates += refine(snapshot, question, found[looked_at:look_at])
        pool = _pool(best_first(candidates), groups)
        if len(pool.groups) >= groups or look_at >= len(found):
            return pool
        looked_at, look_at = look_at, 2 * look_at


def _pool(candidates: list[Candidate], groups: int) -> Pool:
    repetitions = Repetitions(candidates)
    collapsed = collapse(candidates, repetitions, groups)
    return Pool(tuple(candidates), repetitions, tuple(collapsed))
