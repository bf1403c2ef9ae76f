"""Folders of the BEIR layout for benchmarks: cut into passages, and rankings scored."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from eval.gold import Question
from eval.judge import rank_documents
from eval.measures.table import ranking_values
from eval.sets.beir import BeirSet, read_beir
from index.chunking.chunker import Chunker
from index.encoding.model import Model
from index.records import ChunkedDocument


def read_set(folder: Path) -> BeirSet:
    """Return the set with the questions of its test split."""
    return read_beir(folder, "test")


def chunk(whole: BeirSet, model: Model) -> list[ChunkedDocument]:
    """Return the corpus cut into passages, its titles as headings."""
    chunker = Chunker(model.tokenizer(), model.budget())
    return [chunker.chunk(document) for document in whole.documents]


def mean_ndcg(ranked: Iterable[tuple[Question, Iterable[str]]]) -> float:
    """Return the mean nDCG@10 of questions with the ids of documents, best first."""
    rankings = [rank_documents(names, question.documents) for question, names in ranked]
    return float(np.mean(ranking_values(rankings)["ndcg_at_10"]))
