"""Sets of questions; those of SQuAD 2.0, by which articles the bundled reader was trained on."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from eval.gold import GoldSpan, Question
from eval.sets.layouts import read_beir
from index.records import Document, Span
from qa.engine import Engine
from training.rows import KEPT_OUT_ARTICLE

Part = Literal["unseen", "kept-out", "seen"]
"""Articles with questions that no row was ever made of; the one with rows that are kept out of
training; and those that the reader was trained on."""

UNSEEN_ARTICLES = ("1973 oil crisis", "Islamism")


@dataclass(frozen=True, slots=True)
class AskedSet:
    """Questions, and an engine on the documents that they are asked of."""

    name: str
    engine: Engine
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Squad2:
    """Paragraphs, each a document, and the questions about each part of the articles.

    Of an answerable question, `spans` are its answers and `documents` has its paragraph. An
    impossible one is a near miss.
    """

    documents: Sequence[Document]
    sha256: str
    questions: Sequence[tuple[Part, Question]]

    def about(self, *parts: Part) -> list[Question]:
        """Return the questions about these parts of the articles, in the file's order."""
        return [question for part, question in self.questions if part in parts]


def read_squad2(folder: Path) -> Squad2:
    """Read a set in the BEIR layout, with its answers.jsonl beside."""
    whole = read_beir(folder, "test")
    documents = {each.source.rpartition("/")[2]: each for each in whole.documents}
    texts = {row["_id"]: row["text"] for row in _lines(folder / "queries.jsonl")}
    origin = folder / "answers.jsonl"
    questions: list[tuple[Part, Question]] = []
    for row in _lines(origin):
        document, impossible = documents[row["doc_id"]], row["is_impossible"]
        question = Question(
            id=row["_id"],
            text=texts[row["_id"]],
            kind="near-miss" if impossible else "answerable",
            origin=f"{origin}, {row['_id']}",
            spans=() if impossible else tuple(_spans(document, row["answers"])),
            documents={} if impossible else {document.id: 1},
        )
        questions.append((_part_of(document.title), question))
    return Squad2(whole.documents, whole.asked.sha256, questions)


def _spans(document: Document, answers: Sequence[dict[str, Any]]) -> Iterator[GoldSpan]:
    before = len(f"# {document.title}\n\n")  # which the paragraph stands below
    for answer in answers:
        start = before + answer["answer_start"]
        yield GoldSpan(document.id, Span(start, start + len(answer["text"])))


def _part_of(article: str) -> Part:
    if article in UNSEEN_ARTICLES:
        return "unseen"
    return "kept-out" if article == KEPT_OUT_ARTICLE else "seen"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
