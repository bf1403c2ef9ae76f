"""Folders of the chunking_evaluation layout: corpora/*.md and answers.jsonl with gold spans."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from eval.errors import GoldError
from eval.gold import GoldSpan, Line, Question, QuestionSet, Rows, read_rows, refuse_repeats
from index.records import Document, Span
from index.terminal import one_line

_FORM = "one JSON object with _id, text, doc_id, spans and answers"


class SpansRow(BaseModel):
    """One line of answers.jsonl: a question and the stretches of a corpus that answer it."""

    model_config = ConfigDict(frozen=True)

    id: Line = Field(alias="_id")
    text: Line
    doc_id: Line
    spans: tuple[tuple[int, int], ...] = Field(min_length=1)
    answers: tuple[str, ...]

    @model_validator(mode="after")
    def _as_many_answers(self) -> Self:
        if len(self.spans) != len(self.answers):
            raise ValueError(f"{len(self.spans)} spans but {len(self.answers)} answers")
        return self


def corpora_of(folder: Path) -> Path:
    """Return the folder with the documents."""
    return folder / "corpora"


def read_spans(folder: Path) -> Rows[SpansRow]:
    """Read and validate the questions. Raises GoldError, naming file and line."""
    rows = read_rows(folder / "answers.jsonl", SpansRow, _FORM)
    refuse_repeats(rows, lambda row: row.id, "the _id")
    return rows


def locate_spans(folder: Path, rows: Rows[SpansRow], documents: Iterable[Document]) -> QuestionSet:
    """Tie the questions to the documents of the pooled corpora.

    Raises GoldError for a corpus that is not there, and where a span does not cover its answer.
    """
    by_name: dict[str, Document] = {}
    for document in documents:
        first = by_name.setdefault(Path(document.source).stem, document)
        if first != document:
            raise GoldError(
                f"{first.source} and {document.source} would both be the doc_id "
                f"{Path(document.source).stem}: rename one of them."
            )
    questions: list[Question] = []
    for line, row in rows.by_line.items():
        if row.doc_id not in by_name:
            raise rows.error(
                line, f"there is no text {row.doc_id}.md in {corpora_of(folder)}; add it there."
            )
        document = by_name[row.doc_id]
        for (start, end), answer in zip(row.spans, row.answers, strict=True):
            if not 0 <= start < end or document.text[start:end] != answer:
                raise rows.error(
                    line,
                    f"the span {start}-{end} of {row.doc_id} is not the answer that goes with "
                    "it; offsets count characters from 0, the end exclusive.",
                )
        spans = tuple(GoldSpan(document.id, Span(*span)) for span in row.spans)
        origin = f"{rows.path}, line {line}"
        questions.append(Question(row.id, row.text, "answerable", origin, spans=spans))
    texts = sorted(document.text_sha256 for document in by_name.values())
    both = hashlib.sha256(" ".join([rows.sha256, *texts]).encode()).hexdigest()
    return QuestionSet(one_line(folder.resolve().name), both, tuple(questions))
