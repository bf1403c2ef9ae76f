"""The sets of questions that the reader is measured on, each with a store of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.squad2 import Part, read_squad2
from eval.gold import PACKAGED_GOLD, Question, locate, read_gold
from eval.sets.beir import read_beir
from eval.sets.indexed import IndexedSets
from eval.sets.leave_out import far_off, leave_out
from index.progress import no_progress
from qa.engine import Engine
from qa.read.reader import NO_READER
from qa.settings import Settings

MOST_OF_A_PART = 700
"""Of many questions every second, third or so is asked."""

_PARTS: tuple[Part, ...] = ("unseen", "kept-out", "seen")
_SPLIT = "test"
_SEED = 0


@dataclass(frozen=True, slots=True)
class MeasuredSet:
    """Questions, and an engine without a reader on the documents that they are asked of."""

    name: str
    engine: Engine
    questions: Sequence[Question]


def measured_sets(data: Path, seeds: Path, cache: Path | None) -> Iterator[MeasuredSet]:
    """Yield the sets, made ready one by one. `data` has public sets in the BEIR layout."""
    sets = IndexedSets(Settings(reader=NO_READER), cache, no_progress)
    yield _seeds(seeds, sets)
    for name in ("medquad_skin", "scifact"):
        yield from _whole_and_half(data / name, sets)
    yield from _squad2(data / "squad2_half", sets)


def _seeds(seeds: Path, sets: IndexedSets) -> MeasuredSet:
    engine = sets.open_folder(seeds, seeds)
    gold = locate(read_gold(PACKAGED_GOLD), [c.document for c in engine.snapshot.chunked.values()])
    return MeasuredSet("seeds", engine, gold.questions)


def _whole_and_half(folder: Path, sets: IndexedSets) -> Iterator[MeasuredSet]:
    whole = read_beir(folder, _SPLIT)
    engine = sets.open_documents(folder, whole.documents)
    yield MeasuredSet(folder.name, engine, whole.asked.questions)
    left, asked, _ = leave_out(whole, far_off(None, folder, whole, _SPLIT), _SEED)
    engine = sets.open_documents(folder, left, share=f"half-{_SEED}")
    yield MeasuredSet(f"{folder.name}, half left out", engine, asked.questions)


def _squad2(folder: Path, sets: IndexedSets) -> Iterator[MeasuredSet]:
    """Yield SQuAD 2.0's questions, answerable and impossible ones, by part of the articles."""
    squad2 = read_squad2(folder)
    engine = sets.open_documents(folder, squad2.documents)
    for part in _PARTS:
        questions = squad2.about(part)
        drawn = questions[:: max(1, len(questions) // MOST_OF_A_PART)]
        yield MeasuredSet(f"{folder.name}, {part} articles", engine, drawn)
