"""The passages under consideration: arrays to rank them by, objects for those that are shown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from index.records import Document, Passage
from index.search.features import Features
from index.store.protocols import Rows, Scores, Snapshot
from qa.records import Place


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage under consideration, and how near it is to the question.

    `row` is its row in the snapshot, `features` what is compared with the question. `dense` is its
    cosine, clipped to 0..1, `lexical` its score by words. `score`, in 0..1, fuses both: it compares
    the candidates of one question.
    """

    row: int
    document: Document
    passage: Passage
    features: Features
    dense: float
    lexical: float
    score: float

    @property
    def sentences(self) -> tuple[Place, ...]:
        """Where its sentences stand, in order."""
        return tuple(Place(self.document, span) for span in self.passage.sentences)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The passages under consideration, the best first, as arrays of shape (passages,).

    `rows` are those of the snapshot `source`, and `vectors` has the shape (passages, dimension).
    """

    source: Snapshot
    rows: Rows
    vectors: Scores
    dense: Scores
    lexical: Scores
    score: Scores

    def __len__(self) -> int:
        """Return how many passages there are."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Candidate]:
        """Yield the passages, the best first."""
        self.prefetch(range(len(self)))
        return map(self.candidate, range(len(self)))

    def prefetch(self, numbers: Iterable[int]) -> None:
        """Fetch passages at once that are soon asked for."""
        self.source.prefetch([int(self.rows[number]) for number in numbers])

    def features(self, number: int) -> Features:
        """Return what is compared of passage `number`."""
        return self.source.features(int(self.rows[number]))

    def candidate(self, number: int) -> Candidate:
        """Return passage `number`."""
        row = int(self.rows[number])
        passage = self.source.passage(row)
        return Candidate(
            row=row,
            document=self.source.document(passage.document_id),
            passage=passage,
            features=self.source.features(row),
            dense=float(self.dense[number]),
            lexical=float(self.lexical[number]),
            score=float(self.score[number]),
        )
