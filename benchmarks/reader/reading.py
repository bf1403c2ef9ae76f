"""What is read of each question of a set, and how that ranks the passages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.reader.sets import MeasuredSet
from eval.gold import Question
from eval.judge import holds, place_of
from eval.records import Kind
from index.records import Passage
from qa.answer.decision import rank, read_windows
from qa.read.reader import Reader
from qa.read.windows import windows_by_promise
from qa.retrieve.near_duplicates import Group

WINDOWS = (3, 5, 10, 20)
"""How many windows are read: the first ones by promise."""


@dataclass(frozen=True, slots=True)
class Read:
    """What became of a question, by the number of windows that were read.

    `highest` is the reader's highest logit. `ranks` has the rank, from 1, of the first passage that
    is relevant, 0 if there is none; with no window read, it is that of retrieval alone.
    """

    kind: Kind
    highest: Mapping[int, float]
    ranks: Mapping[int, int]


def read(measured: MeasuredSet, reader: Reader) -> Iterator[Read]:
    """Yield what becomes of each question; the most windows are read once, all others of these."""
    for question in measured.questions:
        trace = measured.engine.trace(question.text)
        query, groups = trace.query, trace.considered
        promising = windows_by_promise([group.best for group in groups], query.coverage)
        windows = promising[: max(WINDOWS)]
        reading = reader.read(query.read, windows)
        found = read_windows(query, groups, windows, reading)
        logits = reading.answerability
        yield Read(
            kind=question.kind,
            highest={most: float(logits[:most].max(initial=-np.inf)) for most in WINDOWS},
            ranks={
                most: _first_relevant(question, rank(groups, found[:most])[0])
                for most in (0, *WINDOWS)
            },
        )


def _first_relevant(question: Question, ranked: Sequence[Group]) -> int:
    passages = (group.best.passage for group in ranked)
    ranks = (number for number, each in enumerate(passages, 1) if _is_relevant(each, question))
    return next(ranks, 0)


def _is_relevant(passage: Passage, question: Question) -> bool:
    if question.documents:
        return passage.document_id in question.documents
    return holds([place_of(passage)], question.spans)
