"""Public questions that the reader was not trained on, with what answers them and what does not."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TypeVar

from benchmarks.squad2 import AskedSet, read_squad2
from eval.gold import GoldSpan, Question
from eval.records import Kind
from eval.sets.layouts import markdown_document, read_beir
from eval.sets.leave_out import far_off, leave_out
from eval.sets.protocols import IndexedSets
from index.progress import no_progress
from index.records import Document, Span
from qa.settings import Settings
from training.rows import Row, is_kept_out, read_all, share

ROW_SOURCES = ("sleepqa", "shift-new_wiki", "selqa", "covidqa")
"""Sources of rows of which whole documents were kept out of training."""
T = TypeVar("T")

MOST_QUESTIONS = 320


def decision_sets(data: Path, cache: Path | None, settings: Settings) -> Iterator[AskedSet]:
    """Yield the sets, made ready one by one. `data` holds `reader/` and sets in the BEIR layout."""
    sets = IndexedSets(settings, cache, no_progress)
    rows = [row for row in read_all(data / "reader") if is_kept_out(row)]
    for source in ROW_SOURCES:
        others = [row for row in rows if row.source in ROW_SOURCES and row.source != source]
        yield _of_rows(source, [r for r in rows if r.source == source], others, data, sets)
    for name in ("medquad_skin", "scifact"):
        yield _left_out(data / name, sets)
    yield _impossible(data / "squad2_half", sets)


def _of_rows(
    source: str, rows: Sequence[Row], others: Sequence[Row], data: Path, sets: IndexedSets
) -> AskedSet:
    """Return a set of rows: each window is a document, and half of the texts that answer are gone.

    Where another window of the same article or paper has the answer's words, it answers, too. A
    question is a near miss when all that answers it is gone. Questions of other sources are far
    off, a quarter of as many.
    """
    texts = {(row.above, row.text): row for row in rows}
    gone = {key for key in texts if share(f"{key[0]} {key[1]}") < 0.5}
    documents: dict[str, list[Document]] = {}
    for key, row in texts.items():
        if key not in gone:
            documents.setdefault(row.document, []).append(_document(source, row))
    answering: dict[str, list[Row]] = {}
    for row in rows:
        if row.answered and not row.made:
            answering.setdefault(row.question, []).append(row)
    questions = [
        _question(number, text, found, documents.get(found[0].document, ()))
        for number, (text, found) in enumerate(sorted(answering.items()))
    ]
    drawn = _drawn(questions, MOST_QUESTIONS)
    asked_elsewhere = sorted({row.question for row in others if row.answered and not row.made})
    far = [
        Question(f"far-{number}", text, "far-off", source)
        for number, text in enumerate(_drawn(asked_elsewhere, len(drawn) // 4))
    ]
    kept = {each.id: each for own in documents.values() for each in own}
    engine = sets.open_documents(data / "reader", kept.values(), share=source)
    return AskedSet(source, engine, [*drawn, *far])


def _question(
    number: int, text: str, answering: Sequence[Row], documents: Sequence[Document]
) -> Question:
    answers = {row.text[slice(*row.span)] for row in answering if row.span}
    spans = tuple(
        GoldSpan(document.id, Span(start, start + len(answer)))
        for document in documents
        for answer in sorted(answers)
        if (start := document.text.find(answer)) >= 0
    )
    kind: Kind = "answerable" if spans else "near-miss"
    return Question(f"{number}", text, kind, "rows", spans=spans)


def _document(source: str, row: Row) -> Document:
    """Return a window as a document, with what stands above it as its title and heading."""
    text = f"# {row.above}\n\n{row.text}" if row.above else row.text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return markdown_document(f"{source}/{digest[:16]}", row.above, text, "rows/1")


def _left_out(folder: Path, sets: IndexedSets) -> AskedSet:
    whole = read_beir(folder, "test")
    documents, asked, _ = leave_out(whole, far_off(None, folder, whole, "test"), 0)
    engine = sets.open_documents(folder, documents, share="half-0")
    far = [question for question in asked.questions if question.kind == "far-off"]
    near = [question for question in asked.questions if question.kind != "far-off"]
    return AskedSet(folder.name, engine, [*near, *_drawn(far, len(near) // 4)])


def _impossible(folder: Path, sets: IndexedSets) -> AskedSet:
    """Return SQuAD 2.0's questions about articles that are in no row to train on."""
    squad2 = read_squad2(folder)
    engine = sets.open_documents(folder, squad2.documents)
    asked = _drawn(squad2.about("unseen", "kept-out"), 2 * MOST_QUESTIONS)
    # What answers are the spans, not the whole paragraphs.
    return AskedSet("squad2_half", engine, [replace(each, documents={}) for each in asked])


def _drawn(items: Sequence[T], most: int) -> list[T]:
    return list(items) if len(items) <= most else Random(0).sample(items, most)
