"""Folders of the BEIR layout: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from eval.errors import GoldError
from eval.gold import (
    Line,
    Question,
    QuestionSet,
    Rows,
    line_error,
    read_lines,
    read_rows,
    refuse_repeats,
)
from eval.records import MAX_GRADE
from index.records import Document
from index.sources.listing import document_id
from index.terminal import one_line

_HEADER = ["query-id", "corpus-id", "score"]
_QRELS_FORM = (
    "a line is query-id, corpus-id and a whole number as score, with tabs between them; correct it."
)


class CorpusRow(BaseModel):
    """One line of corpus.jsonl; other fields are not looked at."""

    model_config = ConfigDict(frozen=True)

    id: Line = Field(alias="_id")
    title: str = ""
    text: str


class QueryRow(BaseModel):
    """One line of queries.jsonl; other fields are not looked at."""

    model_config = ConfigDict(frozen=True)

    id: Line = Field(alias="_id")
    text: Line


@dataclass(frozen=True, slots=True)
class Judgement:
    """A line of the qrels: how relevant a document is to a question; 0 and below is not."""

    line: int
    question: str
    document: str
    grade: int


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
    relevant = _relevant(qrels_file, lines, {row.id for row in queries.by_line.values()}, documents)
    lines_of = {row.id: line for line, row in queries.by_line.items()}
    questions = tuple(  # queries.jsonl may hold those of other splits, too
        Question(
            id=question,
            text=queries.by_line[lines_of[question]].text,
            kind="answerable",
            origin=f"{queries_file}, line {lines_of[question]}",
            documents=grades,
        )
        for question, grades in relevant.items()
    )
    digests = f"{corpus.sha256} {queries.sha256} {qrels_sha256}"
    sha256 = hashlib.sha256(digests.encode()).hexdigest()
    return BeirSet(tuple(documents.values()), QuestionSet(name, sha256, questions))


def read_far_off(folder: Path) -> tuple[Question, ...]:
    """Return all questions of a set, of whatever split, as far-off ones. Raises GoldError."""
    queries = _read_queries(folder / "queries.jsonl")
    return tuple(
        Question(row.id, row.text, "far-off", f"{queries.path}, line {line}")
        for line, row in queries.by_line.items()
    )


def _read_queries(path: Path) -> Rows[QueryRow]:
    queries = read_rows(path, QueryRow, "one JSON object with _id and text")
    refuse_repeats(queries, lambda row: row.id, "the _id")
    return queries


def _files(folder: Path, split: str) -> tuple[Path, Path, Path]:
    return folder / "corpus.jsonl", folder / "queries.jsonl", folder / "qrels" / f"{split}.tsv"


def _relevant(
    qrels: Path, lines: Mapping[int, str], questions: set[str], documents: Mapping[str, Document]
) -> dict[str, dict[str, int]]:
    """Return, by question, the ids of the relevant documents with their grades."""
    relevant: dict[str, dict[str, int]] = {}
    for judgement in _judgements(qrels, lines):
        for what, is_there, file in (
            (
                f"the question {judgement.question}",
                judgement.question in questions,
                "queries.jsonl",
            ),
            (f"the document {judgement.document}", judgement.document in documents, "corpus.jsonl"),
        ):
            if not is_there:
                raise line_error(
                    qrels,
                    judgement.line,
                    f"{what} is not in {file}; add it there or take this line out.",
                )
        if judgement.grade > 0:
            relevant.setdefault(judgement.question, {})[documents[judgement.document].id] = (
                judgement.grade
            )
    if not relevant:
        raise GoldError(f"{qrels} judges no document to be relevant: check the split.")
    return relevant


def _judgements(path: Path, lines: Mapping[int, str]) -> Iterator[Judgement]:
    seen: dict[tuple[str, str], int] = {}
    for number, line in lines.items():
        cells = [cell.strip() for cell in line.split("\t")]
        if number == 1 and cells == _HEADER:
            continue
        if len(cells) != len(_HEADER) or not re.fullmatch(r"-?[0-9]{1,4}", cells[2]):
            raise line_error(path, number, _QRELS_FORM)
        if int(cells[2]) > MAX_GRADE:
            raise line_error(path, number, f"the score is above {MAX_GRADE}; scale the scores.")
        first = seen.setdefault((cells[0], cells[1]), number)
        if first != number:
            raise line_error(path, number, f"judges the same as line {first}; remove one of them.")
        yield Judgement(number, cells[0], cells[1], int(cells[2]))


def _document(row: CorpusRow, folder: str) -> Document:
    """Return the row as Markdown with its title as the heading; one without text is its title."""
    title = " ".join(row.title.split())
    has_text = bool(row.text.strip())
    text = f"# {title}\n\n{row.text}" if title and has_text else row.text if has_text else title
    digest = hashlib.sha256(text.encode()).hexdigest()
    source = f"{folder}/{row.id}"
    return Document(
        id=document_id(source),
        source=source,
        title=title,
        text=text,
        media_type="text/markdown",
        reader="beir/1",
        document_sha256=digest,
        text_sha256=digest,
    )
