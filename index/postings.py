"""Which passage holds which term, and how often: what lexical search reads.

A passage's terms are those of its text and, counted three times, of its headings, with the
document's title among them: a passage of "Redness" is about redness even where it says "it".
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.manifest import PostingsFiles
from index.objects import ObjectFolder
from index.records import ChunkedDocument
from index.shard_terms import ShardTerms, count_terms
from index.terms import stem


@dataclass(frozen=True, slots=True)
class Postings:
    """The terms of all passages; all arrays may be mapped from disk.

    `vocabulary` is sorted; `forms` has for each term the word that it most often comes from.
    Entries `starts[i]` to `starts[i + 1]` of `rows` and `counts` belong
    to its term i: the passages that hold it, in order, and how often each does (255 at most).
    `lengths` has the number of terms of each passage.
    """

    vocabulary: tuple[str, ...]
    forms: tuple[str, ...]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.int32]

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Return the passages that hold `term`, in order, and how often each does."""
        at = self._position(term)
        within = slice(0, 0) if at is None else slice(self.starts[at], self.starts[at + 1])
        return self.rows[within], self.counts[within]

    def frequency(self, term: str) -> int:
        """Return in how many passages `term` stands."""
        at = self._position(term)
        return 0 if at is None else int(self.starts[at + 1] - self.starts[at])

    def form(self, term: str) -> str | None:
        """Return the word that `term` most often comes from, None if no passage holds it."""
        at = self._position(term)
        return None if at is None else self.forms[at]

    def _position(self, term: str) -> int | None:
        at = bisect_left(self.vocabulary, term)
        found = at < len(self.vocabulary) and self.vocabulary[at] == term
        return at if found else None


def build_postings(documents: Iterable[ChunkedDocument]) -> Postings:
    """Return the postings of the documents' passages; these are numbered in their order."""
    return join_terms([count_terms(documents)])


def join_terms(shards: Sequence[ShardTerms]) -> Postings:
    """Return the postings of the passages of all shards, which are numbered through."""
    vocabulary = sorted({term for shard in shards for term in shard.vocabulary})
    numbers = {term: number for number, term in enumerate(vocabulary)}
    own = [np.array([numbers[term] for term in shard.vocabulary], np.int64) for shard in shards]
    held_by = np.zeros(len(vocabulary), np.int64)
    for terms, shard in zip(own, shards, strict=True):
        held_by[terms] += np.diff(shard.starts)
    starts = np.concatenate([[0], np.cumsum(held_by)]).astype(np.int64)
    rows, counts = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.uint8)
    free, passages = starts[:-1].copy(), 0
    for terms, shard in zip(own, shards, strict=True):
        held = np.diff(shard.starts)
        places = np.repeat(free[terms] - shard.starts[:-1], held) + np.arange(len(shard.rows))
        rows[places] = shard.rows + passages
        counts[places] = shard.counts
        free[terms] += held
        passages += len(shard.lengths)
    said: Counter[str] = Counter()
    for shard in shards:
        for word, times in zip(shard.words, shard.said.tolist(), strict=True):
            said[word] += times
    return Postings(
        vocabulary=tuple(vocabulary),
        forms=_forms(vocabulary, said),
        starts=starts,
        rows=rows,
        counts=counts,
        lengths=np.concatenate([np.empty(0, np.int32), *(shard.lengths for shard in shards)]),
    )


def write_postings(postings: Postings, objects: ObjectFolder) -> PostingsFiles:
    """Put the postings into the store."""
    return PostingsFiles(
        vocabulary=objects.put("\n".join(postings.vocabulary).encode()),
        forms=objects.put("\n".join(postings.forms).encode()),
        starts=objects.put_array(postings.starts),
        rows=objects.put_array(postings.rows),
        counts=objects.put_array(postings.counts),
        lengths=objects.put_array(postings.lengths),
    )


def read_postings(files: PostingsFiles, objects: ObjectFolder) -> Postings:
    """Map postings from the store. Raises StoreDamagedError if they are not what was written."""
    return Postings(
        vocabulary=tuple(objects.get(files.vocabulary).decode().splitlines()),
        forms=tuple(objects.get(files.forms).decode().splitlines()),
        starts=objects.map_array(files.starts),
        rows=objects.map_array(files.rows),
        counts=objects.map_array(files.counts),
        lengths=objects.map_array(files.lengths),
    )


def _forms(vocabulary: Sequence[str], said: Mapping[str, int]) -> tuple[str, ...]:
    """Return for each term the word that is said most often of those it stands for."""
    best: dict[str, str] = {}
    for word in sorted(said, key=lambda word: (-said[word], len(word), word)):
        best.setdefault(stem(word), word)
    return tuple(best[term] for term in vocabulary)
