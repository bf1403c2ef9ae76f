"""The passages under consideration: arrays to rank them by, objects for those that are shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, Self, overload

import numpy as np
from numpy.typing import NDArray

from index.records import Document, Passage, Span
from index.store.columns import Columns
from index.store.stack import Stack
from qa.records import Place

Numbers = NDArray[np.int64]
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage."""

    document: Document = field(repr=False, hash=False, compare=False)
    passage_id: str
    span: Span

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

    `row` is its row in the snapshot. `dense` is its cosine, clipped to 0..1, `lexical` its score by
    words, 0 and up. `score`, in 0..1, fuses both: it compares the candidates of one question.
    """

    row: int
    document: Document
    passage: Passage
    dense: float
    lexical: float
    score: float

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Its sentences, in order."""
        spans = self.passage.sentences
        return tuple(Sentence(self.document, self.passage.id, span) for span in spans)


class PassageSource(Protocol):
    """Where passages come from: a snapshot."""

    @property
    def columns(self) -> Columns:
        """The numbers of all passages and sentences."""
        ...

    @property
    def passage_vectors(self) -> Stack:
        """The vector of each passage."""
        ...

    @property
    def passages(self) -> Sequence[Passage]:
        """All passages."""
        ...

    def document(self, document_id: str) -> Document:
        """Return a document."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Candidates(Sequence[Candidate]):
    """Passages under consideration, as arrays of shape (passages,) in no special order.

    `rows` are those of `source`; `dense`, `lexical` and `score` are those of `Candidate`. As a
    sequence, these are objects in the order `order`, made when asked for.
    """

    source: PassageSource
    rows: Numbers
    dense: Scores
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
        """Return the passage of a number, which is its place in `rows`."""
        row = int(self.rows[number])
        passage = self.source.passages[row]
        return Candidate(
            row=row,
            document=self.source.document(passage.document_id),
            passage=passage,
            dense=float(self.dense[number]),
            lexical=float(self.lexical[number]),
            score=float(self.score[number]),
        )
