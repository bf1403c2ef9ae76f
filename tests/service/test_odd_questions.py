"""Whatever is sent: an answer or a problem, never a 5xx, a hang or a traceback, and then as before.

`ODD_SEED=7 pytest …` sends other requests; a failure names the seed and the request.
"""

import http.client
import json
import logging
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from qa.formats.answer import AnswerJson
from qa.service.app import build_app
from tests.service.conftest import Corpus, live_over
from tests.service.odd_requests import NOT_WHOLE, RAW, OddRequest, odd_requests
from tests.service.serving import served
from tests.service.test_kills import REPOSITORY
from tests.waiting import PATIENCE_S

SEED = int(os.environ.get("ODD_SEED", "1"))
REFUSED = {400, 403, 404, 405, 413, 415, 422, 431}
SECRETS = re.compile(rf"Traceback|\.py\b|site-packages|{re.escape(str(REPOSITORY))}|/tmp/")


class Service:
    """A service, what it logged of failures, and a question that it can answer."""

    def __init__(self, url: str, failures: Callable[[], str], question: str) -> None:
        self.url = url.rstrip("/")
        self.failures = failures
        self.question = question

    def check(self) -> None:
        """Fail unless a proper question is answered, and nothing went wrong."""
        body = {"question": self.question}
        response = httpx2.post(f"{self.url}/v1/ask", json=body, timeout=PATIENCE_S)
        assert response.status_code == 200
        assert response.json()["answered"] is True
        assert self.failures() == ""


class Failures(logging.Handler):
    """Collects what is logged with a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.told.append(logging.Formatter().format(record))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, model: Any) -> Iterator[Service]:
    corpus = Corpus(tmp_path_factory.mktemp("odd"), model)
    corpus.write("redness.txt", "Redness of the skin lasts for two days.\n")
    corpus.index()
    failures = Failures()
    logging.getLogger().addHandler(failures)
    with served(build_app(live_over(corpus.store, corpus._encoder))) as url:
        question = "redness of the skin lasts for two days"
        yield Service(url, lambda: "".join(failures.told), question)
    logging.getLogger().removeHandler(failures)


@contextmanager
def running(folder: Path, question: str, *command: str) -> Iterator[Service]:
    """Run a service as a process; its log goes into a file."""
    log = folder / "service.log"
    with log.open("w") as written:
        process = subprocess.Popen([sys.executable, *command], cwd=REPOSITORY, stderr=written)
    try:
        while not (url := re.search(r"http://[^ ]+", log.read_text())):
            assert process.poll() is None, log.read_text()
        told = re.compile(r".*Traceback.*")
        yield Service(url[0], lambda: "".join(told.findall(log.read_text())), question)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def check_response(status: int, headers: dict[str, str], content: bytes, told: str) -> None:
    """Fail unless this is an answer or a problem, as the contract has them."""
    if status == 200:
        answer = AnswerJson.model_validate_json(content)
        for passage in answer.passages:
            assert len(passage.text) == passage.end_char_index - passage.start_char_index, told
        return
    assert status in REFUSED, (status, told)
    check_problem(status, headers, content, told)


def check_problem(status: int, headers: dict[str, str], content: bytes, told: str) -> None:
    assert headers["content-type"] == "application/problem+json", told
    problem = json.loads(content)
    assert set(problem) == {"type", "title", "status", "detail"}, told
    assert problem["status"] == status, told
    assert 0 < len(problem["detail"]) <= 500, told
    assert not SECRETS.search(content.decode()), told


def send(client: httpx2.Client, request: OddRequest) -> httpx2.Response:
    headers = {name.encode(): value.encode() for name, value in request.headers.items()}
    size = max(1, len(request.content) // 3)
    pieces = (request.content[i : i + size] for i in range(0, len(request.content), size))
    content = (
        pieces if request.in_pieces and "Content-Length" not in request.headers else request.content
    )
    return client.post("/v1/ask", content=content, headers=headers)


def survive(service: Service, seed: int, count: int) -> Counter[tuple[str, int]]:
    """Send requests and check what comes back; return how often which kind had which status."""
    found: Counter[tuple[str, int]] = Counter()
    with httpx2.Client(base_url=service.url, timeout=PATIENCE_S) as client:
        for number, request in enumerate(odd_requests(seed, count)):
            told = f"seed {seed}, request {number}, {request.kind}: {request.content[:300]!r}"
            try:
                response = send(client, request)
            except httpx2.HTTPError as error:
                pytest.fail(f"{told}: {error!r}")
            headers = dict(response.headers)
            check_response(response.status_code, headers, response.content, told)
            found[request.kind, response.status_code] += 1
            if number % 100 == 0:
                service.check()
    service.check()
    return found


def test_odd_requests_are_answered_or_refused(service: Service) -> None:
    found = survive(service, SEED, 250)
    statuses = {status for _, status in found}
    assert {200, 400, 413, 422} <= statuses, found


@pytest.mark.soak
def test_ten_thousand_odd_requests_are_answered_or_refused(
    tmp_path: Path, seeds_store: Path
) -> None:
    command = ["-m", "pincite", "serve", "--store", str(seeds_store), "--port", "0", "--no-watch"]
    with running(tmp_path, "how long does redness last after microneedling", *command) as service:
        found = survive(service, SEED, 10_000)
    by_status: Counter[int] = Counter()
    for (_, status), count in found.items():
        by_status[status] += count
    print(f"seed {SEED}: {sorted(by_status.items())}")  # noqa: T201 (what the run is for)


@pytest.mark.parametrize("what", RAW)
def test_what_is_no_proper_http_is_answered_or_refused(service: Service, what: str) -> None:
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname, address.port), PATIENCE_S) as connection:
        with suppress(OSError):  # it may be refused before all of it is sent
            connection.sendall(RAW[what])
            if what in NOT_WHOLE:
                connection.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(connection)
        try:
            response.begin()
        except (http.client.BadStatusLine, ConnectionResetError):
            assert what in NOT_WHOLE, "closed without a word"
            return
        content = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
    if response.status != 200:
        assert response.status in REFUSED, (what, response.status)
        check_problem(response.status, headers, content, what)
    if what == "a large header":
        assert response.status == 431
    service.check()
