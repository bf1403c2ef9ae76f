"""The terms of one shard's passages: counted once, however often other shards change."""

import io
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.records import ChunkedDocument, headings_and_context
from index.search.terms import stem, words

HEADING_WEIGHT = 3
_MOST = 255


@dataclass(frozen=True, slots=True)
class ShardTerms:
    """Postings of a shard's passages, which are numbered from 0; see `Postings`.

    `words` are the words that the terms come from, sorted, and `said` how often each stands in
    the text; a word that is in headings only is said 0 times.
    """

    vocabulary: tuple[str, ...]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.int32]
    words: tuple[str, ...]
    said: NDArray[np.int64]

    def to_bytes(self) -> bytes:
        """Return the form on disk: NumPy arrays one after the other."""
        file = io.BytesIO()
        for content in (
            _joined(self.vocabulary),
            self.starts,
            self.rows,
            self.counts,
            self.lengths,
            _joined(self.words),
            self.said,
        ):
            np.save(file, content, allow_pickle=False)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "ShardTerms":
        """Return what was written."""
        file = io.BytesIO(content)
        arrays = [np.load(file, allow_pickle=False) for _ in range(7)]
        vocabulary, starts, rows, counts, lengths, written, said = arrays
        return cls(_divided(vocabulary), starts, rows, counts, lengths, _divided(written), said)


def count_terms(documents: Iterable[ChunkedDocument]) -> ShardTerms:
    """Return the terms of the documents' passages; these are numbered in their order."""
    numbers: dict[str, int] = {}
    said: Counter[str] = Counter()
    rows, columns, counts, lengths = array("i"), array("i"), array("B"), array("i")
    for chunked in documents:
        for passage in chunked.passages:
            written = words(passage.span.of(chunked.document.text))
            said.update(written)
            held = Counter(map(stem, written))
            for heading in headings_and_context(chunked.document, passage):
                for word in _heading_words(heading):
                    said.setdefault(word, 0)
                    held[stem(word)] += HEADING_WEIGHT
            for term, count in held.items():
                columns.append(numbers.setdefault(term, len(numbers)))
                counts.append(min(count, _MOST))
            rows.extend([len(lengths)] * len(held))
            lengths.append(held.total())
    vocabulary = sorted(numbers)
    rank = np.empty(len(numbers), np.int32)
    rank[[numbers[term] for term in vocabulary]] = np.arange(len(numbers), dtype=np.int32)
    in_order = rank[np.array(columns, np.int32)]
    order = np.argsort(in_order, kind="stable")
    held_by = np.bincount(in_order, minlength=len(numbers))
    written_words = sorted(said)
    return ShardTerms(
        vocabulary=tuple(vocabulary),
        starts=np.concatenate([[0], np.cumsum(held_by)]).astype(np.int64),
        rows=np.array(rows, np.int32)[order],
        counts=np.array(counts, np.uint8)[order],
        lengths=np.array(lengths, np.int32),
        words=tuple(written_words),
        said=np.array([said[word] for word in written_words], np.int64),
    )


@lru_cache(maxsize=4096)
def _heading_words(heading: str) -> tuple[str, ...]:
    return tuple(words(heading))


def _joined(words: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(words).encode(), np.uint8)


def _divided(joined: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(joined.tobytes().decode().splitlines())
