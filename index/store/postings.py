"""Which passage holds which term, and how often: what lexical search reads.

A passage's terms are those of its text and, counted three times, of its headings, with the
document's title among them: a passage of "Redness" is about redness even where it says "it".
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.records import ChunkedDocument
from index.search.terms import stem
from index.store.manifest import PostingsFiles
from index.store.objects import ObjectFolder
from index.store.ranges import in_ranges
from index.store.shard_terms import ShardTerms, count_terms
from index.store.word_list import WordList

_TERMS_REMEMBERED = 1 << 12


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """The terms of all passages; all arrays may be mapped from disk.

    `vocabulary` is sorted; `forms` has for each term the word that it most often comes from.
    Entries `starts[i]` to `starts[i + 1]` of `rows` and `counts` belong
    to its term i: the passages that hold it, in order, and how often each does (255 at most).
    `lengths` has the number of terms of each passage.
    """

    vocabulary: WordList
    forms: WordList
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.int32]
    _number: Callable[[str], int | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        remembered = lru_cache(_TERMS_REMEMBERED)(self.vocabulary.find)
        object.__setattr__(self, "_number", remembered)

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Return the passages that hold `term`, in order, and how often each does."""
        number = self._number(term)
        if number is None:
            return self.rows[:0], self.counts[:0]
        within = slice(self.starts[number], self.starts[number + 1])
        return self.rows[within], self.counts[within]

    def frequency(self, term: str) -> int:
        """Return in how many passages `term` stands."""
        number = self._number(term)
        return 0 if number is None else int(self.starts[number + 1] - self.starts[number])

    def form(self, term: str) -> str | None:
        """Return the word that `term` most often comes from, None if no passage holds it."""
        number = self._number(term)
        return None if number is None else self.forms[number]

    def forms_beginning_with(self, letter: str, lengths: range) -> list[str]:
        """Return those of `forms` that begin with an ASCII letter and have so many bytes.

        A term begins as its words do: Snowball stems English at the end alone.
        """
        first, last = self.vocabulary.place(letter), self.vocabulary.place(chr(ord(letter) + 1))
        return self.forms.of_length(range(first, last), lengths)


def build_postings(documents: Iterable[ChunkedDocument]) -> Postings:
    """Return the postings of the documents' passages; these are numbered in their order."""
    return join_terms([count_terms(documents)])


def join_terms(shards: Iterable[ShardTerms]) -> Postings:
    """Return the postings of the passages of all shards, which are numbered through.

    Shards may be read one by one: what is kept of each takes little room.
    """
    terms, words, kept = _Totals(), _Totals(), []
    for shard in shards:
        numbers = terms.add(shard.vocabulary, np.diff(shard.starts))
        words.add(shard.words, shard.said)
        kept.append(_Entries.of(shard, numbers))
    vocabulary = sorted(terms.numbers)
    order = np.array([terms.numbers[term] for term in vocabulary], np.int64)
    starts = np.concatenate([[0], np.cumsum(terms.sums[order])]).astype(np.int64)
    free, passages = np.empty(len(order), np.int64), 0
    free[order] = starts[:-1]
    rows, counts = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.uint8)
    for entries in kept:
        first = free[entries.terms]
        free[entries.terms] += entries.held
        _, places = in_ranges(first, free[entries.terms])
        rows[places] = np.add(entries.rows, passages, dtype=np.int32)
        counts[places] = entries.counts
        passages += len(entries.lengths)
    return Postings(
        vocabulary=WordList.of(vocabulary),
        forms=WordList.of(_forms(vocabulary, words)),
        starts=starts,
        rows=rows,
        counts=counts,
        lengths=np.concatenate([np.empty(0, np.int32), *(entries.lengths for entries in kept)]),
    )


def write_postings(postings: Postings, objects: ObjectFolder) -> PostingsFiles:
    """Put the postings into the store."""
    return PostingsFiles(
        vocabulary=objects.put(postings.vocabulary.joined.tobytes()),
        forms=objects.put(postings.forms.joined.tobytes()),
        starts=objects.put_array(postings.starts),
        rows=objects.put_array(postings.rows),
        counts=objects.put_array(postings.counts),
        lengths=objects.put_array(postings.lengths),
    )


def read_postings(files: PostingsFiles, objects: ObjectFolder) -> Postings:
    """Map postings from the store. Raises StoreDamagedError if they are not what was written."""
    return Postings(
        vocabulary=WordList.over(objects.map_bytes(files.vocabulary)),
        forms=WordList.over(objects.map_bytes(files.forms)),
        starts=objects.map_array(files.starts),
        rows=objects.map_array(files.rows),
        counts=objects.map_array(files.counts),
        lengths=objects.map_array(files.lengths),
    )


@dataclass(slots=True)
class _Totals:
    """Words numbered as they come, and the sum of what was said of each.

    There may be more of `sums` than of words.
    """

    numbers: defaultdict[str, int] = field(default_factory=defaultdict)
    sums: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        self.numbers.default_factory = self.numbers.__len__

    def add(self, words: Sequence[str], values: NDArray[np.int64]) -> NDArray[np.int32]:
        """Add a value for each of some distinct words, and return the words' numbers."""
        numbers = np.fromiter(map(self.numbers.__getitem__, words), np.int32, len(words))
        if len(self.numbers) > len(self.sums):
            self.sums = np.pad(self.sums, (0, len(self.numbers)))
        self.sums[numbers] += values
        return numbers


@dataclass(frozen=True, slots=True)
class _Entries:
    """What is kept of a shard: `terms` are numbers of all shards' terms, `held` their passages."""

    terms: NDArray[np.int32]
    held: NDArray[np.unsignedinteger]
    rows: NDArray[np.unsignedinteger]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.int32]

    @classmethod
    def of(cls, shard: ShardTerms, terms: NDArray[np.int32]) -> Self:
        """Keep it in as few bytes as will do: a shard has few passages."""
        small = np.min_scalar_type(len(shard.lengths))
        held = np.diff(shard.starts).astype(small)
        return cls(terms, held, shard.rows.astype(small), shard.counts, shard.lengths)


def _forms(vocabulary: Sequence[str], words: _Totals) -> Iterable[str]:
    """Return for each term the word that is said most often of those it stands for."""
    said = words.sums.tolist()
    by_use = sorted(words.numbers, key=lambda word: (-said[words.numbers[word]], len(word), word))
    best: dict[str, str] = {}
    for word in by_use:
        best.setdefault(stem(word), word)
    return (best[term] for term in vocabulary)
