"""What can be seen of the service: log lines without questions, and metrics."""

import json
import logging
import os
import sys
from contextlib import suppress

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from qa.service.app import build_app
from qa.service.logs import _MOST_WAITING, log_lines, logger
from tests.service.conftest import Corpus, live_over
from tests.service.serving import served
from tests.waiting import PATIENCE_S

QUESTION = "Where do owls sleep when the secret moon is out?"


@pytest.fixture
def owls(corpus: Corpus) -> Corpus:
    corpus.write("owls.txt", "Owls sleep in red barns until midnight.")
    corpus.index()
    return corpus


def metrics_of(client: TestClient) -> dict[str, float]:
    """Return each sample by its name and its labels' values, in the order of the labels' names."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        " ".join(
            [sample.name, *(value for _, value in sorted(sample.labels.items()))]
        ): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_count_questions_requests_and_what_is_searched(owls: Corpus) -> None:
    client = owls.client()
    for question in (QUESTION, QUESTION, "Wer wurde 1998 Weltmeister?"):
        assert client.post("/v1/ask", json={"question": question}).status_code == 200
    client.post("/v1/ask", json={"question": ""})
    client.get("/v1/documents/one")
    client.get("/v1/documents/other")
    client.get("/no/such/route")
    found = metrics_of(client)
    answered = found["pincite_questions_total default answered"]
    assert answered + found["pincite_questions_total default abstained"] == 3
    for (
        stage
    ) in "filter spelling encoding vectors turn terms words search windows reading judging".split():
        assert found[f"pincite_stage_seconds_count {stage}"] == 3
    assert found["pincite_requests_total POST /v1/ask 200"] == 3
    assert found["pincite_requests_total POST /v1/ask 422"] == 1
    assert found["pincite_requests_total GET /v1/documents/{document_id} 404"] == 2
    assert found["pincite_requests_total GET other 404"] == 1
    client.get("/v1/documents", headers={"Host": "evil.example"})
    assert metrics_of(client)["pincite_requests_total GET /v1/documents 400"] == 1
    assert found["pincite_documents default"] == 1
    assert found["pincite_passages default"] == 1
    assert 0 <= found["pincite_snapshot_age_seconds default"] < 600
    assert found["pincite_queue"] == 0
    assert found["pincite_jobs_pending default"] == 0


def test_requests_have_ids(owls: Corpus) -> None:
    client = owls.client()
    first, second = (client.get("/healthz").headers["x-request-id"] for _ in range(2))
    assert first != second
    given = client.get("/healthz", headers={"X-Request-ID": "trace-7.a"})
    assert given.headers["x-request-id"] == "trace-7.a"
    for hostile in ("a b", "x" * 65, 'a"b', "<script>", ""):
        answered = client.get("/healthz", headers={"X-Request-ID": hostile})
        assert answered.headers["x-request-id"] != hostile
    refused = client.get("/healthz", headers={"Host": "evil.example"})
    assert refused.headers["x-request-id"]


@pytest.mark.parametrize("asked", [False, True])
def test_log_lines_tell_of_a_request_and_of_its_question_only_if_asked(
    owls: Corpus, capsys: pytest.CaptureFixture[str], asked: bool
) -> None:
    app = build_app(live_over(owls.store, owls._encoder), log_questions=asked)
    with log_lines("json"), served(app) as url:
        assert (
            httpx2.post(
                f"{url}v1/ask?q=secret", json={"question": QUESTION}, timeout=PATIENCE_S
            ).status_code
            == 200
        )
        assert httpx2.get(f"{url}?q={QUESTION.split()[5]}", timeout=PATIENCE_S).status_code == 200
        assert httpx2.get(f"{url}healthz", timeout=PATIENCE_S).status_code == 200
        assert httpx2.get(f"{url}v1/documents/no%0Asuch", timeout=PATIENCE_S).status_code == 404
    stderr = capsys.readouterr().err
    lines = [json.loads(line) for line in stderr.splitlines()]
    assert len(lines) == 4
    question = next(line for line in lines if line["event"] == "question")
    missing, asking, page = sorted(
        (line for line in lines if line["event"] == "request"), key=lambda line: -len(line["path"])
    )
    assert question["event"] == "question"
    assert question["request_id"] == asking["request_id"] != page["request_id"]
    assert (asking["method"], asking["path"], asking["status"]) == ("POST", "/v1/ask", 200)
    assert asking["took_ms"] > 0
    assert missing["path"] == "/v1/documents/no\nsuch"
    assert ("secret" in stderr) == asked
    assert question.get("question") == (QUESTION if asked else None)


def test_an_error_is_logged_with_the_id_that_the_client_got(
    owls: Corpus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("qa.engine.judge", lambda *_: 1 / 0)
    live = live_over(owls.store, owls._encoder)
    with log_lines("json"), served(build_app(live)) as url:
        failed = httpx2.post(f"{url}v1/ask", json={"question": QUESTION}, timeout=PATIENCE_S)
    assert failed.status_code == 500
    assert "ZeroDivisionError" not in failed.text
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    traces = [line for line in told if "ZeroDivisionError" in line.get("exception", "")]
    assert [line["request_id"] for line in traces] == [failed.headers["x-request-id"]]


def test_text_for_a_terminal_cannot_drive_it(capsys: pytest.CaptureFixture[str]) -> None:
    with log_lines("text"):
        logger().info("request", path="/\x1b[2J\n\u202eevil")
        logging.getLogger("pincite").warning("plain")
    written = capsys.readouterr().err
    assert "\x1b[2J" not in written
    assert "\u202e" not in written
    assert len(written.splitlines()) == 2


def test_nothing_waits_for_who_does_not_read_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    stderr = os.fdopen(writing, "w")
    monkeypatch.setattr(sys, "stderr", stderr)
    with os.fdopen(reading) as unread:
        with log_lines("json"):
            for number in range(_MOST_WAITING + 2000):  # more than the pipe and the queue take
                logger().info("request", path="/" + "x" * 100, number=number)
        assert json.loads(unread.readline())["event"] == "request"
    with suppress(OSError):
        stderr.close()
