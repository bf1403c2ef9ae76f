"""Questions that cannot be answered because what would answer them was taken out.

Half of a set's documents are dropped. A question is unanswerable if all its relevant documents
are gone, and a near miss then, for the rest treats the same subjects; it stays answerable while
one of them is left. As many questions of another set are mixed in: these are far off.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.gold import PACKAGED_GOLD, read_gold
from eval.questions import Question, QuestionSet
from eval.sets.beir import BeirSet, is_beir, read_far_off
from index.records import Document

PACKAGED = "questions on the seeds"


@dataclass(frozen=True, slots=True)
class FarOff:
    """Questions of another set, to mix in."""

    name: str
    questions: tuple[Question, ...]


def draw(ids: Iterable[str], seed: int) -> list[str]:
    """Return the ids in an order that is random and depends on nothing but them and the seed."""
    return sorted(ids, key=lambda each: hashlib.sha256(f"{seed} {each}".encode()).digest())


def leave_out(whole: BeirSet, far: FarOff, seed: int) -> tuple[tuple[Document, ...], QuestionSet]:
    """Return the documents that are kept, and the questions: whole ones, near misses, far ones."""
    order = draw((document.id for document in whole.documents), seed)
    dropped = set(order[: len(order) // 2])
    own = [_without(question, dropped) for question in whole.asked.questions]
    near = sum(question.kind == "near-miss" for question in own)
    by_id = {question.id: question for question in far.questions}
    mixed_in = [replace(by_id[each], id=f"{far.name}:{each}") for each in draw(by_id, seed)[:near]]
    kept = tuple(document for document in whole.documents if document.id not in dropped)
    return kept, replace(whole.asked, questions=(*own, *mixed_in))


def far_off(folder: Path | None, near: Path, split: str) -> FarOff:
    """Return the questions of the set in `folder`.

    With none given, of the first set that lies beside `near`; if none does, those on the seeds.
    Raises GoldError.
    """
    sibling = folder or next(iter(_beside(near.resolve(), split)), None)
    if sibling:
        return FarOff(sibling.resolve().name, read_far_off(sibling))
    rows = read_gold(PACKAGED_GOLD).by_line
    questions = tuple(
        Question(row.id, row.question, "far-off", f"{PACKAGED_GOLD.name}, line {line}")
        for line, row in rows.items()
        if row.kind != "far-off"
    )
    return FarOff(PACKAGED, questions)


def _beside(near: Path, split: str) -> Sequence[Path]:
    return [each for each in sorted(near.parent.iterdir()) if each != near and is_beir(each, split)]


def _without(question: Question, dropped: set[str]) -> Question:
    left = {each: grade for each, grade in question.documents.items() if each not in dropped}
    return replace(question, kind="answerable" if left else "near-miss", documents=left)
