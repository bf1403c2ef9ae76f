"""Vectors by the text they belong to: no text is embedded twice."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embedded_texts import (
    EmbeddedTexts,
    Found,
    InOneShard,
    InShards,
    passage_texts,
    sentence_texts,
)
from index.encoder import Vectors
from index.model import Model
from index.open_shard import OpenShard
from index.records import ChunkedDocument
from index.shard_content import ShardContent, distinct_headings
from index.snapshot import Snapshot


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
        self._old = [*(InShards(each.shards.values) for each in same), InShards(kept)]
        self._new: dict[str, NDArray[np.float16]] = {}

    @property
    def dimension(self) -> int | None:
        """The length of a vector; None as long as there is none."""
        if self._new:
            return len(next(iter(self._new.values())))
        return next((known.dimension for known in self._old if known.dimension), None)

    def missing(self, documents: Sequence[ChunkedDocument]) -> Iterator[str]:
        """Yield the texts that have no vector yet, repetitions included."""
        yield from (text for text in passage_texts(documents) if self._passage(text) is None)
        for texts in (sentence_texts(documents), distinct_headings(documents)):
            yield from (text for text in texts if self._short(text) is None)

    def add(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep new vectors, shape (len(texts), dimension)."""
        self._new.update(zip(texts, vectors.astype(np.float16), strict=True))

    def content(
        self, documents: Sequence[ChunkedDocument], before: OpenShard | None = None
    ) -> ShardContent:
        """Return documents with their vectors, which must be known.

        `before` is a shard of the same model and backend that has most of them, if there is one.
        """
        near = (InOneShard(before),) if before else ()
        return ShardContent(
            tuple(documents),
            self._stack(self._passage(text, near) for text in passage_texts(documents)),
            self._stack(self._short(text, near) for text in sentence_texts(documents)),
            self._stack(self._short(text, near) for text in distinct_headings(documents)),
        )

    def _passage(self, text: str, near: Sequence[EmbeddedTexts] = ()) -> Found:
        new = self._new.get(text)
        each = (known.passage(text) for known in (*near, *self._old))
        return new if new is not None else next((v for v in each if v is not None), None)

    def _short(self, text: str, near: Sequence[EmbeddedTexts] = ()) -> Found:
        new = self._new.get(text)
        each = (known.short(text) for known in (*near, *self._old))
        return new if new is not None else next((v for v in each if v is not None), None)

    def _stack(self, vectors: Iterable[Found]) -> NDArray[np.float16]:
        found: list[NDArray[Any]] = []
        for vector in vectors:
            if vector is None:
                raise KeyError("a text without a vector")
            found.append(vector)
        if not found:
            return np.empty((0, self.dimension or 0), np.float16)
        return np.stack(found).astype(np.float16)
