"""Searches on a server find what those of a store in a folder find, in few round trips."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.records import ChunkedDocument, passage_text
from index.store import open_store
from index.store.protocols import Store
from index.store.records import MadeBy, embedded_digest
from index.sync import sync
from qa.engine import Engine
from qa.read.reading import Reader
from qa.records import Answer
from tests.index.chunked import chunked
from tests.postgres_server import PostgresServer
from tests.store.places import OnServer
from tests.waiting import until

pytestmark = pytest.mark.soak

MOST_ROUND_TRIPS = 8
USUAL_ROUND_TRIPS = 4
MADE_BY = MadeBy("model", "fingerprint", "backend", 1, 32)
_TABLES = "passages_|versions|texts|postings|words|snapshots"
_QUERY = re.compile(rf"LOG:  (?:execute [^:]+|statement): .*\b(?:{_TABLES})")
"""What a new connection asks for itself is not counted."""


@contextmanager
def counted(server: PostgresServer) -> Iterator[Callable[[], int]]:
    """Yield a function that returns how many queries the server was sent so far, by its log."""
    log = server.folder / "log"

    def queries() -> int:
        return len(_QUERY.findall(log.read_text("utf-8")))

    def log_statements(which: str) -> None:
        server.configure({"log_statement": f"'{which}'"})
        server.reload()

    log_statements("all")
    with psycopg.connect(server.url, autocommit=True) as connection:
        until(lambda: connection.execute("SHOW log_statement").fetchone() == ("all",))
    try:
        yield queries
    finally:
        log_statements("none")


@pytest.fixture(scope="module")
def server_store(
    postgres: PostgresServer, seeds_dir: Path, model: Model, encoder: Encoder
) -> Store:
    """The seeds on a server."""
    store = OnServer(postgres).make(Path("seeds-on-a-server"))
    sync(store, [seeds_dir], model, encoder)
    return store


def test_a_question_takes_a_handful_of_round_trips_and_the_answer_is_the_same(
    postgres: PostgresServer,
    server_store: Store,
    seeds_dir: Path,
    seeds_store: Path,
    model: Model,
    encoder: Encoder,
    reader: Reader,
) -> None:
    gold = (seeds_dir.parent / "eval/gold/seeds.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in gold][::4]
    questions += ["what are the sympthoms of rosaceea", "list all creams that help"]
    here = Engine(open_store(seeds_store).open(), model, encoder, model.tokenizer(), reader)
    with counted(postgres) as queries:
        took = []
        for question in questions:
            # Each question opens the snapshot anew, so that nothing of it is here yet.
            there = replace(here, snapshot=server_store.open())
            before = queries()
            answer = there.ask(question, explain=True)
            took.append(queries() - before)
            assert _timeless(answer) == _timeless(here.ask(question, explain=True))
            again = queries()
            assert _timeless(there.ask(question, explain=True)) == _timeless(answer)
            assert queries() - again <= 1, "the nearest passages"
    assert max(took) <= MOST_ROUND_TRIPS, dict(zip(questions, took, strict=True))
    assert np.median(took) <= USUAL_ROUND_TRIPS + 1, "and one for what is explained"


def test_documents_that_are_listed_come_at_once(
    stores: tuple[Store, Store], postgres: PostgresServer
) -> None:
    for store in stores:
        commit(store, documents_of(60, 3), 7)
    here, there = (store.open() for store in stores)
    names = [f"d{number:03}" for number in range(10, 50)]
    with counted(postgres) as queries:
        before = queries()
        there.prefetch_chunked([*names, "nobody"])
        assert [there.chunked(name) for name in names] == [here.chunked(name) for name in names]
        assert queries() - before == 2, "documents, and passages"
    assert there.chunked("nobody") is here.chunked("nobody") is None


def _timeless(answer: Answer) -> Answer:
    return replace(answer, took_ms=0.0, stage_ms={})


# Vectors.


@pytest.fixture
def stores(tmp_path: Path, postgres: PostgresServer) -> tuple[Store, Store]:
    """A store in a folder, and one on a server."""
    return open_store(tmp_path / "store"), OnServer(postgres).make(tmp_path)


def vectors_of(
    documents: list[ChunkedDocument], different: int
) -> dict[bytes, NDArray[np.float16]]:
    """Return vectors of length one, only so many of them different from one another."""
    random = np.random.default_rng(different)
    vectors = random.standard_normal((different, MADE_BY.dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [passage_text(each.document, p) for each in documents for p in each.passages]
    return {
        embedded_digest(text): vectors[number % different].astype(np.float16)
        for number, text in enumerate(texts)
    }


def commit(
    store: Store, documents: list[ChunkedDocument], different: int, remove: tuple[str, ...] = ()
) -> None:
    with store.writing():
        draft = store.draft(MADE_BY, store.open() if store.exists else None)
        draft.remove(remove)
        draft.put(documents, vectors_of(documents, different))
        draft.commit(live=True)


def documents_of(count: int, passages: int) -> list[ChunkedDocument]:
    return [
        chunked(*(f"Words {number} {each}." for each in range(passages)), name=f"d{number:03}")
        for number in range(count)
    ]


@pytest.mark.parametrize("different", [3, 37, 600])
def test_the_nearest_passages_are_those_of_a_store_in_a_folder(
    stores: tuple[Store, Store], different: int
) -> None:
    """Those that are equally near, too, of which there may be more than are fetched."""
    for store in stores:
        commit(store, documents_of(60, 10), different)
        commit(store, documents_of(70, 10)[60:], different, ("d003", "d059"))
    here, there = (store.open() for store in stores)
    commit(stores[1], documents_of(80, 10)[70:], different)  # rows that the open one has not
    documents = here.info.documents
    chosen = np.random.default_rng(1).random(documents) < 0.5
    few = np.arange(documents) == 7
    questions = np.random.default_rng(2).standard_normal((20, MADE_BY.dimension))
    for question in (questions / np.linalg.norm(questions, axis=1, keepdims=True)).astype("f4"):
        for which in (None, chosen, few, ~few, few & ~few):
            for limit in (1, 10, 100, 10_000):
                found = [
                    snapshot.nearest(
                        question, limit, None if which is None else snapshot.passages_of(which)
                    )
                    for snapshot in (here, there)
                ]
                assert found[0] == found[1]


def test_what_an_index_finds_is_allowed_and_nearly_all_there_is(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.store.postgres.passages.INDEXED_FROM", 1000)
    monkeypatch.setattr("index.store.postgres.draft.INDEXED_FROM", 1000)
    monkeypatch.setattr("index.store.postgres.passages._FEWEST_SEARCHED", 100)
    _, store = stores
    commit(store, documents_of(200, 20), 4000)
    commit(store, [], 4000, ("d003", "d100"))
    snapshot = store.open()
    commit(store, documents_of(210, 20)[200:], 4000)  # rows that the open one has not
    chosen = np.random.default_rng(1).random(snapshot.info.documents) < 0.2
    questions = np.random.default_rng(2).standard_normal((50, MADE_BY.dimension))
    hits = 0
    for question in (questions / np.linalg.norm(questions, axis=1, keepdims=True)).astype("f4"):
        for which in (chosen, ~chosen):
            allowed = snapshot.passages_of(which)
            found = snapshot.nearest(question, 10, allowed)
            exact = snapshot.nearest(question, 10, allowed, exact=True)
            cosines = dict(snapshot.nearest(question, 10_000, allowed))
            assert len(found) == 10
            assert all(cosines[row] == cosine for row, cosine in found)
            hits += len(set(found) & set(exact))
    assert hits >= 0.95 * 1000
