"""How much the service takes on: requests of a caller, questions at once, slow senders."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from index.encoding.model import Model
from index.store import open_store
from index.store.protocols import Callers
from qa.service import guard
from qa.service.app import build_app
from qa.service.keys import add_key
from qa.service.policy import Policy
from qa.service.rate_limit import LocalCallers, RateLimit
from tests.service.conftest import Corpus, live_over
from tests.service.serving import exchange, served
from tests.service.test_http import problem_of
from tests.waiting import PATIENCE_S

QUESTION = {"question": "Where do owls sleep?"}


@pytest.fixture(scope="module")
def owls(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Corpus:
    corpus = Corpus(tmp_path_factory.mktemp("owls"), model)
    corpus.write("owls.txt", "Owls sleep in red barns until midnight.")
    corpus.index()
    return corpus


def opened(corpus: Corpus, policy: Policy, address: str = "10.0.0.1") -> TestClient:
    app = build_app(live_over(corpus.store, corpus._encoder), policy)
    return TestClient(
        app,
        base_url="http://127.0.0.1",
        client=(address, 1),
        raise_server_exceptions=False,
    )


def refuses_what_is_too_much(callers: Callers, per_minute: int, moments: list[float]) -> None:
    """Check that in no time span more is let through than the limit, nor all refused."""
    limit, caller = RateLimit(per_minute, callers), uuid4().hex
    passed = [moment for moment in moments if limit.take(caller, moment) == 0]
    at_once = max(1, per_minute / 6)
    for first, begin in enumerate(passed):
        for last in range(first, len(passed)):
            allowed = at_once + (passed[last] - begin) * per_minute / 60
            assert last - first + 1 <= allowed + 1e-6
    assert passed, "the first one is let through"


def tells_when_to_come_again(callers: Callers, per_minute: int, requests: int) -> None:
    """Check that who waits as long as told is let through."""
    limit, caller, other = RateLimit(per_minute, callers), uuid4().hex, uuid4().hex
    wait_s = [limit.take(caller, 5.0) for _ in range(requests)][-1]
    if wait_s:
        assert limit.take(other, 5.0) == 0
        assert limit.take(caller, 5.0 + wait_s) == 0


PER_MINUTE, REQUESTS = st.integers(1, 600), st.integers(1, 300)
MOMENTS = st.lists(st.floats(0, 90, allow_nan=False), min_size=1, max_size=200).map(sorted)


@given(PER_MINUTE, MOMENTS)
def test_in_no_time_span_is_more_let_through_than_the_limit(
    per_minute: int, moments: list[float]
) -> None:
    with closing(LocalCallers()) as callers:
        refuses_what_is_too_much(callers, per_minute, moments)


@given(PER_MINUTE, REQUESTS)
def test_who_waits_as_long_as_told_is_let_through(per_minute: int, requests: int) -> None:
    with closing(LocalCallers()) as callers:
        tells_when_to_come_again(callers, per_minute, requests)


def test_processes_that_share_a_file_count_together(tmp_path: Path) -> None:
    first, second = (RateLimit(60, LocalCallers(tmp_path / "counts")) for _ in range(2))
    taken = [limit.take("caller", 1.0) for _ in range(10) for limit in (first, second)]
    assert taken.count(0) == 10


def test_too_many_requests_of_one_address_are_told_when_to_come_again(owls: Corpus) -> None:
    policy = Policy(rate_limit=RateLimit(12))
    client = opened(owls, policy)
    answered = [client.post("/v1/ask", json=QUESTION) for _ in range(3)]
    assert [each.status_code for each in answered] == [200, 200, 429]
    refused = answered[-1]
    problem_of(refused, 429)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert opened(owls, policy, "10.0.0.2").post("/v1/ask", json=QUESTION).status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 200


def test_a_key_is_counted_wherever_it_is_used(owls: Corpus) -> None:
    keys = open_store(owls.store).keys
    secret, other = add_key(keys, "a", ["ask"]), add_key(keys, "b", ["ask"])
    policy = Policy(keys=keys, rate_limit=RateLimit(6))

    def ask(address: str, key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        client = opened(owls, policy, address)
        return client.post("/v1/ask", json=QUESTION, headers=headers).status_code

    assert [ask("10.0.0.1", secret), ask("10.0.0.2", secret)] == [200, 429]
    assert ask("10.0.0.1", other) == 200
    assert [ask("10.0.0.9", "guess"), ask("10.0.0.9", "another guess")] == [401, 429]


def test_addresses_of_one_ipv6_network_count_as_one_caller(owls: Corpus) -> None:
    policy = Policy(rate_limit=RateLimit(6))
    for address, status in [("2001:db8::1", 200), ("2001:db8::2", 429), ("2001:db8:0:1::1", 200)]:
        assert opened(owls, policy, address).get("/v1/documents").status_code == status


class Held:
    """An encoder that lets a question wait until it is told to go on."""

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self.go_on = threading.Event()
        self.reached = threading.Semaphore(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode(self, *arguments: Any) -> Any:
        self.reached.release()
        self.go_on.wait(PATIENCE_S)
        return self._encoder.encode(*arguments)


@pytest.fixture
def held(owls: Corpus) -> Iterator[tuple[Held, str]]:
    encoder = Held(owls._encoder)
    policy = Policy(questions_at_once=2, questions_waiting=3)
    with served(build_app(live_over(owls.store, encoder), policy)) as url:
        yield encoder, url
        encoder.go_on.set()


def test_what_does_not_fit_into_the_queue_is_refused_at_once(held: tuple[Held, str]) -> None:
    import httpx2

    encoder, url = held

    def ask() -> Any:
        return httpx2.post(f"{url}v1/ask", json=QUESTION, timeout=PATIENCE_S)

    with ThreadPoolExecutor(5) as pool:
        accepted = [pool.submit(ask) for _ in range(5)]
        assert encoder.reached.acquire(timeout=PATIENCE_S)
        while "pincite_queue 5.0" not in httpx2.get(f"{url}metrics", timeout=PATIENCE_S).text:
            pass
        refused = [ask() for _ in range(4)]
        assert httpx2.get(f"{url}healthz", timeout=PATIENCE_S).status_code == 200
        encoder.go_on.set()
        assert [each.result().status_code for each in accepted] == [200] * 5
    for each in refused:
        assert "try again" in problem_of(each, 503)
        assert each.headers["retry-after"] == "1"
    assert ask().status_code == 200
    assert "pincite_queue 0.0" in httpx2.get(f"{url}metrics", timeout=PATIENCE_S).text


def test_a_body_that_does_not_come_is_not_waited_for(
    owls: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_S", 0.3)
    head = b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n"
    head += b"Content-Type: application/json\r\n\r\n"
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        assert b"408 " in exchange(url, head + b'{"question"')
