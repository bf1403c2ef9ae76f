"""The passages under consideration: arrays to compare them by, objects for those that are shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, Self, overload

import numpy as np
from numpy.typing import NDArray

from index.columns import Columns
from index.encoder import Vectors
from index.records import Document, Passage, Span
from qa.records import Place

Numbers = NDArray[np.int64]
Scores = NDArray[np.float32]


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
    is what it is ranked by: it compares the candidates of one question. `own_cosines`
    are those of its sentences with the question, `window_cosines` those of each with half of the
    ones beside it, in 0..1.
    """

    document: Document
    passage: Passage
    dense: float
    lexical: float
    similarity: float
    score: float
    sentences: tuple[Sentence, ...]
    own_cosines: tuple[float, ...]
    window_cosines: tuple[float, ...]


class PassageSource(Protocol):
    """Where passages and their texts come from: a snapshot."""

    @property
    def columns(self) -> Columns:
        """The numbers of all passages and sentences."""
        ...

    @property
    def passages(self) -> Sequence[Passage]:
        """All passages."""
        ...

    def document(self, document_id: str) -> Document:
        """Return a document."""
        ...

    def passage_text(self, row: int) -> str:
        """Return the words of a passage."""
        ...


@dataclass(frozen=True, eq=False)
class Candidates(Sequence[Candidate]):
    """Passages under consideration, as arrays in the order they were fetched in.

    Passage i is row `rows[i]` of `source`. Its sentences are `starts[i]` to `starts[i + 1]` of
    `sentence_rows` (rows of `source`), of `vectors`, shape (sentences, dimension), and of
    `own_cosines` and `window_cosines`, which are those of `Candidate`. `answers[i]` is the one that
    passage i answers with (`qa.saying`). `dense`, `similarity`, `lexical` and `score` are those of
    `Candidate`, shape (passages,). As a sequence, these are objects in the order `order`, made when
    asked for.
    """

    source: PassageSource
    rows: Numbers
    starts: Numbers
    sentence_rows: Numbers
    vectors: Vectors
    own_cosines: Scores
    window_cosines: Scores
    answers: Numbers
    dense: Scores
    similarity: Scores
    lexical: Scores
    score: Scores
    order: Numbers

    def __len__(self) -> int:
        """Return how many passages `order` has."""
        return len(self.order)

    @overload
    def __getitem__(self, rank: int) -> Candidate: ...
    @overload
    def __getitem__(self, rank: slice) -> Sequence[Candidate]: ...
    def __getitem__(self, rank: int | slice) -> Candidate | Sequence[Candidate]:
        """Return the passage of a rank from 0 on, or those of several."""
        if isinstance(rank, slice):
            return self.of(self.order[rank])
        return self.candidate(int(self.order[rank]))

    def of(self, numbers: Numbers) -> Self:
        """Return the passages of these numbers, in this order."""
        return replace(self, order=numbers)

    def candidate(self, number: int) -> Candidate:
        """Return the passage that was fetched as number `number`."""
        passage = self.source.passages[int(self.rows[number])]
        document = self.source.document(passage.document_id)
        within = slice(self.starts[number], self.starts[number + 1])
        scored = zip(passage.sentences, self.scores[within].tolist(), strict=True)
        return Candidate(
            document=document,
            passage=passage,
            dense=float(self.dense[number]),
            lexical=float(self.lexical[number]),
            similarity=float(self.similarity[number]),
            score=float(self.score[number]),
            sentences=tuple(Sentence(document, passage.id, span, score) for span, score in scored),
            own_cosines=tuple(self.own_cosines[within].tolist()),
            window_cosines=tuple(self.window_cosines[within].tolist()),
        )

    @cached_property
    def scores(self) -> Scores:
        """How near each sentence is to the question, alone and with those beside it, in 0..1."""
        mean: Scores = np.multiply(self.own_cosines + self.window_cosines, 0.5)
        return mean

    @cached_property
    def passage_numbers(self) -> Numbers:
        """The number of the passage that each sentence is of, shape (sentences,)."""
        return np.repeat(np.arange(len(self.rows)), np.diff(self.starts))

    @cached_property
    def digests(self) -> NDArray[np.uint64]:
        """A number of each sentence, the same where the text is, shape (sentences,)."""
        return self.source.columns.sentence_digests[self.sentence_rows]

    @cached_property
    def spans(self) -> NDArray[np.int32]:
        """Where each sentence stands in its document, shape (sentences, 2)."""
        return self.source.columns.sentence_spans[self.sentence_rows]

    def text(self, sentence: int) -> str:
        """Return the words of a sentence, by its number."""
        row = int(self.rows[self.passage_numbers[sentence]])
        start, end = self.spans[sentence].tolist()
        offset = int(self.source.columns.passage_spans[row, 0])
        return self.source.passage_text(row)[start - offset : end - offset]

    def sentence(self, sentence: int) -> Sentence:
        """Return a sentence, by its number."""
        passage = self.source.passages[int(self.rows[self.passage_numbers[sentence]])]
        document = self.source.document(passage.document_id)
        span = Span._make(self.spans[sentence].tolist())
        return Sentence(document, passage.id, span, float(self.scores[sentence]))

    def place(self, number: int) -> Place:
        """Return where a passage stands."""
        passage = self.source.passages[int(self.rows[number])]
        return Place(self.source.document(passage.document_id), passage.span)

    def ids(self, numbers: Iterable[int]) -> Iterator[str]:
        """Yield the ids of passages."""
        return (self.source.passages[int(self.rows[number])].id for number in numbers)


def joined(parts: Sequence[Candidates]) -> Candidates:
    """Return the candidates of several searches, of which there must be one, as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    before = np.cumsum([0, *(len(part.sentence_rows) for part in parts)])
    rows = np.concatenate([part.rows for part in parts])
    return Candidates(
        source=first.source,
        rows=rows,
        starts=np.concatenate(
            [[0], *(part.starts[1:] + at for part, at in zip(parts, before, strict=False))]
        ),
        sentence_rows=np.concatenate([part.sentence_rows for part in parts]),
        vectors=np.concatenate([part.vectors for part in parts]),
        own_cosines=np.concatenate([part.own_cosines for part in parts]),
        window_cosines=np.concatenate([part.window_cosines for part in parts]),
        answers=np.concatenate(
            [part.answers + at for part, at in zip(parts, before, strict=False)]
        ),
        dense=np.concatenate([part.dense for part in parts]),
        similarity=np.concatenate([part.similarity for part in parts]),
        lexical=np.concatenate([part.lexical for part in parts]),
        score=np.concatenate([part.score for part in parts]),
        order=np.arange(len(rows)),
    )
