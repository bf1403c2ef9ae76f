"""The sets of questions that the reader is measured on, each with a store of its own."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.gold_file import PACKAGED_GOLD, locate, read_gold
from eval.questions import Question
from eval.records import Kind
from eval.relevance import holds, place_of
from eval.sets.beir import read_beir
from eval.sets.indexed import IndexedSets
from eval.sets.leave_out import far_off, leave_out
from index.progress import no_progress
from index.records import Document, Passage
from qa.engine import Engine
from qa.settings import Settings
from qa.stages import Stage
from training.rows import KEPT_OUT_ARTICLE

WITHOUT_SENTENCES: tuple[Stage, ...] = ("sentences", "headings")
UNSEEN_ARTICLES = ("1973 oil crisis", "Islamism")
"""Of squad2_half, the articles with questions of which no row was ever made."""

MOST_OF_A_PART = 700
"""Of many questions every second, third or so is asked."""

Relevant = Callable[[Document, Passage], bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a set, and which passages are relevant to it."""

    question: Question
    relevant: Relevant


@dataclass(frozen=True, slots=True)
class MeasuredSet:
    """Questions, with two engines on the same documents: as it is, and `plain`, whose retrieval
    does without the vectors of sentences and headings."""

    name: str
    engine: Engine
    plain: Engine
    asked: Sequence[Asked]


def measured_sets(data: Path, seeds: Path, cache: Path | None) -> Iterator[MeasuredSet]:
    """Yield the sets, made ready one by one. `data` has public sets in the BEIR layout."""
    sets = IndexedSets(Settings(), cache, no_progress)
    yield _seeds(seeds, sets)
    for name in ("medquad_skin", "scifact"):
        yield _left_out(data / name, sets)
    yield from _impossible(data / "squad2_half", sets)
    for name in ("medquad_skin", "scifact"):
        yield _whole(data / name, sets)


def _seeds(seeds: Path, sets: IndexedSets) -> MeasuredSet:
    engine = sets.open_folder(seeds, seeds)
    gold = locate(read_gold(PACKAGED_GOLD), [c.document for c in engine.snapshot.chunked.values()])
    return _measured("seeds", engine, gold.questions)


def _left_out(folder: Path, sets: IndexedSets, seed: int = 0) -> MeasuredSet:
    whole = read_beir(folder, "test")
    documents, asked, _ = leave_out(whole, far_off(None, folder, whole, "test"), seed)
    sets.open_documents(folder, whole.documents)
    engine = sets.open_documents(folder, documents, share=f"half-{seed}")
    return _measured(f"{folder.name}, half left out", engine, asked.questions)


def _whole(folder: Path, sets: IndexedSets) -> MeasuredSet:
    whole = read_beir(folder, "test")
    engine = sets.open_documents(folder, whole.documents)
    return _measured(folder.name, engine, whole.asked.questions)


def _impossible(folder: Path, sets: IndexedSets) -> Iterator[MeasuredSet]:
    """Yield SQuAD 2.0's questions, answerable and impossible ones, unseen articles apart."""
    whole = read_beir(folder, "test")
    engine = sets.open_documents(folder, whole.documents)
    by_text = {document.source.rpartition("/")[2]: document for document in whole.documents}
    texts = {row["_id"]: row["text"] for row in _lines(folder / "queries.jsonl")}
    by_part: dict[str, list[Question]] = {"unseen": [], "kept-out": [], "seen": []}
    for row in _lines(folder / "answers.jsonl"):
        document = by_text[row["doc_id"]]
        kind: Kind = "near-miss" if row["is_impossible"] else "answerable"
        question = Question(
            id=row["_id"],
            text=texts[row["_id"]],
            kind=kind,
            origin=f"{folder / 'answers.jsonl'}, {row['_id']}",
            documents={} if row["is_impossible"] else {document.id: 1},
        )
        by_part[_part_of(document.title)].append(question)
    for part, questions in by_part.items():
        drawn = questions[:: max(1, len(questions) // MOST_OF_A_PART)]
        yield _measured(f"{folder.name}, {part} articles", engine, drawn)


def _part_of(article: str) -> str:
    if article in UNSEEN_ARTICLES:
        return "unseen"
    return "kept-out" if article == KEPT_OUT_ARTICLE else "seen"


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _measured(name: str, engine: Engine, questions: Sequence[Question]) -> MeasuredSet:
    plain = replace(engine, stages=engine.stages.difference(WITHOUT_SENTENCES))
    return MeasuredSet(name, engine, plain, [Asked(q, _relevant(q)) for q in questions])


def _relevant(question: Question) -> Relevant:
    def tell(document: Document, passage: Passage) -> bool:
        if question.documents:
            return document.id in question.documents
        return holds([place_of(passage)], question.spans)

    return tell
