"""Passages under consideration, made by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from index.records import Document, Passage, Span
from index.search.features import Features, features_of
from index.store.protocols import Rows, Snapshot
from index.store.records import text_digest
from qa.question.query import Query
from qa.retrieve.candidates import Candidate, Candidates
from tests.documents import document


def candidate(
    text: str,
    sentences: Sequence[str],
    *,
    score: float = 1.0,
    name: str = "a.txt",
    title: str = "",
    headings: tuple[str, ...] = (),
) -> Candidate:
    """Return a passage that covers `text` from its first sentence to its last."""
    spans: list[Span] = []
    for words in sentences:
        start = text.index(words, spans[-1].end if spans else 0)
        spans.append(Span(start, start + len(words)))
    whole = document(text, name, title)
    start, end = spans[0].start, spans[-1].end
    passage_id = f"{whole.id}:{start}-{end}"
    passage = Passage(passage_id, whole.id, start, end, headings, tuple(spans))
    features = features_for(whole, passage)
    return Candidate(0, whole, passage, features, dense=score, lexical=0.0, score=score)


def features_for(whole: Document, passage: Passage) -> Features:
    """Return what a snapshot would have of a passage."""
    digests = [text_digest(sentence.of(whole.text)) for sentence in passage.sentences]
    return Features.read(digests, features_of(whole, passage))


def covered(asked: Query, *terms: str) -> float:
    """Return how much of a question these terms hold, in 0..1."""
    return asked.coverage.share(asked.coverage.held(terms))


@dataclass(frozen=True)
class HandMade:
    """The passages of candidates made by hand, as a snapshot has them."""

    candidates: Sequence[Candidate]
    matrix: NDArray[np.float16]

    def prefetch(self, rows: Sequence[int]) -> None:
        """Do nothing: all is here."""

    def document(self, document_id: str) -> Document:
        return next(c.document for c in self.candidates if c.document.id == document_id)

    def passage(self, row: int) -> Passage:
        return self.candidates[row].passage

    def features(self, row: int) -> Features:
        return self.candidates[row].features

    def vectors(self, rows: Rows) -> NDArray[np.float16]:
        return self.matrix[rows]


def pooled(*each: Candidate, vectors: Sequence[Sequence[float]] | None = None) -> Candidates:
    """Return candidates made by hand as those of one question, ranked as they are given.

    Without `vectors` all passages mean the same.
    """
    scores = np.array([one.score for one in each], np.float32)
    matrix = np.array(vectors or [[1.0, 0.0]] * len(each), np.float16)
    return Candidates(
        source=cast("Snapshot", HandMade(each, matrix)),
        rows=np.arange(len(each)),
        vectors=matrix.astype(np.float32),
        dense=scores,
        lexical=np.zeros_like(scores),
        score=scores,
    )
