"""Vectors by the text they belong to: no text is embedded twice."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from index.model import Model
from index.records import ChunkedDocument, embedded_text
from index.shards import distinct_headings
from index.snapshot import Snapshot


class VectorCache:
    """The vectors of a corpus by the exact text that was embedded.

    Filled from old snapshots where model and backend are the same. Those of sentences and
    headings are stored in half precision: they refine a ranking, they do not make it.
    """

    def __init__(self, old: Iterable[Snapshot], model: Model, backend: str) -> None:
        made_by = model.fingerprint, backend
        self._old = [_Rows(each) for each in old if each.manifest.made_by[1:] == made_by]
        self._new: dict[str, Vectors] = {}

    @property
    def dimension(self) -> int | None:
        """The length of a vector; None as long as there is none."""
        if self._new:
            return len(next(iter(self._new.values())))
        return next((each.snapshot.manifest.dimension for each in self._old), None)

    def missing(self, documents: Sequence[ChunkedDocument]) -> Iterator[str]:
        """Yield the texts that have no vector yet, repetitions included."""
        for text in _passage_texts(documents):
            if text not in self._new and not any(text in old.passages for old in self._old):
                yield text
        for texts in (_sentence_texts(documents), distinct_headings(documents)):
            for text in texts:
                if text not in self._new and not any(old.has_short(text) for old in self._old):
                    yield text

    def add(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep new vectors, shape (len(texts), dimension)."""
        self._new.update(zip(texts, vectors, strict=True))

    def passages(self, documents: Sequence[ChunkedDocument]) -> Vectors:
        """Return the passages' vectors in order, shape (passages, dimension)."""
        return np.stack([self._passage(text) for text in _passage_texts(documents)])

    def sentences(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the sentences' vectors in order, shape (sentences, dimension)."""
        return self._shorts(_sentence_texts(documents))

    def headings(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the distinct headings' vectors in order, shape (headings, dimension)."""
        return self._shorts(distinct_headings(documents))

    def _passage(self, text: str) -> Vectors:
        if text in self._new:
            return self._new[text]
        old = next(old for old in self._old if text in old.passages)
        vector: Vectors = old.snapshot.passage_index.reconstruct(old.passages[text])
        return vector

    def _shorts(self, texts: Iterable[str]) -> NDArray[np.float16]:
        vectors = [self._short(text).astype(np.float16) for text in texts]
        return np.stack(vectors) if vectors else np.empty((0, self.dimension or 0), np.float16)

    def _short(self, text: str) -> NDArray[Any]:
        if text in self._new:
            return self._new[text]
        return next(old for old in self._old if old.has_short(text)).short(text)


class _Rows:
    """Where the vectors of a snapshot's texts stand; found out when it is first asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def passages(self) -> dict[str, int]:
        return {text: row for row, text in enumerate(_passage_texts(self._documents()))}

    @cached_property
    def _sentences(self) -> dict[str, int]:
        return {text: row for row, text in enumerate(_sentence_texts(self._documents()))}

    def has_short(self, text: str) -> bool:
        """Tell whether a sentence or heading has a vector."""
        return text in self._sentences or text in self.snapshot.heading_rows

    def short(self, text: str) -> NDArray[np.float16]:
        """Return the vector of a sentence or heading."""
        row = self._sentences.get(text)
        vectors = self.snapshot.sentence_vectors
        if row is None:
            row, vectors = self.snapshot.heading_rows[text], self.snapshot.heading_vectors
        found: NDArray[np.float16] = vectors.rows(row, row + 1)[0]
        return found

    def _documents(self) -> list[ChunkedDocument]:
        return [each for shard in self.snapshot.shards.values() for each in shard.documents]


def _passage_texts(documents: Iterable[ChunkedDocument]) -> Iterator[str]:
    for chunked in documents:
        text = chunked.document.text
        for passage in chunked.passages:
            yield embedded_text(passage.heading_path, passage.span.of(text))


def _sentence_texts(documents: Iterable[ChunkedDocument]) -> Iterator[str]:
    for chunked in documents:
        text = chunked.document.text
        for passage in chunked.passages:
            for sentence in passage.sentences:
                yield sentence.of(text)
