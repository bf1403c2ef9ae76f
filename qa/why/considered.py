"""What was considered of a question, to be looked up by passage."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Self

from qa.answer.quotes import Decision, decide
from qa.engine import MAX_TOP_K, Engine
from qa.records import Answer, Citation, Place
from qa.retrieve.candidates import Candidate
from qa.retrieve.near_duplicates import Group
from qa.tracing import Trace
from qa.why.expected import Expected


@dataclass(frozen=True, slots=True)
class Considered:
    """A question's way through the stages. Keys are passage ids, ranks count from 1.

    `dense` has the rank and cosine of every passage there is, `lexical` the rank and score of each
    that holds a word of the question. `fused` ranks what was looked at, by both; `groups` has the
    group that a passage stands for or is folded into, with its rank after reading, of the `kept`
    ones. `read` has the best logit of each passage that was read. `decisions` are on
    `trace.ranked`, in order.
    """

    trace: Trace
    answer: Answer
    top_k: int
    threshold: float
    dense: Mapping[str, tuple[int, float]]
    lexical: Mapping[str, tuple[int, float]]
    fused: Mapping[str, tuple[int, Candidate]]
    kept: int
    groups: Mapping[str, tuple[int, Group]]
    read: Mapping[str, float]
    decisions: tuple[Decision, ...]

    @classmethod
    def of(cls, engine: Engine, question: str, top_k: int) -> Self:
        """Ask a question, showing `top_k` passages. Raises QuestionError."""
        trace = engine.trace(question)
        passages = engine.snapshot.passages
        nearest = engine.snapshot.dense.search(trace.query.vector, len(passages))
        terms = trace.query.searched if "lexical" in trace.stages else ()
        by_words = zip(*engine.lexicon.best(terms, len(passages)), strict=True)
        groups = trace.groups(MAX_TOP_K)
        logits: dict[str, float] = {}
        for each in trace.windows:
            name = each.candidate.passage.id
            logits[name] = max(logits.get(name, -inf), each.logit or 0.0)
        return cls(
            trace=trace,
            answer=engine.answer(trace, top_k),
            top_k=top_k,
            threshold=engine.rule.threshold,
            dense={passages[row].id: (rank, cos) for rank, (row, cos) in enumerate(nearest, 1)},
            lexical={
                passages[row].id: (rank, float(score))
                for rank, (row, score) in enumerate(by_words, 1)
            },
            fused={each.passage.id: (rank, each) for rank, each in enumerate(trace.candidates, 1)},
            kept=len(groups),
            groups={
                each.passage.id: (rank, group)
                for rank, group in enumerate(groups, 1)
                for each in (group.best, *group.duplicates)
            },
            read=logits,
            decisions=tuple(decide(trace.ranked)),
        )

    def folded(self, expected: Expected) -> Place | None:
        """Return what an also_in names of the passage, if that is folded into another one."""
        if expected.passage_id not in self.groups:
            return None
        _, group = self.groups[expected.passage_id]
        folded = zip(group.duplicates, group.also_in, strict=True)
        return next((at for each, at in folded if each.passage.id == expected.passage_id), None)

    def decisions_on(self, expected: Expected) -> list[tuple[int, Decision]]:
        """Return those on quotes from the passage that have some of what is expected, by rank."""
        return [
            (rank, decision)
            for rank, decision in enumerate(self.decisions, 1)
            if decision.quote.candidate.passage.id == expected.passage_id
            and any(part.overlaps(expected.place.span) for part in decision.quote.parts)
        ]

    def citations_of(self, expected: Expected) -> list[Citation]:
        """Return those that cite, from the passage, some of what is expected."""
        passage, place = expected.passage, expected.place
        return [
            citation
            for citation in self.answer.citations
            if passage is not None
            and citation.document.id == place.document.id
            and citation.span.overlaps(passage.span)
            and citation.span.overlaps(place.span)
        ]
