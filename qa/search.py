"""Dense retrieval: passages near the question, then looked at sentence by sentence."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from index.records import Document, Passage, Span
from index.snapshot import Snapshot
from qa.records import Place

PASSAGE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, with its score against the question: a cosine clipped to 0..1."""

    document: Document = field(repr=False, hash=False, compare=False)
    passage_id: str
    span: Span
    score: float

    @property
    def text(self) -> str:
        """Its words."""
        return self.span.of(self.document.text)

    @property
    def place(self) -> Place:
        """Its document and span."""
        return Place(self.document, self.span)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage under consideration. All scores are cosines clipped to 0..1.

    `dense` compares the question with the passage, `score` is what it is ranked by.
    `sentence_vectors` has shape (sentences, dimension).
    """

    document: Document
    passage: Passage
    dense: float
    score: float
    sentences: tuple[Sentence, ...]
    sentence_vectors: Vectors


def dense_search(
    snapshot: Snapshot, question: NDArray[np.float32], limit: int
) -> list[tuple[int, float]]:
    """Return the `limit` nearest passages as (row, cosine), best first, ties in row order."""
    limit = min(limit, len(snapshot.passages))
    scores, rows = snapshot.passage_index.search(question[None, :], limit)
    found = [(int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True)]
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))


def refine(
    snapshot: Snapshot, question: NDArray[np.float32], found: Sequence[tuple[int, float]]
) -> list[Candidate]:
    """Score passages anew by the mean of their own cosine and that of their best sentence.

    A passage's one vector blurs what a single sentence of it says plainly.
    """
    candidates: list[Candidate] = []
    for row, dense in found:
        passage = snapshot.passages[row]
        document = snapshot.document(passage.document_id)
        first, last = snapshot.sentence_offsets[row], snapshot.sentence_offsets[row + 1]
        vectors: Vectors = snapshot.sentence_vectors[first:last].astype(np.float32)
        cosines: list[float] = np.clip(vectors @ question, 0, 1).tolist()
        candidates.append(
            Candidate(
                document=document,
                passage=passage,
                dense=_clip(dense),
                score=PASSAGE_WEIGHT * _clip(dense) + (1 - PASSAGE_WEIGHT) * max(cosines),
                sentences=tuple(
                    Sentence(document, passage.id, span, cosine)
                    for span, cosine in zip(passage.sentences, cosines, strict=True)
                ),
                sentence_vectors=vectors,
            )
        )
    return candidates


def best_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Rank candidates by their scores, those of equal score as they come."""
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _clip(cosine: float) -> float:
    return min(1.0, max(0.0, cosine))
