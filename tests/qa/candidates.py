"""Passages under consideration, made by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from index.records import ChunkedDocument, Document, Passage, Span
from index.store.columns import Columns, make_columns
from index.store.stack import Stack
from qa.question.query import Query
from qa.retrieve.candidates import Candidate, Candidates
from tests.documents import document

if TYPE_CHECKING:
    from index.store.snapshot import Snapshot


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
    return Candidate(0, whole, passage, dense=score, lexical=0.0, score=score)


def covered(asked: Query, *terms: str) -> float:
    """Return how much of a question these terms hold, in 0..1."""
    return asked.coverage.share(asked.coverage.held(terms))


@dataclass(frozen=True)
class HandMade:
    """The passages of candidates made by hand, as a snapshot has them."""

    columns: Columns
    passage_vectors: Stack
    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]

    def document(self, document_id: str) -> Document:
        return next(each for each in self.documents if each.id == document_id)


def pooled(*each: Candidate, vectors: Sequence[Sequence[float]] | None = None) -> Candidates:
    """Return candidates made by hand as those of one question, ranked as they are given.

    Without `vectors` all passages mean the same.
    """
    chunked = [ChunkedDocument(one.document, (one.passage,), ()) for one in each]
    scores = np.array([one.score for one in each], np.float32)
    made = np.array(vectors or [[1.0, 0.0]] * len(each), np.float16)
    return Candidates(
        source=cast(
            "Snapshot",
            HandMade(
                make_columns(chunked),
                Stack([made]),
                tuple(one.document for one in each),
                tuple(one.passage for one in each),
            ),
        ),
        rows=np.arange(len(each)),
        dense=scores,
        lexical=np.zeros_like(scores),
        score=scores,
        order=np.arange(len(each)),
    )
