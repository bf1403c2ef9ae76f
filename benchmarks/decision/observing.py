"""What an engine does with each question of a set: the evidence, and whether it was right."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.squad2 import AskedSet
from eval.gold import GoldSpan, Question
from eval.records import Kind
from index.records import Document, Span
from qa.answer.tracing import Trace

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observation:
    """A question as it was answered.

    `evidence` has the fields of `qa.answer.decision.Evidence`, None where nothing could be
    quoted; `right` tells whether what would be quoted stands in what answers. `units` has a row a
    unit that was read, with the fields of `UnitEvidence`, and `unit_answers` whether it overlaps an
    answer; they are empty for a question without spans. `passages` has a row a passage that was
    read: its best logit, its fused score; `relevant` tells whether it holds an answer.
    """

    question: str
    kind: Kind
    evidence: tuple[float, ...] | None
    right: bool
    units: Floats
    unit_answers: NDArray[np.bool_]
    passages: Floats
    relevant: NDArray[np.bool_]


def observed(each: AskedSet) -> Iterator[Observation]:
    """Yield what comes of each question of a set."""
    for question in each.questions:
        yield _observation(question, each.engine.trace(question.text))


def _observation(question: Question, trace: Trace) -> Observation:
    quoted = [(quote.document, part) for quote in trace.chosen for part in quote.parts]
    units = trace.units if question.spans else ()
    logits: dict[str, float] = {}
    for read in trace.windows:
        name = read.candidate.passage.id
        logits[name] = max(logits.get(name, -np.inf), read.logit or 0.0)
    read_groups = [g.best for g in trace.considered if g.best.passage.id in logits]
    return Observation(
        question=question.text,
        kind=question.kind,
        evidence=astuple(trace.evidence) if trace.evidence else None,
        right=any(_answers(question, *place) for place in quoted),
        units=np.array([unit.evidence for unit in units], np.float64).reshape(-1, 6),
        unit_answers=np.array(
            [_answers(question, unit.candidate.document, unit.unit.span) for unit in units],
            np.bool_,
        ),
        passages=np.array(
            [(logits[each.passage.id], each.score) for each in read_groups], np.float64
        ).reshape(-1, 2),
        relevant=np.array(
            [_answers(question, each.document, each.passage.span) for each in read_groups], np.bool_
        ),
    )


def _answers(question: Question, document: Document, span: Span) -> bool:
    """Tell whether a stretch has some of what answers, or is in a document that answers."""
    if document.id in question.documents:
        return True
    place = GoldSpan(document.id, span)
    return any(
        gold.document_id == place.document_id and gold.span.overlaps(span)
        for gold in question.spans
    )
