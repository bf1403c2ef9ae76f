"""Texts that were embedded before, and their vectors."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from index.records import ChunkedDocument, embedded_text
from index.shards import ShardContent, distinct_headings
from index.snapshot import Snapshot


class EmbeddedTexts(Protocol):
    """Texts that have vectors: of passages, and short ones, which are sentences and headings."""

    @property
    def dimension(self) -> int | None:
        """The length of a vector; None where there is none."""
        ...

    def has_passage(self, text: str) -> bool:
        """Tell whether the text of a passage has a vector."""
        ...

    def passage(self, text: str) -> Vectors:
        """Return the vector of a passage's text, shape (dimension,). Raises KeyError."""
        ...

    def has_short(self, text: str) -> bool:
        """Tell whether a sentence or heading has a vector."""
        ...

    def short(self, text: str) -> NDArray[np.float16]:
        """Return the vector of a sentence or heading, shape (dimension,). Raises KeyError."""
        ...


def in_snapshot(snapshot: Snapshot) -> EmbeddedTexts:
    """Return the texts of a snapshot; where their vectors stand is found out when one is wanted."""
    return _InSnapshot(snapshot)


def in_shards(kept: Callable[[], Iterable[ShardContent]]) -> EmbeddedTexts:
    """Return the texts of single shards, which are read when the first text is asked for."""
    return _InShards(kept)


def passage_texts(documents: Iterable[ChunkedDocument]) -> Iterator[str]:
    """Yield what is embedded of each passage in turn."""
    for chunked in documents:
        text = chunked.document.text
        for passage in chunked.passages:
            yield embedded_text(passage.heading_path, passage.span.of(text))


def sentence_texts(documents: Iterable[ChunkedDocument]) -> Iterator[str]:
    """Yield each sentence of each passage in turn."""
    for chunked in documents:
        text = chunked.document.text
        for passage in chunked.passages:
            for sentence in passage.sentences:
                yield sentence.of(text)


class _InSnapshot:
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.dimension = snapshot.manifest.dimension

    @cached_property
    def _passages(self) -> dict[str, int]:
        return {text: row for row, text in enumerate(passage_texts(self._documents()))}

    @cached_property
    def _sentences(self) -> dict[str, int]:
        return {text: row for row, text in enumerate(sentence_texts(self._documents()))}

    def has_passage(self, text: str) -> bool:
        return text in self._passages

    def passage(self, text: str) -> Vectors:
        row = self._passages[text]
        vector: Vectors = self._snapshot.passage_vectors.rows(row, row + 1)[0]
        return vector

    def has_short(self, text: str) -> bool:
        return text in self._sentences or text in self._snapshot.heading_rows

    def short(self, text: str) -> NDArray[np.float16]:
        row = self._sentences.get(text)
        vectors = self._snapshot.sentence_vectors
        if row is None:
            row, vectors = self._snapshot.heading_rows[text], self._snapshot.heading_vectors
        found: NDArray[np.float16] = vectors.rows(row, row + 1)[0]
        return found

    def _documents(self) -> list[ChunkedDocument]:
        return [each for shard in self._snapshot.shards.values() for each in shard.documents]


class _InShards:
    def __init__(self, kept: Callable[[], Iterable[ShardContent]]) -> None:
        self._kept = kept

    @cached_property
    def _shards(self) -> list[ShardContent]:
        return list(self._kept())

    @cached_property
    def _passages(self) -> dict[str, tuple[Vectors, int]]:
        return {
            text: (shard.passage_vectors, row)
            for shard in self._shards
            for row, text in enumerate(passage_texts(shard.documents))
        }

    @cached_property
    def _shorts(self) -> dict[str, tuple[NDArray[np.float16], int]]:
        found: dict[str, tuple[NDArray[np.float16], int]] = {}
        for shard in self._shards:
            # The first format had no vectors of headings.
            headings = distinct_headings(shard.documents) if len(shard.heading_vectors) else ()
            rows = enumerate(headings)
            found.update((text, (shard.heading_vectors, row)) for row, text in rows)
            rows = enumerate(sentence_texts(shard.documents))
            found.update((text, (shard.sentence_vectors, row)) for row, text in rows)
        return found

    @property
    def dimension(self) -> int | None:
        return next((shard.passage_vectors.shape[1] for shard in self._shards), None)

    def has_passage(self, text: str) -> bool:
        return text in self._passages

    def passage(self, text: str) -> Vectors:
        vectors, row = self._passages[text]
        found: Vectors = vectors[row]
        return found

    def has_short(self, text: str) -> bool:
        return text in self._shorts

    def short(self, text: str) -> NDArray[np.float16]:
        vectors, row = self._shorts[text]
        found: NDArray[np.float16] = vectors[row]
        return found
