"""A server answers as a folder does: the same passages, spans, answers and abstentions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.squad2 import read_squad2
from eval.gold import PACKAGED_GOLD, QuestionSet, read_gold
from eval.run import evaluate
from eval.sets.layouts import read_beir
from index.encoding.batching import Batched
from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.records import Document
from index.store import open_store
from index.store.location import Location
from index.store.postgres import draft as stores_draft
from index.store.postgres import passages as stores_passages
from index.store.postgres.snapshot import PostgresSnapshot
from index.store.protocols import Snapshot
from index.sync import publish_documents, sync
from qa.engine import Engine
from qa.formats.answer import AnswerJson
from qa.read.reading import Reader
from tests.cli.conftest import Command
from tests.postgres.conftest import OwnDatabase

pytestmark = pytest.mark.soak

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
DOCUMENTS, QUESTIONS = 400, 60
TOLERANCE = 0.002

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")


@dataclass(frozen=True)
class Both:
    """An engine on a folder, and one on a server."""

    folder: Engine
    server: Engine

    def assert_same_content(self) -> None:
        ours, theirs = self.folder.snapshot, self.server.snapshot
        assert ours.id == theirs.id
        assert replace(ours.info, published=0.0) == replace(theirs.info, published=0.0)
        for document, other in zip(ours.documents(), theirs.documents(), strict=True):
            assert document == other

    def assert_same_answers(self, questions: Sequence[str], **options: Any) -> int:
        """Compare all that is said of each question, but for the time; return how many answered."""
        answered = 0
        for question in questions:
            folder, server = (_said(engine, question, **options) for engine in self.engines)
            assert folder == server, question
            answered += '"answered":true' in folder
        return answered

    @property
    def engines(self) -> tuple[Engine, Engine]:
        return self.folder, self.server


def _said(engine: Engine, question: str, **options: Any) -> str:
    answer = replace(engine.ask(question, 10, **options), took_ms=0.0)
    return AnswerJson.of(answer).model_copy(update={"took_ms": 0.0}).model_dump_json()


@dataclass(frozen=True)
class Opening:
    """Makes engines that share the models."""

    model: Model
    encoder: Encoder
    reader: Reader

    def both(self, folder: Path, location: Location, documents: Sequence[Document]) -> Both:
        """Publish documents in a folder and on a server; what the folder has is not embedded."""
        stored = open_store(folder)
        publish_documents(stored, documents, self.model, self.encoder)
        whole = stored.open()
        server = open_store(location)
        publish_documents(server, documents, self.model, self.encoder, vectors_from=[whole])
        return Both(self.engine(whole), self.engine(server.open()))

    def engine(self, snapshot: Snapshot) -> Engine:
        tokenizer = self.model.tokenizer()
        return Engine(snapshot, self.model, Batched(self.encoder), tokenizer, self.reader)


@pytest.fixture(scope="module")
def opening(model: Model, encoder: Encoder, reader: Reader) -> Opening:
    return Opening(model, encoder, reader)


@pytest.fixture(scope="module")
def scifact_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where SciFact is indexed once."""
    return tmp_path_factory.mktemp("scifact") / "store"


def evenly(values: Sequence[Any], most: int) -> list[Any]:
    return list(values[:: max(1, len(values) // most)])


def scifact() -> tuple[list[Document], QuestionSet]:
    """A part of SciFact: as many documents, among them all that its questions are about."""
    whole = read_beir(DATA / "scifact", "test")
    questions = evenly(whole.asked.questions, QUESTIONS)
    judged = {document for question in questions for document in question.documents}
    others = (document for document in whole.documents if document.id not in judged)
    chosen = [document for document in whole.documents if document.id in judged]
    documents = [*chosen, *(next(others) for _ in range(DOCUMENTS - len(chosen)))]
    return documents, replace(whole.asked, questions=tuple(questions))


def test_the_seeds_are_the_same(
    opening: Opening, database: OwnDatabase, seeds_dir: Path, seeds_store: Path
) -> None:
    store = open_store(database.location)
    sync(store, [seeds_dir], opening.model, opening.encoder)
    both = Both(opening.engine(open_store(seeds_store).open()), opening.engine(store.open()))
    both.assert_same_content()
    questions = [row.question for row in read_gold(PACKAGED_GOLD).by_line.values()]
    answered = both.assert_same_answers(questions)
    assert 0 < answered < len(questions)
    some = evenly(questions, 20)
    both.assert_same_answers(some, explain=True)
    both.assert_same_answers(some, list_all=True)
    both.assert_same_answers(["is it safe", "and why not"], history=some[:3])
    path = next(iter(both.folder.snapshot.descriptions())).source
    both.assert_same_answers(some, filters={"source": path})
    both.assert_same_answers(some, filters={"source": {"in": [path, "none"]}})
    both.assert_same_answers(["what is micronedling", "lightt salicilic", "x", "…", "naïve 痤疮"])


@needs_data
def test_scifact_is_the_same(opening: Opening, database: OwnDatabase, scifact_folder: Path) -> None:
    documents, asked = scifact()
    both = opening.both(scifact_folder, database.location, documents)
    both.assert_same_content()
    questions = [question.text for question in asked.questions]
    assert 0 < both.assert_same_answers(questions) < len(questions)


@needs_data
def test_squad2_is_the_same(opening: Opening, database: OwnDatabase, tmp_path: Path) -> None:
    """Half of its questions have no answer."""
    whole = read_squad2(DATA / "squad2_half")
    both = opening.both(tmp_path / "store", database.location, whole.documents)
    both.assert_same_content()
    questions = [question.text for _, question in evenly(whole.questions, QUESTIONS)]
    assert 0 < both.assert_same_answers(questions) < len(questions)


@needs_data
def test_an_index_of_vectors_ranks_as_well(
    opening: Opening,
    database: OwnDatabase,
    scifact_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (stores_draft, stores_passages):
        monkeypatch.setattr(module, "INDEXED_FROM", 0)
    # So few passages are compared faster than an index is searched.
    database.execute(f"ALTER DATABASE {database.name} SET enable_sort = off")
    documents, asked = scifact()
    both = opening.both(scifact_folder, database.location, documents)
    assert isinstance(both.server.snapshot, PostgresSnapshot)
    assert "_nearest on passages_" in _plan(both.server.snapshot)
    folder, server = (
        evaluate(engine, asked).measures["all"]["ndcg_at_10"].value for engine in both.engines
    )
    assert server >= folder - TOLERANCE


def _plan(snapshot: PostgresSnapshot) -> str:
    """Return how the server finds the passages nearest to a vector."""
    vector = np.ones(snapshot.info.made_by.dimension, np.float16)
    rows = snapshot.database.rows(
        f"EXPLAIN SELECT * FROM passages_{snapshot.row.generation} WHERE row < %(stop)s"
        " ORDER BY (vector <#> %(vector)s) LIMIT 164",
        {"stop": snapshot.row.rows, "vector": vector},
    )
    return "\n".join(line for row in rows for line in row.values())


def test_evaluation_measures_the_same(
    pincite: Command, database: OwnDatabase, seeds_dir: Path, seeds_store: Path, tmp_path: Path
) -> None:
    assert pincite("index", seeds_dir, "--store", database.url).code == 0
    local = pincite("eval", "--store", seeds_store, "--out", tmp_path / "local")
    assert local.code == 0
    baseline = ("--baseline", tmp_path / "local" / "eval.json")
    on_server = pincite("eval", "--store", database.url, "--out", tmp_path / "there", *baseline)
    assert on_server.code == 0
    folder, server = (_measured(tmp_path / name) for name in ("local", "there"))
    assert folder == server


def _measured(report: Path) -> Any:
    """Return the results of an evaluation, but for the times."""
    run = json.loads((report / "eval.json").read_bytes())
    for result in run["results"]:
        del result["took_ms"]
    return run["settings"]["snapshot"], run["results"], run["offsets"]
