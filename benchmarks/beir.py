"""Folders of the BEIR layout as documents, questions and judgements."""

import csv
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from index.chunking import Chunker
from index.model import Model
from index.records import ChunkedDocument, Document

Judgements = dict[str, dict[str, int]]
"""By question, the relevant documents and how relevant each is."""


def chunked_corpus(folder: Path, model: Model) -> list[ChunkedDocument]:
    """Return the corpus cut into passages, its titles as headings; ids are those of the corpus."""
    chunker = Chunker(model.tokenizer(), model.budget())
    return [chunker.chunk(_document(row)) for row in _rows(folder / "corpus.jsonl")]


def questions(folder: Path) -> dict[str, str]:
    """Return all questions by id; those that count are in the judgements."""
    return {str(row["_id"]): row["text"] for row in _rows(folder / "queries.jsonl")}


def judgements(folder: Path) -> Judgements:
    """Return what the test split judges to be relevant."""
    found: Judgements = {}
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8") as file:
        for question, document, score in list(csv.reader(file, delimiter="\t"))[1:]:
            if int(score) > 0:
                found.setdefault(question, {})[document] = int(score)
    return found


def ndcg(ranking: Sequence[str], relevant: Mapping[str, int], k: int = 10) -> float:
    """Return nDCG@k with linear gain and a log2 discount, as trec_eval has it."""
    gained = sum(relevant.get(d, 0) / math.log2(i + 2) for i, d in enumerate(ranking[:k]))
    best = sorted(relevant.values(), reverse=True)[:k]
    return gained / sum(gain / math.log2(i + 2) for i, gain in enumerate(best))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _document(row: dict[str, Any]) -> Document:
    title = " ".join(row.get("title", "").split())
    text = f"# {title}\n\n{row['text']}" if title else row["text"]
    digest = hashlib.sha256(text.encode()).hexdigest()
    name = str(row["_id"])
    return Document(name, name, title, text, "text/markdown", "beir/1", digest, digest)
