"""Vectors by the text they belong to: no text is embedded twice."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embedded_texts import (
    EmbeddedTexts,
    in_shards,
    in_snapshot,
    passage_texts,
    sentence_texts,
)
from index.encoder import Vectors
from index.model import Model
from index.records import ChunkedDocument
from index.shards import ShardContent, distinct_headings
from index.snapshot import Snapshot


class VectorCache:
    """The vectors of a corpus by the exact text that was embedded.

    Filled from old snapshots where model and backend are the same, and, if these lack a text, from
    what `kept` returns, which must be of that model and backend. Those of sentences and headings
    are stored in half precision: they refine a ranking, they do not make it.
    """

    def __init__(
        self,
        old: Iterable[Snapshot],
        model: Model,
        backend: str,
        kept: Callable[[], Iterable[ShardContent]] = lambda: (),
    ) -> None:
        made_by = model.fingerprint, backend
        snapshots = [in_snapshot(each) for each in old if each.manifest.made_by[1:] == made_by]
        self._old: list[EmbeddedTexts] = [*snapshots, in_shards(kept)]
        self._new: dict[str, Vectors] = {}

    @property
    def dimension(self) -> int | None:
        """The length of a vector; None as long as there is none."""
        if self._new:
            return len(next(iter(self._new.values())))
        return next((known.dimension for known in self._old if known.dimension), None)

    def missing(self, documents: Sequence[ChunkedDocument]) -> Iterator[str]:
        """Yield the texts that have no vector yet, repetitions included."""
        for text in passage_texts(documents):
            if text not in self._new and not any(old.has_passage(text) for old in self._old):
                yield text
        for texts in (sentence_texts(documents), distinct_headings(documents)):
            for text in texts:
                if text not in self._new and not any(old.has_short(text) for old in self._old):
                    yield text

    def add(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep new vectors, shape (len(texts), dimension)."""
        self._new.update(zip(texts, vectors, strict=True))

    def passages(self, documents: Sequence[ChunkedDocument]) -> Vectors:
        """Return the passages' vectors in order, shape (passages, dimension)."""
        return np.stack([self._passage(text) for text in passage_texts(documents)])

    def sentences(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the sentences' vectors in order, shape (sentences, dimension)."""
        return self._shorts(sentence_texts(documents))

    def headings(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the distinct headings' vectors in order, shape (headings, dimension)."""
        return self._shorts(distinct_headings(documents))

    def _passage(self, text: str) -> Vectors:
        if text in self._new:
            return self._new[text]
        return next(old for old in self._old if old.has_passage(text)).passage(text)

    def _shorts(self, texts: Iterable[str]) -> NDArray[np.float16]:
        vectors = [self._short(text).astype(np.float16) for text in texts]
        return np.stack(vectors) if vectors else np.empty((0, self.dimension or 0), np.float16)

    def _short(self, text: str) -> NDArray[Any]:
        if text in self._new:
            return self._new[text]
        return next(old for old in self._old if old.has_short(text)).short(text)
