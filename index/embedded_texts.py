"""Texts that were embedded before, and their vectors."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from operator import attrgetter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.open_shard import OpenShard
from index.places import text_digest
from index.records import ChunkedDocument, passage_text
from index.shard_content import distinct_headings

Found = NDArray[Any] | None
"""The vector of a text, shape (dimension,), or that there is none."""


class EmbeddedTexts(Protocol):
    """Texts that have vectors: of passages, and short ones, which are sentences and headings."""

    def passage(self, text: str) -> Found:
        """Return the vector of a passage's text."""
        ...

    def short(self, text: str) -> Found:
        """Return the vector of a sentence or heading."""
        ...


def passage_texts(documents: Iterable[ChunkedDocument]) -> Iterator[str]:
    """Yield what is embedded of each passage in turn."""
    for chunked in documents:
        for passage in chunked.passages:
            yield passage_text(chunked.document, passage)


def sentence_texts(documents: Iterable[ChunkedDocument]) -> Iterator[str]:
    """Yield each sentence of each passage in turn."""
    for chunked in documents:
        text = chunked.document.text
        for passage in chunked.passages:
            for sentence in passage.sentences:
                yield sentence.of(text)


class InOneShard:
    """The texts of one shard, all of which are read."""

    def __init__(self, shard: OpenShard) -> None:
        documents = list(shard.documents())
        above = distinct_headings(documents)
        self._passages = dict(zip(passage_texts(documents), shard.passage_vectors, strict=True))
        self._shorts = dict(zip(above, shard.heading_vectors, strict=True))
        self._shorts.update(zip(sentence_texts(documents), shard.sentence_vectors, strict=True))

    def passage(self, text: str) -> Found:
        """Return the vector of a passage's text."""
        return self._passages.get(text)

    def short(self, text: str) -> Found:
        """Return the vector of a sentence or heading."""
        return self._shorts.get(text)


class InShards:
    """The texts of very many shards: looked up by digests, and read where these are the same.

    The shards are asked for when the first text is.
    """

    def __init__(self, shards: Callable[[], Iterable[OpenShard]]) -> None:
        self._read = shards

    @property
    def dimension(self) -> int | None:
        """The length of a vector; None where there is none."""
        return next((each.passage_vectors.shape[1] for each in self._shards), None)

    def passage(self, text: str) -> Found:
        """Return the vector of a passage's text."""
        for shard, row in self._passages.rows(text):
            if shard.embedded_text(row) == text:
                return _row(shard.passage_vectors, row)
        return None

    def short(self, text: str) -> Found:
        """Return the vector of a sentence or heading."""
        for shard, row in self._sentences.rows(text):
            if shard.sentence_text(row) == text:
                return _row(shard.sentence_vectors, row)
        for shard, row in self._headings.rows(text):
            if shard.heading(row) == text:
                return _row(shard.heading_vectors, row)
        return None

    @cached_property
    def _shards(self) -> list[OpenShard]:
        return list(self._read())

    @cached_property
    def _passages(self) -> "_ByDigest":
        return _ByDigest(self._shards, attrgetter("places.passage_digests"))

    @cached_property
    def _sentences(self) -> "_ByDigest":
        return _ByDigest(self._shards, attrgetter("columns.sentence_digests"))

    @cached_property
    def _headings(self) -> "_ByDigest":
        return _ByDigest(self._shards, attrgetter("places.heading_digests"))


class _ByDigest:
    """Rows of shards by the digest of their text."""

    def __init__(
        self,
        shards: Sequence[OpenShard],
        digests: Callable[[OpenShard], NDArray[np.uint64]],
    ) -> None:
        each = [digests(shard) for shard in shards]
        joined = np.concatenate([np.empty(0, np.uint64), *each])
        self._shards = shards
        self._ends = np.array(list(accumulate(map(len, each))), np.int64)
        self._order = np.argsort(joined, kind="stable")
        self._digests = joined[self._order]

    def rows(self, text: str) -> Iterator[tuple[OpenShard, int]]:
        """Yield where the text's digest stands, as a shard and a row of it."""
        wanted = np.uint64(text_digest(text))
        first = int(np.searchsorted(self._digests, wanted))
        while first < len(self._digests) and self._digests[first] == wanted:
            row = int(self._order[first])
            shard = int(np.searchsorted(self._ends, row, "right"))
            before = int(self._ends[shard - 1]) if shard else 0
            yield self._shards[shard], row - before
            first += 1


def _row(vectors: NDArray[Any], row: int) -> NDArray[Any]:
    found: NDArray[Any] = vectors[row]
    return found
