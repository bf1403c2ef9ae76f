"""Rating answers: what was acknowledged is kept, what cannot be kept is refused."""

import json
import logging
import re
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from index.chunking.chunker import MAX_PASSAGE_CHARS
from index.store import feedback
from index.store.feedback import FeedbackFolder
from tests.service.conftest import Corpus
from tests.service.test_http import problem_of
from tests.service.test_kills import service

QUESTION = "when are the hens fed"
CITATION = {"document_id": "a", "cited_text": "b", "start_char_index": 0, "end_char_index": 1}


@pytest.fixture
def hens(corpus: Corpus) -> Corpus:
    corpus.write("hens.txt", "Hens are fed at eight every morning.\n\nFoxes sleep in the day.")
    corpus.index()
    return corpus


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
    [kept] = FeedbackFolder(hens.store).all()
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
    hens: Corpus, body: dict[str, Any], told: str
) -> None:
    with hens.uploading() as client:
        assert told in problem_of(rate(client, **body), 422)
    assert FeedbackFolder(hens.store).all() == []


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


def test_the_question_is_in_no_log(
    hens: Corpus, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "MOST_ENTRIES", 1)
    with caplog.at_level(logging.DEBUG), hens.uploading() as client:
        assert rate(client).status_code == 201
        assert rate(client).status_code == 507
        assert rate(client, question="").status_code == 422
    assert QUESTION not in caplog.text


def test_when_there_is_no_more_room_that_is_said_and_the_rest_is_kept(
    hens: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "MOST_ENTRIES", 2)
    with hens.uploading() as client:
        assert [rate(client).status_code for _ in range(2)] == [201, 201]
        assert "looked through" in problem_of(rate(client), 507)
        FeedbackFolder(hens.store).remove()
        assert rate(client).status_code == 201


def test_feedback_takes_so_many_bytes_at_most_however_few_its_entries(
    hens: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "MOST_BYTES", 5000)
    with hens.uploading() as client:
        statuses = [rate(client, comment="x" * 2000).status_code for _ in range(3)]
        assert statuses == [201, 201, 507]
        kept = [path.stat().st_size for path in (hens.store / "feedback").iterdir()]
        assert sum(kept) <= 5000
        FeedbackFolder(hens.store).remove()
        assert rate(client, comment="x" * 2000).status_code == 201


def test_a_disk_that_cannot_be_written_is_told_without_a_path(hens: Corpus) -> None:
    (hens.store / "feedback").write_text("in the way")
    with hens.uploading() as client:
        response = rate(client)
    assert "cannot be kept" in problem_of(response, 503)
    assert response.headers["retry-after"]


def test_what_was_acknowledged_survives_a_kill_whoever_wrote_it(hens: Corpus) -> None:
    acknowledged: list[str] = []

    def work(url: str) -> None:
        try:
            with httpx2.Client(base_url=url, timeout=30) as client:
                while True:
                    acknowledged.append(rate(client, comment="x" * 2000).json()["id"])
        except httpx2.TransportError:
            return

    with service(hens.store) as (first, one), service(hens.store) as (second, other):
        threads = [threading.Thread(target=work, args=(url,)) for url in (one, one, other)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 30:
            assert any(thread.is_alive() for thread in threads)
        first.kill()
        second.kill()
        for thread in threads:
            thread.join()
    kept = [entry.id for entry in FeedbackFolder(hens.store).all()]
    assert set(acknowledged) <= set(kept)
    assert len(kept) <= len(acknowledged) + len(threads)
    assert kept == sorted(set(kept))


def test_a_service_that_has_no_store_to_write_to_takes_none(seeds_store: Path, client: Any) -> None:
    assert rate(client).status_code in (404, 405)
    assert not (seeds_store / "feedback").exists()
