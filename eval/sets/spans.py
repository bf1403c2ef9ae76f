"""Folders of the chunking_evaluation layout: corpora/*.md and answers.jsonl with gold spans."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from eval.questions import GoldSpan, Question, QuestionSet
from eval.rows import Line, Rows, read_rows, refuse_repeats
from index.records import Document, Span

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
    refuse_repeats(rows, {line: row.id for line, row in rows.by_line.items()}, "the _id")
    return rows


def locate_spans(folder: Path, rows: Rows[SpansRow], documents: Iterable[Document]) -> QuestionSet:
    """Tie the questions to the documents of the pooled corpora.

    Raises GoldError for a corpus that is not there, and where a span does not cover its answer.
    """
    by_name = {Path(document.source).stem: document for document in documents}
    questions: list[Question] = []
    for line, row in rows.by_line.items():
        document = by_name.get(row.doc_id)
        if document is None:
            raise rows.error(
                line, f"there is no text {row.doc_id}.md in {corpora_of(folder)}; add it there."
            )
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
    return QuestionSet(folder.resolve().name, rows.sha256, tuple(questions))
