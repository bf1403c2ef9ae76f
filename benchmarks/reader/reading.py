"""The sets that the reader is measured on, what it reads of each question, and how that ranks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.squad2 import AskedSet, Part, read_squad2
from eval.gold import PACKAGED_GOLD, Question, locate, read_gold
from eval.judge import holds, place_of
from eval.measures.formulas import auroc, interval
from eval.measures.table import Table
from eval.records import Kind
from eval.sets.layouts import read_beir
from eval.sets.leave_out import far_off, leave_out
from eval.sets.protocols import IndexedSets
from index.progress import no_progress
from index.records import Passage
from qa.answer.decision import rank, read_windows
from qa.read.reader import NO_READER
from qa.read.reading import Reader
from qa.read.windows import windows_by_promise
from qa.retrieve.near_duplicates import Group
from qa.settings import Settings

MOST_OF_A_PART = 700
"""Of more questions, an even sample is asked."""

_PARTS: tuple[Part, ...] = ("unseen", "kept-out", "seen")
_SPLIT = "test"
_SEED = 0

WINDOWS = (3, 5, 10, 20)
"""How many windows are read: the first ones by promise."""


def measured_sets(data: Path, seeds: Path, cache: Path | None) -> Iterator[AskedSet]:
    """Yield the sets, made ready one by one; their engines have no reader.

    `data` has public sets in the BEIR layout.
    """
    sets = IndexedSets(Settings(reader=NO_READER), cache, no_progress)
    yield _seeds(seeds, sets)
    for name in ("medquad_skin", "scifact"):
        yield from _whole_and_half(data / name, sets)
    yield from _squad2(data / "squad2_half", sets)


def _seeds(seeds: Path, sets: IndexedSets) -> AskedSet:
    engine = sets.open_folder(seeds, seeds)
    gold = locate(read_gold(PACKAGED_GOLD), [c.document for c in engine.snapshot.documents()])
    return AskedSet("seeds", engine, gold.questions)


def _whole_and_half(folder: Path, sets: IndexedSets) -> Iterator[AskedSet]:
    whole = read_beir(folder, _SPLIT)
    engine = sets.open_documents(folder, whole.documents)
    yield AskedSet(folder.name, engine, whole.asked.questions)
    left, asked, _ = leave_out(whole, far_off(None, folder, whole, _SPLIT), _SEED)
    engine = sets.open_documents(folder, left, share=f"half-{_SEED}")
    yield AskedSet(f"{folder.name}, half left out", engine, asked.questions)


def _squad2(folder: Path, sets: IndexedSets) -> Iterator[AskedSet]:
    """Yield SQuAD 2.0's questions, answerable and impossible ones, by part of the articles."""
    squad2 = read_squad2(folder)
    engine = sets.open_documents(folder, squad2.documents)
    for part in _PARTS:
        questions = squad2.about(part)
        drawn = questions[:: max(1, len(questions) // MOST_OF_A_PART)]
        yield AskedSet(f"{folder.name}, {part} articles", engine, drawn)


@dataclass(frozen=True, slots=True)
class Read:
    """What became of a question, by the number of windows that were read.

    `highest` is the reader's highest logit. `ranks` has the rank, from 1, of the first passage that
    is relevant, 0 if there is none; with no window read, it is that of retrieval alone.
    """

    kind: Kind
    highest: Mapping[int, float]
    ranks: Mapping[int, int]


def read(measured: AskedSet, reader: Reader) -> Iterator[Read]:
    """Yield what becomes of each question. The most windows are read once, fewer are a part."""
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


Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def separation(scores: Floats, answerable: NDArray[np.bool_]) -> Figure:
    """Return the AUROC of what is answerable, or answered, against the rest."""
    table = Table({"confidence": scores})
    groups = np.flatnonzero(answerable), np.flatnonzero(~answerable)
    return Figure(float(auroc(table, *groups)), *interval(auroc, table, groups))


def success(ranks: Sequence[int], k: int) -> float:
    """Return the share of questions with something relevant among the first k; 0 is no rank."""
    return float(np.mean([0 < rank <= k for rank in ranks]))
