"""Passages' vectors by the text that was embedded: no text is embedded twice."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from index.encoding.encoder import Vectors
from index.encoding.model import Model
from index.records import ChunkedDocument, passage_text
from index.store.open_shard import OpenShard
from index.store.places import embedded_digest
from index.store.snapshot import Snapshot

Digest = tuple[int, int]
Found = NDArray[np.float16] | None
"""The vector of a text, shape (dimension,), or that there is none."""


class VectorCache:
    """The vectors of a corpus by the exact text that was embedded, in half precision.

    Filled from old snapshots where model and backend are the same, and, if these lack a text, from
    what `kept` returns, which must be of that model and backend.
    """

    def __init__(
        self,
        old: Iterable[Snapshot],
        model: Model,
        backend: str,
        kept: Callable[[], Iterable[OpenShard]] = lambda: (),
    ) -> None:
        made_by = model.fingerprint, backend
        same = [each for each in old if each.manifest.made_by[1:] == made_by]
        self._old = [*(StoredVectors(each.shards.values) for each in same), StoredVectors(kept)]
        self._new: dict[Digest, NDArray[np.float16]] = {}

    @property
    def dimension(self) -> int | None:
        """The length of a vector; None as long as there is none."""
        if self._new:
            return len(next(iter(self._new.values())))
        return next((known.dimension for known in self._old if known.dimension), None)

    def missing(self, documents: Sequence[ChunkedDocument]) -> Iterator[str]:
        """Yield what is to be embedded of the documents' passages, repetitions included."""
        for text in _embedded_texts(documents):
            if self._find(embedded_digest(text)) is None:
                yield text

    def add(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep new vectors, shape (len(texts), dimension)."""
        digests = map(embedded_digest, texts)
        self._new.update(zip(digests, vectors.astype(np.float16), strict=True))

    def vectors_of(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the vectors of the documents' passages, which must be known.

        They have shape (passages, dimension).
        """
        found: list[NDArray[np.float16]] = []
        for text in _embedded_texts(documents):
            vector = self._find(embedded_digest(text))
            if vector is None:
                raise KeyError("a text without a vector")
            found.append(vector)
        return np.stack(found) if found else np.empty((0, self.dimension or 0), np.float16)

    def _find(self, digest: Digest) -> Found:
        new = self._new.get(digest)
        if new is not None:
            return new
        each = (known.find(digest) for known in self._old)
        return next((vector for vector in each if vector is not None), None)


class StoredVectors:
    """The vectors of shards, which are asked for when the first vector is."""

    def __init__(self, shards: Callable[[], Iterable[OpenShard]]) -> None:
        self._read = shards

    @property
    def dimension(self) -> int | None:
        """The length of a vector; None where there is none."""
        return next((each.passage_vectors.shape[1] for each in self._shards), None)

    def find(self, digest: Digest) -> Found:
        """Return the vector of the text that has this digest."""
        firsts, order = self._in_order
        wanted = np.uint64(digest[0])
        for at in range(int(np.searchsorted(firsts, wanted)), len(firsts)):
            if firsts[at] != wanted:
                break
            number = int(np.searchsorted(self._ends, order[at], "right"))
            shard = self._shards[number]
            row = int(order[at]) - (self._ends[number - 1] if number else 0)
            if int(shard.places.embedded_digests[row, 1]) == digest[1]:
                vector: NDArray[np.float16] = shard.passage_vectors[row]
                return vector
        return None

    @cached_property
    def _shards(self) -> list[OpenShard]:
        return list(self._read())

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(len(each.passage_vectors) for each in self._shards))

    @cached_property
    def _in_order(self) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
        """The first numbers of all digests, sorted, and the row of each."""
        firsts = [shard.places.embedded_digests[:, 0] for shard in self._shards]
        joined = np.concatenate([np.empty(0, np.uint64), *firsts])
        order = np.argsort(joined, kind="stable")
        return joined[order], order


def _embedded_texts(documents: Iterable[ChunkedDocument]) -> Iterator[str]:
    for chunked in documents:
        for passage in chunked.passages:
            yield passage_text(chunked.document, passage)
