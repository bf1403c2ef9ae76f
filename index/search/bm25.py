"""Search by words: BM25 over passages, and over the documents that they are of.

A `Lexicon` is made once a snapshot. It scores given passages and their documents (`scores`) and
finds the best of all (`best`): by MaxScore, for one stretch of passages after another, without
scoring all.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import log
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.search.ranges import in_ranges

Rows = NDArray[np.integer]
Scores = NDArray[np.float32]

K1 = 1.2
B = 0.75

FIRST_STRETCH = 1 << 15
LONGEST_STRETCH = 1 << 19
"""Rows. The first stretches are short, for there is little to beat yet; the scores of a longer one
would not stay in the processor's cache."""
LOOK_UP_COST = 32
"""Entries that are scored in the time of looking one passage up in the lists that are left."""
_SLACK = 1e-4
"""More than a sum of float32 may fall short of the bound on it, as a share."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question as it is searched for. `weight` is its inverse document frequency."""

    text: str
    times: int
    weight: float


@dataclass(frozen=True, slots=True)
class PostingList:
    """The passages that hold a term, in order, and how often. None scores more than `bound`."""

    bound: float
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]

    def cut(self, edges: Rows) -> list["PostingList"]:
        """Return the entries of the rows from each edge up to the next."""
        return [
            PostingList(self.bound, self.rows[first:last], self.counts[first:last])
            for first, last in pairwise(self.first_from(edges).tolist())
        ]

    def first_from(self, rows: Rows) -> NDArray[np.intp]:
        """Return for each of `rows` the index of the first entry that is not before it."""
        # Keys of another type would make NumPy copy the list, which may have a million entries.
        return np.searchsorted(self.rows, rows.astype(np.int32, copy=False))

    def counts_of(self, rows: Rows) -> NDArray[np.uint8]:
        """Return how often each of `rows` holds the term."""
        if not len(self.rows):
            return np.zeros(len(rows), np.uint8)
        entries = np.minimum(self.first_from(rows), len(self.rows) - 1)
        return np.where(self.rows[entries] == rows, self.counts[entries], np.uint8(0))


class PostingLists(Protocol):
    """Which passages hold which terms, as rows; `index.search.postings` keeps it in arrays."""

    def prefetch(self, terms: Iterable[str]) -> None:
        """Fetch at once what is soon asked of terms, where that is far."""

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Return the rows that hold a term, rising, and how often; bounded at 255."""

    def frequency(self, term: str) -> int:
        """Return how many passages hold a term."""

    def form(self, term: str) -> str | None:
        """Return the word that a term most often comes from, None if no passage holds it."""

    def forms_beginning_with(self, letter: str, lengths: range) -> list[str]:
        """Return the forms of terms that begin with an ASCII letter and have so many bytes."""


PostingsKind = TypeVar("PostingsKind", bound=PostingLists)


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon(Generic[PostingsKind]):
    """A snapshot's postings, with what of the formula does not depend on the question.

    The arrays have a value a row: `firsts` and `ends` are the first row of the passage's document
    and the row after its last, `document_lengths` is the number of its terms.
    """

    postings: PostingsKind
    passage_norms: Scores
    firsts: NDArray[np.int32]
    ends: NDArray[np.int32]
    document_lengths: NDArray[np.int32]
    passages: int
    mean_document_length: float

    @classmethod
    def of(
        cls,
        postings: PostingsKind,
        *,
        firsts: NDArray[np.int32],
        ends: NDArray[np.int32],
        lengths: NDArray[np.int32],
        document_lengths: NDArray[np.int32],
        alive: NDArray[np.bool_] | None,
        passages: int,
        documents: int,
        total_length: int,
    ) -> Self:
        """Return the lexicon of the rows that are `alive`; None for all.

        `lengths` has the number of terms of each passage. The numbers of passages and documents
        and the total length are of those that are alive.
        """
        passage_norms = norms(lengths, total_length / (passages or 1))
        if alive is not None:
            passage_norms[~alive] = np.inf  # makes every score 0, which no search finds
        mean = total_length / (documents or 1)
        return cls(postings, passage_norms, firsts, ends, document_lengths, passages, mean)

    def prefetch(self, terms: Iterable[str]) -> None:
        """Fetch at once what is soon asked of terms, where that is far."""
        self.postings.prefetch(terms)

    def frequency(self, term: str) -> int:
        """Return how many passages hold a term."""
        return self.postings.frequency(term)

    def form(self, term: str) -> str | None:
        """Return the word that a term most often comes from, None if no passage holds it."""
        return self.postings.form(term)

    def forms_beginning_with(self, letter: str, lengths: range) -> list[str]:
        """Return the forms of terms that begin with an ASCII letter and have so many bytes."""
        return self.postings.forms_beginning_with(letter, lengths)

    def weight(self, term: str) -> float:
        """Return the inverse document frequency of a term, whether or not any passage holds it."""
        held = self.postings.frequency(term)
        return log(1 + (self.passages - held + 0.5) / (held + 0.5))

    def best(
        self, terms: Sequence[Term], limit: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.intp], Scores]:
        """Return the rows and scores of the `limit` best passages, best first, ties in row order.

        Each of them holds a term and is `allowed`; None allows all.
        """
        rows, scores = np.empty(0, np.intp), np.empty(0, np.float32)
        norms = self.passage_norms
        edges = list(_edges(len(norms)))
        lists = [postings.cut(np.array(edges)) for postings in self._lists(terms)]
        room = np.empty(min(len(norms), LONGEST_STRETCH), np.float32)
        for number, (start, end) in enumerate(pairwise(edges)):
            stretch = _Stretch(
                norms=norms[start:end],
                allowed=None if allowed is None else allowed[start:end],
                lists=[stretches[number] for stretches in lists],
                start=start,
            )
            to_beat = float(scores[-1]) if len(scores) == limit else 0.0
            more_rows, more_scores = stretch.reaching(to_beat * (1 - _SLACK), room)
            rows = np.concatenate([rows, more_rows + start])
            scores = np.concatenate([scores, more_scores])
            best = greatest(scores, limit)
            rows, scores = rows[best], scores[best]
        return rows, scores

    def scores(self, terms: Sequence[Term], rows: Rows) -> tuple[Scores, Scores]:
        """Return the scores of the passages `rows`, and of the whole document that each is of.

        The score of one that holds no term is 0.
        """
        firsts, document_of_row = np.unique(self.firsts[rows], return_inverse=True)
        edges = np.column_stack([firsts, self.ends[firsts]]).ravel()
        document_norms = norms(self.document_lengths[firsts], self.mean_document_length)
        all_norms = np.concatenate([self.passage_norms[rows], document_norms])
        scores = np.zeros_like(all_norms)
        for postings in self._lists(terms):
            bounds = postings.first_from(edges)
            document, entry = in_ranges(bounds[::2], bounds[1::2])
            held = PostingList(postings.bound, postings.rows[entry], postings.counts[entry])
            in_documents = np.bincount(document, held.counts, len(firsts))
            counts = np.concatenate([held.counts_of(rows), in_documents])
            scores += score(postings.bound, counts, all_norms)
        return scores[: len(rows)], scores[len(rows) :][document_of_row]

    def held_by_document(self, terms: Sequence[Term], row: int) -> frozenset[str]:
        """Return which of the terms the document of the passage `row` holds."""
        bounds = np.array([self.firsts[row], self.ends[row]])

        def holds(term: Term) -> bool:
            rows, _ = self.postings.of(term.text)
            first, end = map(int, np.searchsorted(rows, bounds))
            return end > first

        return frozenset(term.text for term in terms if holds(term))

    def _lists(self, terms: Sequence[Term]) -> list[PostingList]:
        """Return the postings of the terms in order of falling bound: sums depend on the order."""
        lists = (
            PostingList(term.times * term.weight * (K1 + 1), *self.postings.of(term.text))
            for term in terms
        )
        return sorted(lists, key=lambda postings: -postings.bound)


def norms(lengths: Rows, mean: float) -> Scores:
    """Return K1 times each length in units of the mean one, softened by B."""
    softened: Scores = (K1 * (1 - B + B * lengths / (mean or 1.0))).astype(np.float32)
    return softened


def score(bound: float | Scores, counts: NDArray[np.number], norms: Scores) -> Scores:
    """Return what a term adds to texts that hold it so often; 0 where one does not."""
    scores = counts.astype(np.float32)
    softened = scores + norms
    scores *= bound
    scores /= softened
    return scores


def greatest(scores: Scores, limit: int) -> NDArray[np.intp]:
    """Return the indices of the `limit` greatest scores, greatest first, ties in order."""
    indices = np.arange(len(scores))
    if len(scores) > limit:
        indices = np.flatnonzero(scores >= np.partition(scores, -limit)[-limit])
    ranked: NDArray[np.intp] = indices[np.argsort(-scores[indices], kind="stable")]
    return ranked[:limit]


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
    """Passages that follow one another from row `start` on; rows are counted from there."""

    norms: Scores
    allowed: NDArray[np.bool_] | None
    lists: Sequence[PostingList]
    start: int

    def reaching(self, least: float, room: Scores) -> tuple[NDArray[np.intp], Scores]:
        """Return which rows score `least` and above 0, and their scores; `room` is written over."""
        scores = room[: len(self.norms)]
        scores.fill(0)
        bound_left = _sums_from([each.bound if len(each.rows) else 0.0 for each in self.lists])
        entries_left = _sums_from([len(each.rows) for each in self.lists])
        done = 0
        if self.allowed is None:  # a row that is in none of these lists cannot reach `least`
            done = sum(least <= bound for bound in bound_left[:-1])
            self._add(scores, self.lists[:done])
        while True:
            hopeful = self._hopeful(scores, least - bound_left[done])
            looked_up = np.count_nonzero(hopeful)
            if not entries_left[done] or looked_up * LOOK_UP_COST < entries_left[done]:
                break
            self._add(scores, self.lists[done : done + 1])
            done += 1
        # The few rows that may still reach `least` are looked up in the lists that are left.
        rows = np.flatnonzero(hopeful)
        scores = scores[rows]
        for postings, after in zip(self.lists[done:], bound_left[done + 1 :], strict=True):
            counts = postings.counts_of(rows + self.start)
            scores += score(postings.bound, counts, self.norms[rows])
            hopeful = scores >= least - after
            rows, scores = rows[hopeful], scores[hopeful]
        holding = scores > 0
        return rows[holding], scores[holding]

    def _add(self, scores: Scores, lists: Sequence[PostingList]) -> None:
        if not lists:
            return
        sizes = [len(postings.rows) for postings in lists]
        bounds = np.repeat(np.array([postings.bound for postings in lists], np.float32), sizes)
        rows = np.concatenate([postings.rows for postings in lists], dtype=np.intp) - self.start
        counts = np.concatenate([postings.counts for postings in lists])
        np.add.at(scores, rows, score(bounds, counts, self.norms[rows]))

    def _hopeful(self, scores: Scores, least: float) -> NDArray[np.bool_]:
        hopeful = scores >= least if least > 0 else scores > least
        return hopeful if self.allowed is None else hopeful & self.allowed


def _sums_from(values: Sequence[float]) -> list[float]:
    """Return the sum of all values from each on, and 0 at the end."""
    return list(accumulate(reversed(values), initial=0.0))[::-1]
