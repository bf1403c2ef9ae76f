"""Every text is embedded once: looked up where it was embedded before, else encoded."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder, Vectors
from index.model import Model
from index.records import ChunkedDocument, embedded_text
from index.snapshot import Snapshot

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

_BATCH = 256


def no_progress(what: str, done: int, total: int) -> None:
    """Show nothing."""


class VectorCache:
    """The vectors of a corpus by the exact text that was embedded.

    Filled from the old snapshot where model and backend are the same. Sentences are
    kept in half precision: they rank sentences within passages, not passages.
    """

    def __init__(self, old: Snapshot | None, model: Model, backend: str) -> None:
        self._passages: dict[str, Vectors] = {}
        self._sentences: dict[str, NDArray[np.float16]] = {}
        same_space = old is not None and (
            (old.manifest.model_fingerprint, old.manifest.backend) == (model.fingerprint, backend)
        )
        if old is not None and same_space:
            rows = old.passage_index.reconstruct_n(0, old.passage_index.ntotal)
            documents = {passage.document_id for passage in old.passages}
            texts = {document: old.document(document).text for document in documents}
            for i, passage in enumerate(old.passages):
                text = texts[passage.document_id]
                cited = passage.span.of(text)
                self._passages[embedded_text(passage.heading_path, cited)] = rows[i]
                first = old.sentence_offsets[i]
                for j, sentence in enumerate(passage.sentences):
                    self._sentences[sentence.of(text)] = old.sentence_vectors[first + j]

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return len(next(iter(self._passages.values())))

    def embed(
        self, documents: Sequence[ChunkedDocument], encoder: Encoder, progress: Progress
    ) -> int:
        """Encode what is not known yet; return how many texts that were."""
        passages = dict.fromkeys(t for t in _passage_texts(documents) if t not in self._passages)
        sentences = dict.fromkeys(t for t in _sentence_texts(documents) if t not in self._sentences)
        # Texts of like length are encoded together, for a batch is as long as its longest.
        wanted = sorted(passages | sentences, key=lambda text: (len(text), text))
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            vectors = encoder.encode(batch, "document")
            for text, vector in zip(batch, vectors, strict=True):
                if text in passages:
                    self._passages[text] = vector
                if text in sentences:
                    self._sentences[text] = vector.astype(np.float16)
            progress("Embedding", start + len(batch), len(wanted))
        return len(wanted)

    def passages(self, documents: Sequence[ChunkedDocument]) -> Vectors:
        """Return the passages' vectors in order, shape (passages, dimension)."""
        return np.stack([self._passages[text] for text in _passage_texts(documents)])

    def sentences(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the sentences' vectors in order, shape (sentences, dimension)."""
        return np.stack([self._sentences[text] for text in _sentence_texts(documents)])


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
