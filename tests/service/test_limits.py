"""How much the service takes on: requests of a caller, questions at once, slow senders."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from index.store.store import Store
from qa.service import guard
from qa.service.access.keys import Keys
from qa.service.access.rate_limit import RateLimit
from qa.service.app import build_app
from qa.service.connection import Connection
from qa.service.policy import Policy
from tests.service.conftest import Corpus, live_over
from tests.service.serving import served
from tests.service.test_http import problem_of

QUESTION = {"question": "Where do owls sleep?"}


@pytest.fixture
def owls(corpus: Corpus) -> Corpus:
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


@given(
    st.integers(1, 600),
    st.lists(st.floats(0, 90, allow_nan=False), min_size=1, max_size=200).map(sorted),
)
def test_in_no_time_span_is_more_let_through_than_the_limit(
    per_minute: int, moments: list[float]
) -> None:
    limit = RateLimit(per_minute)
    passed = [moment for moment in moments if limit.take("caller", moment) == 0]
    limit.close()
    at_once = max(1, per_minute / 6)
    for first, begin in enumerate(passed):
        for last in range(first, len(passed)):
            allowed = at_once + (passed[last] - begin) * per_minute / 60
            assert last - first + 1 <= allowed + 1e-6
    assert passed, "the first one is let through"


@given(st.integers(1, 600), st.integers(1, 300))
def test_who_waits_as_long_as_told_is_let_through(per_minute: int, requests: int) -> None:
    limit = RateLimit(per_minute)
    wait_s = [limit.take("caller", 5.0) for _ in range(requests)][-1]
    if wait_s:
        assert limit.take("other", 5.0) == 0
        assert limit.take("caller", 5.0 + wait_s) == 0
    limit.close()


def test_processes_that_share_a_file_count_together(tmp_path: Path) -> None:
    first, second = (RateLimit(60, tmp_path / "counts") for _ in range(2))
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
    keys = Keys(Store(owls.store))
    secret, other = keys.add("a", ["ask"]), keys.add("b", ["ask"])
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
        self.go_on.wait(30)
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
        return httpx2.post(f"{url}v1/ask", json=QUESTION, timeout=60)

    with ThreadPoolExecutor(5) as pool:
        accepted = [pool.submit(ask) for _ in range(5)]
        encoder.reached.acquire(timeout=30)
        encoder.reached.acquire(timeout=30)
        while "pincite_queue 5.0" not in httpx2.get(f"{url}metrics").text:
            pass
        refused = [ask() for _ in range(4)]
        assert httpx2.get(f"{url}healthz").status_code == 200
        encoder.go_on.set()
        assert [each.result().status_code for each in accepted] == [200] * 5
    for each in refused:
        assert "try again" in problem_of(each, 503)
        assert each.headers["retry-after"] == "1"
    assert ask().status_code == 200
    assert "pincite_queue 0.0" in httpx2.get(f"{url}metrics").text


def test_a_body_that_does_not_come_is_not_waited_for(
    owls: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_S", 0.3)
    head = b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n"
    head += b"Content-Type: application/json\r\n\r\n"
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        assert b"408 " in exchange(url, head + b'{"question"')


def test_a_connection_more_than_there_is_room_for_is_closed(
    owls: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.service.connection._most_connections", lambda: 3)
    monkeypatch.setattr("qa.service.connection.HEAD_S", 1.0)
    whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        assert refused(url, whole)
        for each in idle:
            assert each.recv(1) == b"", "closed after HEAD_S"
            each.close()
        assert exchange(url, whole).startswith(b"HTTP/1.1 200 ")


def refused(url: str, sent: bytes) -> bool:
    try:
        return exchange(url, sent) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: 127"])
def test_a_head_that_does_not_come_is_not_waited_for(
    owls: Corpus, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("qa.service.connection.HEAD_S", 0.3)
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        assert exchange(url, sent) == b""
        whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        answered = exchange(url, whole + sent)
        assert answered.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000, b"431"),
    ],
)
def test_what_is_not_http_gets_a_problem(owls: Corpus, sent: bytes, status: bytes) -> None:
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        answered = exchange(url, sent)
        assert answered.startswith(b"HTTP/1.1 " + status)
        assert b"application/problem+json" in answered


def exchange(url: str, sent: bytes) -> bytes:
    """Send bytes and return what comes until the service closes the connection."""
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(sent)
        received = b""
        while more := connection.recv(65536):
            received += more
    return received


GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
LAST = GET + b"Connection: close\r\n\r\n"


def test_requests_that_are_sent_ahead_are_answered_in_turn(owls: Corpus) -> None:
    body = b'{"question": "Where do owls sleep?"}'
    ask = b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    ask += b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        answered = exchange(url, ask + GET + b"\r\n" + ask + LAST)
    assert answered.count(b"HTTP/1.1 200 ") == 4
    bodies = [b'"answered"', b'"status":"ok"', b'"answered"', b'"status":"ok"']
    places = [0]
    for each in bodies:
        places.append(answered.index(each, places[-1] + 1))


def test_of_too_many_requests_sent_ahead_the_first_are_answered_and_no_more(owls: Corpus) -> None:
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        answered = exchange(url, (GET + b"\r\n") * 1000)
    assert 1 < answered.count(b"HTTP/1.1 200 ") < 100
    assert answered.count(b"connection: close") == 1


@pytest.mark.parametrize("wrong", [b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nX: y\r\n\r\n"])
def test_what_was_asked_before_something_else_than_http_is_answered(
    owls: Corpus, wrong: bytes
) -> None:
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        answered = exchange(url, GET + b"\r\n" + wrong)
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answered


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\n",
        GET + b"Host: 127.0.0.1\r\n",
        GET.replace(b"1.1", b"2.0"),
        GET + b"Transfer-Encoding: gzip, chunked\r\n",
        GET + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_a_head_that_others_might_read_in_another_way_is_refused(owls: Corpus, head: bytes) -> None:
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        answered = exchange(url, head + b"\r\n0\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("pieces", [1, 10])
def test_a_large_head_is_refused_whole_or_in_pieces(owls: Corpus, pieces: int) -> None:
    head = GET + b"".join(b"X-%d: %b\r\n" % (number, b"x" * 1000) for number in range(64))
    end = b"Connection: close\r\n\r\n"
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        assert exchange(url, head + end).startswith(b"HTTP/1.1 200 ")
        host, port = url.removeprefix("http://").rstrip("/").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            size = len(head) // pieces + 1
            for start in range(0, len(head), size):
                last = b"" if start + size < len(head) else b"X: " + b"y" * 2000
                connection.sendall(head[start : start + size] + last)
                time.sleep(0.01)
            assert connection.recv(65536).startswith(b"HTTP/1.1 431 ")


def test_an_answer_on_a_kept_connection_does_not_wait_for_an_acknowledgement(
    owls: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_on: list[bool] = []
    made = Connection.connection_made

    def noted(self: Connection, transport: Any) -> None:
        made(self, transport)
        option = transport.get_extra_info("socket").getsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY
        )
        set_on.append(bool(option))

    monkeypatch.setattr(Connection, "connection_made", noted)
    for loop in ("auto", "asyncio"):
        with served(build_app(live_over(owls.store, owls._encoder)), loop=loop) as url:
            assert exchange(url, LAST).startswith(b"HTTP/1.1 200 ")
    assert set_on == [True, True]


def test_an_upgrade_is_answered_without_one(owls: Corpus) -> None:
    with served(build_app(live_over(owls.store, owls._encoder))) as url:
        answered = exchange(url, GET + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answered
