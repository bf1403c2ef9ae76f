"""Questions that cannot be answered because the documents that answer them are left out.

Half of a set's documents are dropped. A question all of whose relevant documents are gone is a
near miss, since the rest treats the same subjects. It stays answerable while one of them is left.
As many questions of another set are mixed in: these are far off.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from eval.gold import PACKAGED_GOLD, GoldError, Question, QuestionSet, read_gold
from eval.sets.layouts import BeirSet, is_beir, read_far_off
from index.records import Document
from index.terminal import one_line

PACKAGED = "questions on the seeds"


@dataclass(frozen=True, slots=True)
class FarOff:
    """Questions of another set, to mix in."""

    name: str
    questions: tuple[Question, ...]


def leave_out(
    whole: BeirSet, far: FarOff, seed: int
) -> tuple[tuple[Document, ...], QuestionSet, tuple[str, ...]]:
    """Return the documents that are kept, the questions of all three kinds, and what to note."""
    order = _drawn((document.id for document in whole.documents), seed)
    dropped = set(order[: len(order) // 2])
    own = [_without(question, dropped) for question in whole.asked.questions]
    near = sum(question.kind == "near-miss" for question in own)
    by_id = {question.id: question for question in far.questions}
    mixed_in = [replace(by_id[i], id=f"{far.name}:{i}") for i in _drawn(by_id, seed)[:near]]
    asked = (*own, *mixed_in)
    kept = tuple(document for document in whole.documents if document.id not in dropped)
    content = " ".join(
        [whole.asked.sha256, *(f"{question.id} {question.text}" for question in asked)]
    )
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    few = (
        f"There are {near} near misses and only {len(mixed_in)} far-off questions ({far.name}): "
        "name a larger set with --far-off."
    )
    return kept, QuestionSet(whole.asked.name, sha256, asked), (few,) * (len(mixed_in) < near)


def _drawn(ids: Iterable[str], seed: int) -> list[str]:
    """Return the ids in a random order that depends on nothing but them and the seed."""
    return sorted(ids, key=lambda own: hashlib.sha256(f"{seed} {own}".encode()).digest())


def _without(question: Question, dropped: set[str]) -> Question:
    left = {name: grade for name, grade in question.documents.items() if name not in dropped}
    return replace(question, kind="answerable" if left else "near-miss", documents=left)


def far_off(folder: Path | None, near: Path, whole: BeirSet, split: str) -> FarOff:
    """Return the questions of the set in `folder`, which must share none with `whole`.

    Without `folder` they are those of the first set beside `near` that shares none, or else those
    on the seeds. Raises GoldError for a `folder` that shares one.
    """
    own = {question.text for question in whole.asked.questions}
    if folder:
        named = _far_off(folder)
        if any(question.text in own for question in named.questions):
            raise GoldError(
                f"{folder} has questions in common with {near}: they are not far off; name a set "
                "on another subject with --far-off."
            )
        return named
    near = near.resolve()
    for beside in sorted(near.parent.iterdir()):
        if beside.resolve() != near and is_beir(beside, split):
            other = _far_off(beside)
            if not any(question.text in own for question in other.questions):
                return other
    questions = tuple(
        Question(row.id, row.question, "far-off", f"{PACKAGED_GOLD.name}, line {line}")
        for line, row in read_gold(PACKAGED_GOLD).by_line.items()
        if row.kind != "far-off"  # far off the seeds, and perhaps not off this set
    )
    return FarOff(PACKAGED, questions)


def _far_off(folder: Path) -> FarOff:
    return FarOff(one_line(folder.resolve().name), read_far_off(folder))
