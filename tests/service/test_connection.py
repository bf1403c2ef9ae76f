"""What the service's HTTP/1.1 makes of odd, slow and many clients, and how it ends."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from qa.service import server
from qa.service.metrics import Metrics
from qa.service.policy import OPEN, add_middleware
from qa.service.problems import add_problem_handlers
from qa.service.server import Server, configure, listen
from tests.service.serving import connected, exchange, served
from tests.waiting import PATIENCE_S, until

GET = b"GET /small HTTP/1.1\r\nHost: 127.0.0.1\r\n"
WHOLE = GET + b"\r\n"
LAST = GET + b"Connection: close\r\n\r\n"
CHUNKED = (
    b"POST /told HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Said: head\r\nTransfer-Encoding: chunked\r\n"
)
LARGE = 8_000_000


def app() -> FastAPI:
    found = FastAPI()
    found.state.received = threading.Event()
    found.state.gone = threading.Event()

    @found.post("/told")
    async def told(request: Request) -> JSONResponse:
        length = 0
        try:
            async for chunk in request.stream():
                length += len(chunk)
                found.state.received.set()
        except ClientDisconnect:
            found.state.gone.set()
        return JSONResponse({"said": request.headers.getlist("x-said"), "length": length})

    @found.get("/small")
    async def small() -> Response:
        return Response(b"small")

    @found.get("/large")
    async def large() -> Response:
        return Response(b"x" * LARGE)

    add_problem_handlers(found)
    add_middleware(found, OPEN, Metrics())
    return found


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(app()) as address:
        yield address


# --- heads and trailers ---


@pytest.mark.parametrize(
    "head",
    [
        b"GET /small HTTP/1.1\r\n",
        GET + b"Host: 127.0.0.1\r\n",
        GET.replace(b"1.1", b"2.0"),
        GET + b"Transfer-Encoding: gzip, chunked\r\n",
        GET + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        GET + b"Content-Length: 5\r\nContent-Length: 6\r\n",
        GET + b"Content-Length: +5\r\n",
        GET + b"Content-Length : 5\r\n",
    ],
)
def test_a_head_that_others_might_read_in_another_way_is_refused(url: str, head: bytes) -> None:
    end = b"" if b"2.0" not in head else b"Connection: close\r\n"
    assert exchange(url, head + end + b"\r\n0\r\n\r\n").startswith(
        (b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")
    )


def test_chunks_come_before_a_length(url: str) -> None:
    hidden = b"0\r\n\r\nGET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    answered = exchange(url, CHUNKED + b"Content-Length: %d\r\n\r\n" % len(hidden) + hidden)
    assert answered.count(b"HTTP/1.1 ") == 1, "what is hidden is no request"
    assert answered.startswith(b"HTTP/1.1 400 ")


def test_a_trailer_says_nothing_that_the_head_did_not(url: str) -> None:
    sent = CHUNKED + b"Connection: close\r\n\r\n3\r\nabc\r\n0\r\nX-Said: trailer\r\n\r\n"
    assert exchange(url, sent).endswith(b'{"said":["head"],"length":3}')


def test_a_trailer_without_end_is_not_read(url: str) -> None:
    answered = b"HTTP/1.1 431 "  # or lost, if more was sent than the service had read
    with connected(url) as connection, suppress(ConnectionError):
        connection.sendall(CHUNKED + b"\r\n3\r\nabc\r\n0\r\nX: " + b"y" * 500_000)
        answered = connection.recv(65536)
    assert answered.startswith(b"HTTP/1.1 431 ")


def test_a_head_behind_a_large_body_is_no_large_head(url: str) -> None:
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (100_000, b"z" * 100_000)
    following = CHUNKED.replace(b"head", b"next") + b"Connection: close\r\n\r\n1\r\na\r\n0\r\n\r\n"
    with connected(url) as connection:
        connection.sendall(CHUNKED + b"\r\n" + body + following[:20])
        answered = connection.recv(65536)
        connection.sendall(following[20:])
        answered += b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'{"said":["head"],"length":100000}' in answered
    assert answered.endswith(b'{"said":["next"],"length":1}')


@pytest.mark.parametrize("piece", [10_000, 1_000_000])
def test_a_large_head_is_refused(url: str, piece: int) -> None:
    head = GET + b"".join(b"X-%d: %b\r\n" % (number, b"x" * 1000) for number in range(60))
    assert exchange(url, head + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    head += b"X: " + b"y" * 500_000
    answered = b"HTTP/1.1 431 "  # or lost, if more was sent than the service had read
    with connected(url) as connection, suppress(ConnectionError):
        for start in range(0, len(head), piece):
            connection.sendall(head[start : start + piece])
        answered = connection.recv(65536)
    assert answered.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000, b"431"),
        (CHUNKED + b"\r\n3\r\nabc\r\nnot a size\r\n", b"400"),
    ],
)
def test_what_is_not_http_gets_a_problem(url: str, sent: bytes, status: bytes) -> None:
    answered = exchange(url, sent)
    assert answered.startswith(b"HTTP/1.1 " + status)
    assert b"application/problem+json" in answered


def test_an_application_that_waits_for_a_broken_body_gives_up() -> None:
    waiting = app()
    with served(waiting) as url:
        with connected(url) as connection:
            connection.sendall(CHUNKED + b"\r\n3\r\nabc\r\n")
            assert waiting.state.received.wait(PATIENCE_S)
            connection.sendall(b"not a size\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert waiting.state.gone.wait(PATIENCE_S)


# --- several requests on a connection ---


def test_requests_that_are_sent_ahead_are_answered_in_turn(url: str) -> None:
    told = CHUNKED + b"\r\n3\r\nabc\r\n0\r\n\r\n"
    answered = exchange(url, told + WHOLE * 500 + told + LAST)
    assert answered.count(b"HTTP/1.1 200 ") == 503
    bodies = [part[:10] for part in answered.split(b"\r\n\r\n")[1:]]
    assert [each[:1] for each in bodies] == [b"{", *[b"s"] * 500, b"{", b"s"]


@pytest.mark.parametrize("wrong", [b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nX: y\r\n\r\n"])
def test_what_was_asked_before_something_else_than_http_is_answered(url: str, wrong: bytes) -> None:
    answered = exchange(url, WHOLE + wrong + WHOLE)
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.count(b"HTTP/1.1 200 ") == answered.count(b"HTTP/1.1 400 ") == 1


def test_an_upgrade_is_answered_without_one(url: str) -> None:
    upgrade = GET + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    assert exchange(url, upgrade + LAST).count(b"HTTP/1.1 200 ") == 2


def test_an_answer_on_an_open_connection_does_not_wait_for_an_acknowledgement() -> None:
    with listen("127.0.0.1", 0) as listener, socket.socket() as client:
        client.connect(listener.getsockname())
        listener.settimeout(PATIENCE_S)
        with listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# --- slow and many clients ---


@pytest.mark.parametrize("sent", [b"", b"GET /small HT", b"GET /small HTTP/1.1\r\nHost: 127"])
def test_a_head_that_does_not_come_is_not_waited_for(
    url: str, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(server, "CLIENT_S", 0.1)
    assert exchange(url, sent) == b""
    monkeypatch.setattr(server, "CLIENT_S", 0.5)
    assert exchange(url, WHOLE + sent).startswith(b"HTTP/1.1 200 ")


def test_who_does_not_read_a_response_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLIENT_S", 0.1)
    with served(app()) as url, connected(url) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(1)
        assert exchange(url, b"") == b"", "as long as the other one may take, has passed"
        received = 0
        with suppress(ConnectionError):
            while more := connection.recv(500_000):
                received += len(more)
    assert received < LARGE


def test_who_reads_slowly_but_steadily_gets_all(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLIENT_S", 1)
    pause = threading.Event()
    with connected(url) as connection:
        connection.sendall(GET.replace(b"small", b"large") + b"Connection: close\r\n\r\n")
        received = 0
        while more := connection.recv(250_000):
            received += len(more)
            pause.wait(0.05)
    assert received > LARGE


def test_a_connection_more_than_there_is_room_for_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "_most_connections", lambda: 3)
    with served(app()) as url:
        idle = [connected(url) for _ in range(3)]
        with suppress(ConnectionError):
            assert exchange(url, LAST) == b""
        for each in idle:
            each.close()
        assert until(lambda: exchange(url, LAST).startswith(b"HTTP/1.1 200 "))


# --- the end ---


def test_a_signal_before_uvicorn_handles_signals_ends_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = uvicorn.Server.run

    def signalled(self: uvicorn.Server, **options: list[socket.socket]) -> None:
        signal.raise_signal(signal.SIGTERM)
        original(self, **options)

    monkeypatch.setattr(uvicorn.Server, "run", signalled)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        service = Server(configure(app()))
        given_up = threading.Timer(PATIENCE_S, service.handle_exit, [signal.SIGTERM, None])
        given_up.start()
        with listen("127.0.0.1", 0) as listener:
            service.run_until_signal(listener)
        assert given_up.is_alive(), "the signal was swallowed"
        given_up.cancel()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def answered_on(connection: socket.socket) -> bytes:
    """Return a whole answer to GET /small."""
    received = b""
    while not received.endswith(b"small"):
        more = connection.recv(65536)
        assert more, received
        received += more
    return received


@pytest.mark.parametrize("loop", ["auto", "asyncio"])
def test_the_end_answers_what_was_accepted_and_what_is_still_asked(loop: str) -> None:
    serving = app()
    with listen("127.0.0.1", 0) as listener:
        ending = Server(configure(serving, loop=loop))
        thread = threading.Thread(target=ending.run, kwargs={"sockets": [listener]})
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with connected(url) as used, connected(url) as unused, connected(url) as working:
            used.sendall(WHOLE)
            assert answered_on(used).startswith(b"HTTP/1.1 200 ")
            working.sendall(CHUNKED + b"\r\n3\r\nabc\r\n")
            assert serving.state.received.wait(PATIENCE_S)
            # As uvicorn does every second, so that a long request has the headers of before.
            state = ending.server_state
            state.default_headers = list(state.default_headers)
            ending.should_exit = True
            for connection in (used, unused):
                connection.sendall(WHOLE)
            for connection in (used, unused):
                assert answered_on(connection).startswith(b"HTTP/1.1 200 ")
            while (b"connection", b"close") not in state.default_headers:
                pass
            working.sendall(b"0\r\n\r\n")
            answered = b"".join(iter(lambda: working.recv(65536), b""))
            assert answered.startswith(b"HTTP/1.1 200 ")
            assert b"\r\nconnection: close\r\n" in answered
            thread.join()
    with pytest.raises(ConnectionError):
        connected(url)
