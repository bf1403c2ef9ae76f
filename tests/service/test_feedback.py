"""Rating answers: what was acknowledged is kept, what cannot be kept is refused."""

import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from index.chunking.chunker import MAX_PASSAGE_CHARS
from index.encoding.model import Model
from index.errors import StoreError
from index.store import open_store
from index.store.protocols import Store
from index.store.records import MOST_FEEDBACK_BYTES, Feedback
from tests.service.conftest import Corpus
from tests.service.test_http import problem_of
from tests.service.test_kills import service
from tests.waiting import PATIENCE_S

QUESTION = "when are the hens fed"
CITATION = {"document_id": "a", "cited_text": "b", "start_char_index": 0, "end_char_index": 1}


@pytest.fixture
def corpus(corpus_anywhere: Corpus) -> Corpus:
    return corpus_anywhere


@pytest.fixture
def hens(corpus: Corpus) -> Corpus:
    corpus.write("hens.txt", "Hens are fed at eight every morning.\n\nFoxes sleep in the day.")
    corpus.index()
    return corpus


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, model: Model
) -> Iterator[tuple[TestClient, Corpus]]:
    """A client of a service that takes feedback and has none, and its corpus."""
    corpus = Corpus(tmp_path_factory.mktemp("shared"), model)
    corpus.write("hens.txt", "Hens are fed at eight every morning.")
    corpus.index()
    with corpus.uploading() as client:
        yield client, corpus


def rate(client: TestClient | httpx2.Client, **body: Any) -> Any:
    content = json.dumps({"question": QUESTION, "helpful": True} | body)
    headers = {"Content-Type": "application/json"}
    return client.post("/v1/feedback", content=content, headers=headers)


def test_an_answer_is_rated_with_its_citations_as_they_were_given(hens: Corpus) -> None:
    with hens.uploading() as client:
        answer = client.post("/v1/ask", json={"question": QUESTION}).json()
        fields = ("question", "answered", "snapshot", "citations")
        response = rate(client, **{name: answer[name] for name in fields}, comment="Just so.")
    assert response.status_code == 201
    [kept] = open_store(hens.store).feedback.all()
    assert response.json() == {"id": kept.id, "created": kept.created}
    assert (kept.question, kept.helpful, kept.answered) == (QUESTION, True, True)
    assert (kept.snapshot, kept.comment) == (answer["snapshot"], "Just so.")
    cited = [
        (each["document_id"], each["start_char_index"], each["end_char_index"], each["cited_text"])
        for each in answer["citations"]
    ]
    assert [(q.document_id, q.start, q.end, q.cited_text) for q in kept.citations] == cited
    assert cited


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"question": " \n"}, "empty"),
        ({"question": "x" * 2001}, "2000"),
        ({"question": None}, "question"),
        ({"question": "\ud800"}, "question"),
        ({"helpful": "yes"}, "helpful"),
        ({"helpful": None}, "helpful"),
        ({"comment": "x" * 2001}, "comment"),
        ({"citations": [{}]}, "document_id"),
        ({"citations": [{"document_id": "a"}] * 21}, "citations"),
        ({"citations": [CITATION | {"cited_text": ""}]}, "cited_text"),
        ({"citations": [CITATION | {"cited_text": " \x1c\n"}]}, "empty"),
        ({"citations": [CITATION | {"cited_text": "x" * (MAX_PASSAGE_CHARS + 1)}]}, "4000"),
        ({"citations": [CITATION | {"end_char_index": 2**70}]}, "end_char_index"),
        ({"citations": [CITATION | {"end_char_index": 1e300}]}, "end_char_index"),
        ({"thumb": "up"}, "thumb"),
    ],
)
def test_what_is_no_feedback_is_refused_and_not_kept(
    shared: tuple[TestClient, Corpus], body: dict[str, Any], told: str
) -> None:
    client, corpus = shared
    assert told in problem_of(rate(client, **body), 422)
    assert open_store(corpus.store).feedback.all() == []


def test_a_quote_may_be_as_long_as_a_passage_and_the_schema_says_what_is_refused(
    hens: Corpus,
) -> None:
    longest = CITATION | {"cited_text": "x" * MAX_PASSAGE_CHARS}
    with hens.uploading() as client:
        assert rate(client, citations=[longest]).status_code == 201
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
    told = schemas["RatedQuoteJson"]["properties"]["cited_text"]
    assert told["maxLength"] == MAX_PASSAGE_CHARS
    assert not re.search(told["pattern"], " \x1c\n")
    assert re.search(told["pattern"], "x")


def fill(store: Store, room: int) -> None:
    """Leave about so many bytes of room for feedback."""
    comment = "x" * (MOST_FEEDBACK_BYTES - room)
    store.feedback.add(Feedback.new("Is it full?", helpful=True, comment=comment))


def test_the_question_is_in_no_log(hens: Corpus, caplog: pytest.LogCaptureFixture) -> None:
    fill(open_store(hens.store), 1500)
    with caplog.at_level(logging.DEBUG), hens.uploading() as client:
        assert rate(client).status_code == 201
        assert rate(client, comment="x" * 2000).status_code == 507
        assert rate(client, question="").status_code == 422
    assert QUESTION not in caplog.text


def test_when_there_is_no_more_room_that_is_said_and_the_rest_is_kept(hens: Corpus) -> None:
    fill(store := open_store(hens.store), 6000)
    with hens.uploading() as client:
        statuses = [rate(client, comment="x" * 2000).status_code for _ in range(3)]
        assert statuses == [201, 201, 507]
        assert "looked through" in problem_of(rate(client, comment="x" * 2000), 507)
        assert len(store.feedback.all()) == 3
        store.feedback.remove()
        assert rate(client, comment="x" * 2000).status_code == 201


def test_a_disk_that_cannot_be_written_is_told_without_a_path(
    hens: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError(f"The store {hens.store} cannot be written: No space left on device.")

    monkeypatch.setattr(type(open_store(hens.store).feedback), "add", full)
    with hens.uploading() as client:
        response = rate(client)
    assert "cannot be stored" in problem_of(response, 503)
    assert str(hens.store) not in response.text
    assert response.headers["retry-after"]


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_what_was_acknowledged_survives_a_kill_whoever_wrote_it(
    hens: Corpus, processes: int
) -> None:
    acknowledged: list[str] = []

    def work(url: str) -> None:
        try:
            with httpx2.Client(base_url=url, timeout=PATIENCE_S) as client:
                while True:
                    acknowledged.append(rate(client, comment="x" * 2000).json()["id"])
        except httpx2.TransportError:
            return

    with ExitStack() as stack:
        started = [stack.enter_context(service(hens.store)) for _ in range(processes)]
        threads = [threading.Thread(target=work, args=(url,)) for _, url in started * 2]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 30:
            assert any(thread.is_alive() for thread in threads)
        for process, _ in started:
            process.kill()
        for thread in threads:
            thread.join()
    kept = [entry.id for entry in open_store(hens.store).feedback.all()]
    assert set(acknowledged) <= set(kept)
    assert len(kept) <= len(acknowledged) + len(threads)
    assert len(kept) == len(set(kept)), "nothing is kept twice"


def test_a_service_that_has_no_store_to_write_to_takes_none(seeds_store: Path, client: Any) -> None:
    assert rate(client).status_code in (404, 405)
    assert open_store(seeds_store).feedback.all() == []
