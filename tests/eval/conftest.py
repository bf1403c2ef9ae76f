"""A run over the first questions on the seeds, with the default model."""

from pathlib import Path

import pytest

from eval.gold import PACKAGED_GOLD, QuestionSet, locate, read_gold
from eval.records import Run
from eval.run import evaluate
from index.store import open_store
from qa.engine import Engine

QUESTIONS = 20


@pytest.fixture(scope="session")
def gold_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first questions of the packaged set: both splits and all kinds."""
    path = tmp_path_factory.mktemp("gold") / "few.jsonl"
    lines = PACKAGED_GOLD.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:QUESTIONS]))
    return path


@pytest.fixture(scope="session")
def engine(seeds_store, model, encoder, reader) -> Engine:
    return Engine(open_store(seeds_store).open(), model, encoder, model.tokenizer(), reader)


@pytest.fixture(scope="session")
def asked(engine, gold_path) -> QuestionSet:
    documents = [each.document for each in engine.snapshot.documents()]
    return locate(read_gold(gold_path), documents)


@pytest.fixture(scope="session")
def run(engine, asked) -> Run:
    return evaluate(engine, asked)
