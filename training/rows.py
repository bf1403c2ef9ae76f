"""Rows to train on: a question, a window of text, and whether the text answers."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FILES = ("rows.jsonl.gz", "covidqa.jsonl.gz", "tables.jsonl.gz")
KEPT_OUT_ARTICLE = "Imperialism"
NAMED_AFTER_ARTICLES = ("shift-new_wiki", "squad2", "selqa")
"""Sources whose documents are named by their subject."""


@dataclass(frozen=True, slots=True)
class Row:
    """One example. `span` is where the answer stands in `text`, None if that does not answer.

    `source` names the public set and `made` how the row came about: "" as it was published, else
    one word (docs/reader.md). `document` is where the question comes from; rows are split by it.
    """

    source: str
    made: str
    document: str
    question: str
    above: str
    text: str
    span: tuple[int, int] | None

    @property
    def answered(self) -> bool:
        """Whether the text answers."""
        return self.span is not None

    @property
    def subject(self) -> str:
        """What the document is about, where its name tells; else ""."""
        named = self.source in NAMED_AFTER_ARTICLES
        return self.document.replace("_", " ") if named else self.above


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file of JSON lines, compressed with gzip."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            fields = json.loads(line)
            source, _, made = fields["src"].partition("-")
            if source == "shift":  # its sources have a dash of their own
                name, _, made = made.partition("-")
                source = f"shift-{name}"
            yield Row(
                source=source,
                made=made,
                document=fields["doc"],
                question=fields["q"],
                above=fields["title"],
                text=fields["text"],
                span=_span(fields),
            )


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows in the form that `read_rows` reads."""
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for row in rows:
            fields = {
                "src": f"{row.source}-{row.made}" if row.made else row.source,
                "doc": row.document,
                "q": row.question,
                "title": row.above,
                "text": row.text,
                "y": int(row.answered),
                "span": row.span,
            }
            lines.write(json.dumps(fields, ensure_ascii=False) + "\n")


def read_all(folder: Path) -> list[Row]:
    """Return the rows of every file of the folder that is for training."""
    return [row for name in FILES for row in read_rows(folder / name)]


def is_kept_out(row: Row) -> bool:
    """Tell whether a row is kept out of training: whole documents and sources.

    All of sleepqa, one article of squad2, and a fifth of the documents of four other sources.
    """
    if row.source == "sleepqa" or row.document == KEPT_OUT_ARTICLE:
        return True
    shared = row.source in {"shift-new_wiki", "selqa", "wtq", "covidqa"}
    return shared and share(row.document) < 0.2


def for_training(rows: Sequence[Row]) -> list[Row]:
    """Return the rows to train on: none that is kept out, and none with the text of such a one.

    The text of a "hard" row is often another document's than the question's.
    """
    texts = {row.text for row in rows if is_kept_out(row)}
    return [row for row in rows if not is_kept_out(row) and row.text not in texts]


def share(name: str) -> float:
    """Return a number in 0..1 that depends on the name alone."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def _span(fields: dict[str, object]) -> tuple[int, int] | None:
    """Return the answer's span; the whole text where a row is answered without naming it."""
    if not fields["y"]:
        return None
    match fields["span"]:
        case [int(start), int(end)]:
            return start, end
        case _:
            return 0, len(str(fields["text"]))
