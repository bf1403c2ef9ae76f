"""Passages under consideration, made by hand: each sentence with its score and its vector."""

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np

from index.columns import Columns, make_columns
from index.encoder import Vectors
from index.records import ChunkedDocument, Document, Passage, Span
from qa.candidates import Candidate, Candidates, Sentence
from qa.query import Query
from qa.saying import answering
from qa.search import NEIGHBOUR_WEIGHT


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


@dataclasses.dataclass(frozen=True, slots=True)
class HandMadeCandidate(Candidate):
    """A candidate with the vectors of its sentences, shape (sentences, dimension)."""

    sentence_vectors: Vectors

    def beside(self, question: Sequence[float]) -> "HandMadeCandidate":
        """Return it with the cosines that its sentences have with a question's vector."""
        vectors = self.sentence_vectors
        around = vectors.copy()
        around[1:] += NEIGHBOUR_WEIGHT * vectors[:-1]
        around[:-1] += NEIGHBOUR_WEIGHT * vectors[1:]
        own, near = np.clip(np.array([vectors, _unit(around)]) @ np.array(question), 0, 1)
        return dataclasses.replace(
            self, own_cosines=tuple(own.tolist()), window_cosines=tuple(near.tolist())
        )


def candidate(
    text: str,
    sentences: Sequence[tuple[str, float]],
    *,
    name: str = "a.txt",
    vectors: Sequence[Sequence[float]] | None = None,
    headings: tuple[str, ...] = (),
) -> HandMadeCandidate:
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
    return HandMadeCandidate(
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
        own_cosines=tuple(score for _, score in sentences),
        window_cosines=tuple(score for _, score in sentences),
        sentence_vectors=_unit(vectors or [[1.0, 0.0]] * len(spans)),
    )


def covered(asked: Query, *terms: str) -> float:
    """Return how much of a question these terms hold, in 0..1."""
    return asked.coverage.share(asked.coverage.held(terms))


@dataclasses.dataclass(frozen=True)
class HandMade:
    """The passages of candidates made by hand, as a snapshot has them."""

    columns: Columns
    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]

    def document(self, document_id: str) -> Document:
        return next(each for each in self.documents if each.id == document_id)

    def passage_text(self, row: int) -> str:
        passage = self.passages[row]
        return passage.span.of(self.document(passage.document_id).text)


def pooled(*each: HandMadeCandidate) -> Candidates:
    """Return candidates made by hand as those of one question, ranked as they are given."""
    chunked = [ChunkedDocument(one.document, (one.passage,), ()) for one in each]
    width = max(one.sentence_vectors.shape[1] for one in each)
    vectors = np.concatenate([_widened(one.sentence_vectors, width) for one in each])
    counts = [len(one.sentences) for one in each]
    scores = np.array([s.score for one in each for s in one.sentences], np.float32)
    found = Candidates(
        source=HandMade(
            make_columns(chunked, vectors.astype(np.float16), {}),
            tuple(one.document for one in each),
            tuple(one.passage for one in each),
        ),
        rows=np.arange(len(each)),
        starts=np.cumsum([0, *counts]),
        sentence_rows=np.arange(sum(counts)),
        vectors=vectors,
        own_cosines=scores,
        window_cosines=scores,
        answers=np.empty(0, np.int64),
        dense=np.array([one.dense for one in each], np.float32),
        similarity=np.array([one.similarity for one in each], np.float32),
        lexical=np.array([one.lexical for one in each], np.float32),
        score=np.array([one.score for one in each], np.float32),
        order=np.arange(len(each)),
    )
    return dataclasses.replace(found, answers=answering(found))


def _widened(vectors: Vectors, width: int) -> Vectors:
    return np.pad(vectors, ((0, 0), (0, width - vectors.shape[1])))


def _unit(vectors: Sequence[Sequence[float]] | Vectors) -> Vectors:
    rows = np.array(vectors, dtype=np.float32)
    scaled: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return scaled
