"""What there is to decide by, of each question: retrieval's evidence, and the reader's logits."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.reader.sets import Asked, MeasuredSet
from eval.records import Kind
from qa.engine import Engine
from qa.read.reader import Reader
from qa.read.windows import Window, windows

PASSAGES = 10
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A question with its first passages, as plain retrieval ranks them.

    `confidence` and `rank_before` (from 1; 0 if not among the first) are of the engine as it is:
    the confidence of its answer, and the first relevant passage. The arrays have shape
    (passages,): whether each is relevant, and its score.
    """

    question: str
    kind: Kind
    confidence: float
    rank_before: int
    relevant: NDArray[np.bool_]
    scores: Floats
    windows: tuple[Window, ...]


def retrieved(measured: MeasuredSet) -> Iterator[Retrieved]:
    """Yield what is found for each question of a set, before anything is read."""
    for asked in measured.asked:
        yield _retrieved(asked, measured.engine, measured.plain)


def passage_logits(found: Retrieved, reader: Reader) -> Floats:
    """Return the logit of each passage: that of its best window."""
    best = np.full(len(found.scores), -np.inf)
    if found.windows:
        logits = reader.read(found.question, found.windows).answerability
        np.maximum.at(best, [window.passage for window in found.windows], logits)
    return best


def _retrieved(asked: Asked, engine: Engine, plain: Engine) -> Retrieved:
    before = engine.trace(asked.question.text)
    first = [each.best for each in before.pool.groups(PASSAGES)]
    ranks = [
        rank for rank, each in enumerate(first, 1) if asked.relevant(each.document, each.passage)
    ]
    trace = plain.trace(asked.question.text)
    candidates = [each.best for each in trace.pool.groups(PASSAGES)]
    return Retrieved(
        question=asked.question.text,
        kind=asked.question.kind,
        confidence=before.confidence(engine.rule),
        rank_before=ranks[0] if ranks else 0,
        relevant=np.array([asked.relevant(c.document, c.passage) for c in candidates], bool),
        scores=np.array([each.score for each in candidates], np.float64),
        windows=tuple(windows((each.document, each.passage) for each in candidates)),
    )
