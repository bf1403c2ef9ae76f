"""The passages near a question: searched for by vectors and by words, then compared closely."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from index.records import Document, Passage, Span
from index.snapshot import Snapshot
from qa.fusion import DOCUMENT_SHARE, fuse
from qa.lexical import Lexicon, Scores
from qa.query import Query
from qa.records import Place
from qa.stages import Stage

PASSAGE_WEIGHT = 0.6
NEIGHBOUR_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, with its score against the question, in 0..1."""

    document: Document = field(repr=False, hash=False, compare=False)
    passage_id: str
    span: Span
    score: float = field(hash=False, compare=False)

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
    """A passage under consideration, and how near it is to the question.

    `dense` is the passage's own cosine clipped to 0..1, `similarity` that and those of its
    sentences and headings, in 0..1. `lexical` is its score by words, 0 and up. `score`, in 0..1,
    is what it is ranked by: it compares the candidates of one question. `sentence_vectors` has
    shape (sentences, dimension).
    """

    document: Document
    passage: Passage
    dense: float
    lexical: float
    similarity: float
    score: float
    sentences: tuple[Sentence, ...]
    sentence_vectors: Vectors


def lexical_scores(
    lexicon: Lexicon,
    query: Query,
    by_passage: Scores,
    rows: Sequence[int],
    stages: frozenset[Stage],
) -> Scores | None:
    """Return the scores by words of the passages `rows`; None where that stage is left out.

    Each is the mean of the passage's own score, of which `by_passage` has those of all, and of
    its document's: an abstract of three passages is about what is said in any of them.
    """
    if "lexical" not in stages:
        return None
    at = np.asarray(rows, np.int64)
    if "documents" not in stages:
        return by_passage[at]
    by_document = lexicon.documents(query.searched, at)
    return (1 - DOCUMENT_SHARE) * by_passage[at] + DOCUMENT_SHARE * by_document


def refine(
    snapshot: Snapshot, query: Query, rows: Sequence[int], stages: frozenset[Stage]
) -> list[Candidate]:
    """Compare passages with the question sentence by sentence, and by their headings.

    A passage's one vector blurs what a single sentence of it says plainly, or what stands above
    it. `score` is not known yet, nor is `lexical`: both are 0.
    """
    if not rows:
        return []
    offsets = snapshot.columns.sentence_offsets
    dense = snapshot.passage_vectors.take(np.asarray(rows)) @ query.vector
    each = [snapshot.sentence_vectors.rows(offsets[row], offsets[row + 1]) for row in rows]
    starts = np.cumsum([0, *map(len, each)])
    vectors: Vectors = np.concatenate(each).astype(np.float32)
    own = np.clip(vectors @ query.vector, 0, 1)
    around = np.clip(windows(vectors, starts) @ query.vector, 0, 1)
    near = np.clip(dense, 0, 1)
    closest: list[Scores] = []
    if "sentences" in stages:
        best = [np.maximum.reduceat(cosines, starts[:-1]) for cosines in (own, around)]
        closest.append(np.mean(best, axis=0, dtype=np.float32))
    if "headings" in stages:
        closest.append(_heading_cosines(snapshot, query.vector, rows))
    if closest:
        near = PASSAGE_WEIGHT * near + (1 - PASSAGE_WEIGHT) * np.max(closest, axis=0)
    scores = ((own + around) / 2).tolist()
    return [
        _candidate(
            snapshot,
            row,
            dense=float(np.clip(dense[i], 0, 1)),
            similarity=float(near[i]),
            scores=scores[starts[i] : starts[i + 1]],
            vectors=vectors[starts[i] : starts[i + 1]],
        )
        for i, row in enumerate(rows)
    ]


def rank(candidates: Sequence[Candidate], lexical: Scores | None) -> list[Candidate]:
    """Return the candidates with their scores by words and in all, best first.

    Those of equal score are in the order of their ids, however they were fetched.
    """
    similarity = np.array([candidate.similarity for candidate in candidates])
    scores = fuse(similarity, lexical)
    by_words = np.zeros(len(candidates)) if lexical is None else lexical
    ranked = [
        replace(candidate, lexical=float(by_words[i]), score=float(scores[i]))
        for i, candidate in enumerate(candidates)
    ]
    return sorted(ranked, key=lambda candidate: (-candidate.score, candidate.passage.id))


def windows(vectors: Vectors, starts: NDArray[np.integer]) -> Vectors:
    """Return each sentence's vector with half of those beside it, scaled to length one.

    A passage's sentences are the rows from one of `starts` to the next; others are not beside them.
    """
    beside = np.ones((len(vectors) - 1, 1), np.float32) * NEIGHBOUR_WEIGHT
    beside[starts[1:-1] - 1] = 0
    around = vectors.copy()
    around[1:] += beside * vectors[:-1]
    around[:-1] += beside * vectors[1:]
    lengths = np.linalg.norm(around, axis=1, keepdims=True)
    scaled: Vectors = around / np.maximum(lengths, np.finfo(np.float32).tiny)
    return scaled


def _heading_cosines(
    snapshot: Snapshot, question: NDArray[np.float32], rows: Sequence[int]
) -> Scores:
    """Return how near each passage's nearest heading is, 0 for one without any."""
    columns = snapshot.columns
    starts = columns.heading_offsets[np.asarray(rows)].tolist()
    ends = columns.heading_offsets[np.asarray(rows) + 1].tolist()
    above = [columns.heading_rows[at:end] for at, end in zip(starts, ends, strict=True)]
    distinct, places = np.unique(np.concatenate(above), return_inverse=True)
    vectors = snapshot.heading_vectors.take(distinct).astype(np.float32)
    cosines = iter(np.clip(vectors @ question, 0, 1)[places].tolist())
    nearest = [max(islice(cosines, len(each)), default=0.0) for each in above]
    return np.array(nearest, np.float32)


def _candidate(
    snapshot: Snapshot,
    row: int,
    *,
    dense: float,
    similarity: float,
    scores: Sequence[float],
    vectors: Vectors,
) -> Candidate:
    passage = snapshot.passages[row]
    document = snapshot.document(passage.document_id)
    return Candidate(
        document=document,
        passage=passage,
        dense=dense,
        lexical=0.0,
        similarity=similarity,
        score=0.0,
        sentences=tuple(
            Sentence(document, passage.id, span, score)
            for span, score in zip(passage.sentences, scores, strict=True)
        ),
        sentence_vectors=vectors,
    )
