"""The best passages by words, without scoring every passage for every word.

Turtle and Flood's MaxScore (1995, Query evaluation: strategies and optimizations), done a stretch
of rows at a time so that NumPy can do the work. The terms that weigh most are scored for all
passages that hold them. As soon as those that are left cannot lift another passage among the best,
they are only looked up, for the few passages that can still get there. What is found, and its
scores, are those of scoring everything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from qa.bm25 import PostingList, Scores, score

FIRST_STRETCH = 1 << 14
LONGEST_STRETCH = 1 << 17
"""Rows. The first stretches are short, for there is little to beat yet; the scores of a longer one
would not stay in a core's cache."""
LOOK_UP_COST = 16
"""Entries that are scored in the time of looking one passage up in the lists that are left."""
SLACK = 1e-4
"""How much a sum of float32 might fall short of the bound on it; it is far less."""

Allowed = NDArray[np.bool_]


def best_passages(
    lists: Sequence[PostingList], norms: Scores, limit: int, allowed: Allowed | None = None
) -> tuple[NDArray[np.intp], Scores]:
    """Return the rows and scores of the `limit` best passages, best first, ties in row order.

    Passages that score 0 are none of them. `lists` come in order of falling bound; so are their
    scores added up. `norms`, and `allowed` unless all passages are, have shape (passages,).
    """
    rows, scores = np.empty(0, np.intp), np.empty(0, np.float32)
    edges = np.fromiter(_edges(len(norms)), np.int32)
    cuts = [each.places(edges).tolist() for each in lists]
    room = np.empty(min(len(norms), LONGEST_STRETCH), np.float32)
    for number, (start, end) in enumerate(pairwise(edges.tolist())):
        stretch = _Stretch(
            norms=norms[start:end],
            allowed=None if allowed is None else allowed[start:end],
            lists=[
                each.between(*cut[number : number + 2])
                for each, cut in zip(lists, cuts, strict=True)
            ],
            start=start,
        )
        to_beat = float(scores[-1]) if len(scores) == limit else 0.0
        places, more = stretch.reaching(to_beat * (1 - SLACK), room)
        rows, scores = np.concatenate([rows, places + start]), np.concatenate([scores, more])
        first = best_places(scores, limit)
        rows, scores = rows[first], scores[first]
    return rows, scores


def best_places(scores: Scores, limit: int) -> NDArray[np.intp]:
    """Return the places of the `limit` greatest scores, greatest first, ties in order."""
    places = np.arange(len(scores))
    if len(scores) > limit:
        places = np.flatnonzero(scores >= np.partition(scores, -limit)[-limit])
    first: NDArray[np.intp] = places[np.argsort(-scores[places], kind="stable")][:limit]
    return first


def _edges(passages: int) -> Iterator[int]:
    """Yield where each stretch begins, and where the last one ends."""
    edge, length = 0, FIRST_STRETCH
    while edge < passages:
        yield edge
        edge += length
        length = min(edge, LONGEST_STRETCH)
    yield passages


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Passages that follow one another from row `start` on, and what the lists have of them."""

    norms: Scores
    allowed: Allowed | None
    lists: Sequence[PostingList]
    start: int

    def reaching(self, least: float, room: Scores) -> tuple[NDArray[np.intp], Scores]:
        """Return which passages, counted from `start`, score `least` and above 0, and what.

        `room` is written over; new room for every stretch would cost more than filling it.
        """
        scores = room[: len(self.norms)]
        scores.fill(0)
        rest = _sums_from([each.bound for each in self.lists])
        entries = _sums_from([len(each.rows) for each in self.lists])
        for done, each in enumerate(self.lists):
            if least > rest[done] or self.allowed is not None:
                hopeful = self._hopeful(scores, least - rest[done])
                if np.count_nonzero(hopeful) * LOOK_UP_COST < entries[done]:
                    return self._looked_up(np.flatnonzero(hopeful), scores, least, done)
            places = np.subtract(each.rows, self.start, dtype=np.intp)
            np.add.at(scores, places, score(each.bound, each.counts, self.norms[places]))
        hopeful = self._hopeful(scores, least)
        return self._looked_up(np.flatnonzero(hopeful), scores, least, len(self.lists))

    def _hopeful(self, scores: Scores, least: float) -> NDArray[np.bool_]:
        hopeful = scores >= least if least > 0 else scores > least
        if self.allowed is not None:
            hopeful &= self.allowed
        return hopeful

    def _looked_up(
        self, places: NDArray[np.intp], scores: Scores, least: float, done: int
    ) -> tuple[NDArray[np.intp], Scores]:
        """Add to the passages' scores what the lists hold of them that are not `done`."""
        scores = scores[places]
        rest = _sums_from([each.bound for each in self.lists])
        for each, after in zip(self.lists[done:], rest[done + 1 :], strict=True):
            counts = each.held_by(places + self.start)
            scores += score(each.bound, counts, self.norms[places])
            kept = np.flatnonzero(scores >= least - after)
            places, scores = places[kept], scores[kept]
        kept = np.flatnonzero(scores)
        return places[kept], scores[kept]


def _sums_from(values: Sequence[float]) -> list[float]:
    """Return the sum of all values from each on, and 0 at the end."""
    return list(accumulate(reversed(values), initial=0.0))[::-1]
