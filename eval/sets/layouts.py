"""How public sets lie in folders.

BEIR: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv. chunking_evaluation: corpora/*.md and
answers.jsonl with gold spans.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from eval.gold import (
    GoldError,
    GoldSpan,
    Line,
    Question,
    QuestionSet,
    Rows,
    line_error,
    read_lines,
    read_rows,
    refuse_repeats,
)
from eval.records import MAX_GRADE, Kind
from index.records import Document, Span
from index.sources.listing import document_id
from index.terminal import one_line

_QRELS_FORM = (
    "a line is query-id, corpus-id and a whole number as score, with tabs between them; correct it."
)


class CorpusRow(BaseModel):
    """One line of corpus.jsonl; other fields do not matter."""

    model_config = ConfigDict(frozen=True)

    id: Line = Field(alias="_id")
    title: str = ""
    text: str


class QueryRow(BaseModel):
    """One line of queries.jsonl; other fields do not matter."""

    model_config = ConfigDict(frozen=True)

    id: Line = Field(alias="_id")
    text: Line


@dataclass(frozen=True, slots=True)
class BeirSet:
    """A corpus, and the questions that a split judges."""

    documents: tuple[Document, ...]
    asked: QuestionSet


def is_beir(folder: Path, split: str) -> bool:
    """Tell whether a folder has the files of the layout."""
    return all(path.is_file() for path in _files(folder, split))


def read_beir(folder: Path, split: str) -> BeirSet:
    """Read and validate a set.

    Raises GoldError, naming file and line, for a line that is malformed or repeats an id, for a
    judgement of what is not there, and for a file without content.
    """
    corpus_file, queries_file, qrels_file = _files(folder, split)
    corpus = read_rows(corpus_file, CorpusRow, "one JSON object with _id, title and text")
    refuse_repeats(corpus, lambda row: row.id, "the _id")
    name = one_line(folder.resolve().name)
    documents = {row.id: _document(row, name) for row in corpus.by_line.values()}
    queries = _read_queries(queries_file)
    qrels_sha256, lines = read_lines(qrels_file)
    asked = {question.id: question for question in _questions(queries, "answerable")}
    relevant = _relevant(qrels_file, lines, asked, documents)
    questions = tuple(  # queries.jsonl may hold those of other splits, too
        replace(asked[question], documents=grades) for question, grades in relevant.items()
    )
    digests = f"{corpus.sha256} {queries.sha256} {qrels_sha256}"
    sha256 = hashlib.sha256(digests.encode()).hexdigest()
    return BeirSet(tuple(documents.values()), QuestionSet(name, sha256, questions))


def read_far_off(folder: Path) -> tuple[Question, ...]:
    """Return all questions of a set, of whatever split, as far-off ones. Raises GoldError."""
    return tuple(_questions(_read_queries(folder / "queries.jsonl"), "far-off"))


def _read_queries(path: Path) -> Rows[QueryRow]:
    queries = read_rows(path, QueryRow, "one JSON object with _id and text")
    refuse_repeats(queries, lambda row: row.id, "the _id")
    return queries


def _questions(queries: Rows[QueryRow], kind: Kind) -> Iterator[Question]:
    for line, row in queries.by_line.items():
        yield Question(row.id, row.text, kind, f"{queries.path}, line {line}")


def _files(folder: Path, split: str) -> tuple[Path, Path, Path]:
    return folder / "corpus.jsonl", folder / "queries.jsonl", folder / "qrels" / f"{split}.tsv"


def _relevant(
    qrels: Path,
    lines: Mapping[int, str],
    questions: Mapping[str, Question],
    documents: Mapping[str, Document],
) -> dict[str, dict[str, int]]:
    """Return, by question, the ids of the relevant documents with their grades, 1 and up."""
    relevant: dict[str, dict[str, int]] = {}
    line_of: dict[tuple[str, str], int] = {}
    for number, line in lines.items():
        cells = [cell.strip() for cell in line.split("\t")]
        if number == 1 and cells == ["query-id", "corpus-id", "score"]:
            continue
        if len(cells) != 3 or not re.fullmatch(r"-?[0-9]{1,4}", cells[2]):
            raise line_error(qrels, number, _QRELS_FORM)
        question, document, grade = cells[0], cells[1], int(cells[2])
        if grade > MAX_GRADE:
            raise line_error(qrels, number, f"the score is above {MAX_GRADE}; scale the scores.")
        first = line_of.setdefault((question, document), number)
        if first != number:
            raise line_error(qrels, number, f"judges the same as line {first}; remove one of them.")
        for what, is_there, file in (
            (f"the question {question}", question in questions, "queries.jsonl"),
            (f"the document {document}", document in documents, "corpus.jsonl"),
        ):
            if not is_there:
                fault = f"{what} is not in {file}; add it there or take this line out."
                raise line_error(qrels, number, fault)
        if grade > 0:
            relevant.setdefault(question, {})[documents[document].id] = grade
    if not relevant:
        raise GoldError(f"{qrels} judges no document to be relevant: check the split.")
    return relevant


def _document(row: CorpusRow, folder: str) -> Document:
    """Return the row as Markdown with its title as the heading; one without text is its title."""
    title = " ".join(row.title.split())
    text = title
    if row.text.strip():
        text = f"# {title}\n\n{row.text}" if title else row.text
    return markdown_document(f"{folder}/{row.id}", title, text, "beir/1")


def markdown_document(source: str, title: str, text: str, reader: str) -> Document:
    """Return a document that is read from no file."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(
        id=document_id(source),
        source=source,
        title=title,
        text=text,
        media_type="text/markdown",
        reader=reader,
        document_sha256=digest,
        text_sha256=digest,
    )


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
    form = "one JSON object with _id, text, doc_id, spans and answers"
    rows = read_rows(folder / "answers.jsonl", SpansRow, form)
    refuse_repeats(rows, lambda row: row.id, "the _id")
    return rows


def locate_spans(folder: Path, rows: Rows[SpansRow], documents: Iterable[Document]) -> QuestionSet:
    """Tie the questions to the documents of the corpora, which share one store.

    Raises GoldError for a corpus that is not there, and where a span does not cover its answer.
    """
    by_name: dict[str, Document] = {}
    for document in documents:
        name = Path(document.source).stem
        first = by_name.setdefault(name, document)
        if first != document:
            raise GoldError(
                f"{first.source} and {document.source} would both be the doc_id {name}: rename one "
                "of them."
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
    sha256 = hashlib.sha256(" ".join([rows.sha256, *texts]).encode()).hexdigest()
    return QuestionSet(one_line(folder.resolve().name), sha256, tuple(questions))
