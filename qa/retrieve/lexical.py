"""Search by words: BM25 over passages, and over the documents that they are of.

A `Lexicon` is made once a snapshot. It scores passages that are named (`scores`, `documents`) and
finds the best of all (`best`). For that it need not score every passage: `best_passages` is
MaxScore, done for stretches of passages at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import log
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.store.postings import Postings
from index.store.ranges import in_ranges
from index.store.snapshot import Snapshot
from qa.retrieve.candidates import RowMask, RowNumbers, Scores

K1 = 1.2
B = 0.75

FIRST_STRETCH = 1 << 14
LONGEST_STRETCH = 1 << 17
"""Rows. The first stretches are short, for there is little to beat yet; the scores of a longer one
would not stay in a core's cache."""
LOOK_UP_COST = 16
"""Entries that are scored in the time of looking one passage up in the lists that are left."""
SLACK = 1e-4
"""How much a sum of float32 might fall short of the bound on it; it is far less."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question as it is searched for. `weight` is its inverse document frequency.

    A term that no document holds weighs most: it is part of what was asked, and is missing.
    """

    text: str
    times: int
    weight: float


@dataclass(frozen=True, slots=True)
class PostingList:
    """The passages that hold a term, in order, how often each does, and what the term is worth.

    `bound` is what a text would score that held the term without end; none scores more.
    """

    bound: float
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]

    def between(self, start: int, end: int) -> "PostingList":
        """Return the entries from place `start` up to `end`."""
        return PostingList(self.bound, self.rows[start:end], self.counts[start:end])

    def places(self, rows: RowNumbers) -> NDArray[np.intp]:
        """Return for each of `rows` the place of the first entry that is not before it."""
        # Keys of another type would make NumPy copy the list, which may have a million entries.
        return np.searchsorted(self.rows, rows.astype(np.int32, copy=False))

    def held_by(self, rows: RowNumbers) -> NDArray[np.uint8]:
        """Return how often each of `rows` holds the term."""
        if not len(self.rows):
            return np.zeros(len(rows), np.uint8)
        places = np.minimum(self.places(rows), len(self.rows) - 1)
        return np.where(self.rows[places] == rows, self.counts[places], np.uint8(0))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A snapshot's postings, and what of the formula does not depend on the question.

    `passage_norms` and `document_norms` have what `norms` makes of the length of each.
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
        passages, held = len(self.passage_norms), self.postings.frequency(term)
        return log(1 + (passages - held + 0.5) / (held + 0.5))

    def best(
        self, terms: Sequence[Term], limit: int, allowed: RowMask | None = None
    ) -> tuple[NDArray[np.intp], Scores]:
        """Return the rows and scores of the `limit` best passages, best first, ties in row order.

        Each of them holds a term. Where only some passages are `allowed`, the best of these.
        """
        return best_passages(self._lists(terms), self.passage_norms, limit, allowed)

    def scores(self, terms: Sequence[Term], rows: RowNumbers) -> Scores:
        """Return the scores of the passages `rows`, 0 for one that holds no term."""
        scores = np.zeros(len(rows), np.float32)
        norms_of_rows = self.passage_norms[rows]
        for postings in self._lists(terms):
            scores += score(postings.bound, postings.held_by(rows), norms_of_rows)
        return scores

    def documents(self, terms: Sequence[Term], rows: RowNumbers) -> Scores:
        """Return, for each passage of `rows`, the score of the whole document it is of."""
        numbers, document_of_row = np.unique(self.document_numbers[rows], return_inverse=True)
        scores = np.zeros(len(numbers), np.float32)
        norms_of_documents = self.document_norms[numbers]
        for postings in self._lists(terms):
            first = postings.places(self.document_starts[numbers])
            last = postings.places(self.document_starts[numbers + 1])
            document, place = in_ranges(first, last)
            counts = np.bincount(document, postings.counts[place], len(numbers))
            scores += score(postings.bound, counts, norms_of_documents)
        scores_of_rows: Scores = scores[document_of_row]
        return scores_of_rows

    def held_by_document(self, terms: Sequence[Term], row: int) -> frozenset[str]:
        """Return which of the terms the document of the passage `row` holds."""
        number = self.document_numbers[row]
        first, last = self.document_starts[number], self.document_starts[number + 1]

        def holds(term: Term) -> bool:
            rows, _ = self.postings.of(term.text)
            place = int(np.searchsorted(rows, first))
            return place < len(rows) and bool(rows[place] < last)

        return frozenset(term.text for term in terms if holds(term))

    def _lists(self, terms: Sequence[Term]) -> list[PostingList]:
        """Return what the postings hold of the terms, in order of falling bound.

        The order is that in which scores are added up, for sums of floats depend on it.
        """
        lists = (
            PostingList(term.times * term.weight * (K1 + 1), *self.postings.of(term.text))
            for term in terms
        )
        return sorted(lists, key=lambda postings: -postings.bound)


def norms(lengths: RowNumbers) -> Scores:
    """Return K1 times each length in units of the mean one, softened by B."""
    mean = lengths.mean() if len(lengths) else 1.0
    softened: Scores = (K1 * (1 - B + B * lengths / (mean or 1.0))).astype(np.float32)
    return softened


def score(bound: float, counts: NDArray[np.number], norms: Scores) -> Scores:
    """Return what a term adds to texts that hold it so often; 0 where one does not."""
    scores = counts.astype(np.float32)
    softened = scores + norms
    scores *= np.float32(bound)
    scores /= softened
    return scores


def best_passages(
    lists: Sequence[PostingList], norms: Scores, limit: int, allowed: RowMask | None = None
) -> tuple[NDArray[np.intp], Scores]:
    """Return the rows and scores of the `limit` best passages, best first, ties in row order.

    Passages that score 0 are none of them. `lists` come in order of falling bound; so are their
    scores added up. `norms` has shape (passages,).
    """
    rows, scores = np.empty(0, np.intp), np.empty(0, np.float32)
    edges = np.fromiter(_edges(len(norms)), np.int32)
    cuts = [postings.places(edges).tolist() for postings in lists]
    room = np.empty(min(len(norms), LONGEST_STRETCH), np.float32)
    for number, (start, end) in enumerate(pairwise(edges.tolist())):
        stretch = _Stretch(
            norms=norms[start:end],
            allowed=None if allowed is None else allowed[start:end],
            lists=[
                postings.between(*cut[number : number + 2])
                for postings, cut in zip(lists, cuts, strict=True)
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
    allowed: RowMask | None
    lists: Sequence[PostingList]
    start: int

    def reaching(self, least: float, room: Scores) -> tuple[NDArray[np.intp], Scores]:
        """Return which passages, counted from `start`, score `least` and above 0, and what.

        `room` is written over; new room for every stretch would cost more than filling it.
        """
        scores = room[: len(self.norms)]
        scores.fill(0)
        rest = _sums_from([postings.bound for postings in self.lists])
        entries = _sums_from([len(postings.rows) for postings in self.lists])
        for done, postings in enumerate(self.lists):
            if least > rest[done] or self.allowed is not None:
                hopeful = self._hopeful(scores, least - rest[done])
                if np.count_nonzero(hopeful) * LOOK_UP_COST < entries[done]:
                    return self._looked_up(np.flatnonzero(hopeful), scores, least, done)
            places = np.subtract(postings.rows, self.start, dtype=np.intp)
            np.add.at(scores, places, score(postings.bound, postings.counts, self.norms[places]))
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
        rest = _sums_from([postings.bound for postings in self.lists])
        for postings, after in zip(self.lists[done:], rest[done + 1 :], strict=True):
            counts = postings.held_by(places + self.start)
            scores += score(postings.bound, counts, self.norms[places])
            hopeful = np.flatnonzero(scores >= least - after)
            places, scores = places[hopeful], scores[hopeful]
        holding = np.flatnonzero(scores)
        return places[holding], scores[holding]


def _sums_from(values: Sequence[float]) -> list[float]:
    """Return the sum of all values from each on, and 0 at the end."""
    return list(accumulate(reversed(values), initial=0.0))[::-1]
