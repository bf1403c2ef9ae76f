"""Passages under consideration, made by hand: each sentence with its score and its vector."""

import hashlib
from collections.abc import Sequence

import numpy as np

from index.encoder import Vectors
from index.records import Document, Passage, Span
from qa.search import Candidate, Sentence


def document(text: str, name: str = "a.txt", title: str = "") -> Document:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(
        id=name.replace(".", "-").replace("/", "-"),
        source=f"notes/{name}",
        title=title,
        text=text,
        media_type="text/plain",
        reader="text/1",
        document_sha256=digest,
        text_sha256=digest,
    )


def candidate(
    text: str,
    sentences: Sequence[tuple[str, float]],
    *,
    name: str = "a.txt",
    vectors: Sequence[Sequence[float]] | None = None,
    headings: tuple[str, ...] = (),
) -> Candidate:
    """Return a passage that covers `text` from its first sentence to its last.

    `vectors` are scaled to length one; without them all sentences mean the same.
    """
    spans: list[Span] = []
    for words, _ in sentences:
        start = text.index(words, spans[-1].end if spans else 0)
        spans.append(Span(start, start + len(words)))
    whole = document(text, name)
    start, end = spans[0].start, spans[-1].end
    passage_id = f"{whole.id}:{start}-{end}"
    best = max(score for _, score in sentences)
    return Candidate(
        document=whole,
        passage=Passage(passage_id, whole.id, start, end, headings, tuple(spans)),
        dense=best,
        lexical=0.0,
        similarity=best,
        score=best,
        sentences=tuple(
            Sentence(whole, passage_id, span, score)
            for span, (_, score) in zip(spans, sentences, strict=True)
        ),
        sentence_vectors=_unit(vectors or [[1.0, 0.0]] * len(spans)),
    )


def _unit(vectors: Sequence[Sequence[float]]) -> Vectors:
    rows = np.array(vectors, dtype=np.float32)
    scaled: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return scaled
