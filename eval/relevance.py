"""What of a corpus is relevant to a question, so that rankings can be compared with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np

from eval.questions import GoldSpan
from index.halves import widened
from index.records import Passage
from index.store.snapshot import Snapshot
from qa.retrieve.candidates import Candidates
from qa.retrieve.near_duplicates import Families
from qa.tracing import Trace

FEWEST_DOCUMENTS = 10
Family = tuple[Passage, ...]
"""Passages that say the same: near-duplicates, of which one is shown for all."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A snapshot, with the row of each passage in it by its id."""

    snapshot: Snapshot
    rows: Mapping[str, int]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Return the corpus of a snapshot."""
        rows = {passage.id: row for row, passage in enumerate(snapshot.passages)}
        return cls(snapshot, rows)

    def families(self, spans: Sequence[GoldSpan], trace: Trace) -> list[Family]:
        """Return the passages that hold a whole span, near-duplicates of one another together.

        They are told by the rule that collapses what is found, so that what is relevant does
        not depend on what was found of it.
        """
        in_documents = dict.fromkeys(span.document_id for span in spans)
        passages = chain.from_iterable(self.snapshot.chunked[d].passages for d in in_documents)
        rows = [self.rows[p.id] for p in passages if holds([place_of(p)], spans)]
        if not rows:
            return []
        vectors = widened(self.snapshot.passage_vectors.take(np.array(rows)))
        cosines = vectors @ trace.query.vector
        candidates = Candidates(
            source=self.snapshot,
            rows=np.array(rows),
            dense=cosines,
            lexical=np.zeros_like(cosines),
            score=cosines,
            order=np.argsort(-cosines, kind="stable"),
        )
        groups = Families(candidates, trace.query.coverage).groups(len(rows))
        return [tuple(each.passage for each in (group.best, *group.duplicates)) for group in groups]

    def documents(self, trace: Trace) -> list[str]:
        """Return documents by id, ranked by their best passage, ten at least if there are.

        Near-duplicates stand by themselves: judgements tell them apart. Where long documents
        took up all that the question was compared with, the nearest of the others come behind.
        """
        read = (each for group in trace.considered for each in (group.best, *group.duplicates))
        ranked = list(dict.fromkeys(each.document.id for each in (*read, *trace.candidates)))
        if len(ranked) < FEWEST_DOCUMENTS:
            found = self.snapshot.dense.search(trace.query.vector, len(self.rows))
            others = (self.snapshot.passages[row].document_id for row, _ in found)
            ranked = list(dict.fromkeys([*ranked, *others]))[:FEWEST_DOCUMENTS]
        return ranked


def place_of(passage: Passage) -> GoldSpan:
    """Return where a passage stands."""
    return GoldSpan(passage.document_id, passage.span)


def contains(place: GoldSpan, other: GoldSpan) -> bool:
    """Tell whether all of `other` lies within `place`."""
    return place.document_id == other.document_id and place.span.contains(other.span)


def holds(places: Iterable[GoldSpan], spans: Sequence[GoldSpan]) -> bool:
    """Tell whether a whole span lies within one of the places."""
    return any(contains(place, span) for place in places for span in spans)
