"""Vectors by the text they belong to: no text is embedded twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        self._new: dict[str, Vectors] = {}
        self._old_passages: dict[str, Vectors] = {}
        self._old_short: dict[str, NDArray[np.float16]] = {}
        for snapshot in old:
            made_by = snapshot.manifest.model_fingerprint, snapshot.manifest.backend
            if made_by == (model.fingerprint, backend):
                self._take(snapshot)

    def _take(self, old: Snapshot) -> None:
        in_order = dict.fromkeys(passage.document_id for passage in old.passages)
        documents = [old.chunked[document_id] for document_id in in_order]
        rows = old.passage_index.reconstruct_n(0, old.passage_index.ntotal)
        self._old_passages.update(zip(_passage_texts(documents), rows, strict=True))
        sentences = zip(_sentence_texts(documents), old.sentence_vectors, strict=True)
        self._old_short.update(sentences)
        self._old_short.update(zip(old.headings, old.heading_vectors, strict=True))

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return len(next(iter((self._new or self._old_passages).values())))

    def missing(self, documents: Sequence[ChunkedDocument]) -> Iterator[str]:
        """Yield the texts that have no vector yet, repetitions included."""
        for texts, old in (
            (_passage_texts(documents), self._old_passages),
            (_sentence_texts(documents), self._old_short),
            (distinct_headings(documents), self._old_short),
        ):
            yield from (text for text in texts if text not in old and text not in self._new)

    def add(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep new vectors, shape (len(texts), dimension)."""
        self._new.update(zip(texts, vectors, strict=True))

    def passages(self, documents: Sequence[ChunkedDocument]) -> Vectors:
        """Return the passages' vectors in order, shape (passages, dimension)."""
        texts = _passage_texts(documents)
        return np.stack([self._find(text, self._old_passages) for text in texts])

    def sentences(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the sentences' vectors in order, shape (sentences, dimension)."""
        return self._short(_sentence_texts(documents))

    def headings(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the distinct headings' vectors in order, shape (headings, dimension)."""
        return self._short(distinct_headings(documents))

    def _short(self, texts: Iterable[str]) -> NDArray[np.float16]:
        vectors = [self._find(text, self._old_short) for text in texts]
        rows = [vector.astype(np.float16) for vector in vectors]
        return np.stack(rows) if rows else np.empty((0, self.dimension), np.float16)

    def _find(self, text: str, old: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        vector = self._new.get(text)
        return old[text] if vector is None else vector


def _passage_texts(documents: Sequence[ChunkedDocument]) -> Iterator[str]:
    for chunked in documents:
        text = chunked.document.text
        for passage in chunked.passages:
            yield embedded_text(passage.heading_path, passage.span.of(text))


def _sentence_texts(documents: Sequence[ChunkedDocument]) -> Iterator[str]:
    for chunked in documents:
        text = chunked.document.text
        for passage in chunked.passages:
            for sentence in passage.sentences:
                yield sentence.of(text)
