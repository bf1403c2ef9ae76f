"""What the service's HTTP/1.1 makes of odd clients: trailers, heads in pieces, slow readers."""

import socket
import time
from contextlib import suppress
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from tests.service.serving import served

CHUNKED = (
    b"POST /told HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Said: head\r\nTransfer-Encoding: chunked\r\n"
)
LARGE = 8_000_000


def app() -> FastAPI:
    found = FastAPI()

    @found.post("/told")
    async def told(request: Request) -> JSONResponse:
        length = 0
        with suppress(ClientDisconnect):
            length = len(await request.body())
        return JSONResponse({"said": request.headers.getlist("x-said"), "length": length})

    @found.get("/large")
    def large() -> Response:
        return Response(b"x" * LARGE)

    return found


def connected(url: str, **options: Any) -> socket.socket:
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    return socket.create_connection((host, int(port)), timeout=30, **options)


def test_a_trailer_says_nothing_that_the_head_did_not() -> None:
    sent = CHUNKED + b"Connection: close\r\n\r\n3\r\nabc\r\n0\r\nX-Said: trailer\r\n\r\n"
    with served(app()) as url, connected(url) as connection:
        connection.sendall(sent)
        answered = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answered.endswith(b'{"said":["head"],"length":3}')


def test_a_trailer_without_end_is_not_read() -> None:
    with served(app()) as url, connected(url) as connection:
        connection.sendall(CHUNKED + b"\r\n3\r\nabc\r\n0\r\nX: ")
        answered = b"HTTP/1.1 431 "  # or lost, where more was sent than the service had read
        with suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(b"y" * 10_000)
                time.sleep(0.005)
            answered = connection.recv(65536)
    assert answered.startswith(b"HTTP/1.1 431 ")


def test_a_head_behind_a_large_body_is_no_large_head() -> None:
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (100_000, b"z" * 100_000)
    following = CHUNKED.replace(b"head", b"next") + b"Connection: close\r\n\r\n1\r\na\r\n0\r\n\r\n"
    with served(app()) as url, connected(url) as connection:
        connection.sendall(CHUNKED + b"\r\n" + body + following[:20])
        time.sleep(0.05)
        connection.sendall(following[20:])
        answered = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'{"said":["head"],"length":100000}' in answered
    assert answered.endswith(b'{"said":["next"],"length":1}')


def test_who_reads_slowly_but_steadily_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.service.connection.HEAD_S", 0.3)
    monkeypatch.setattr("qa.service.connection.READ_S", 0.3)
    asked = b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with served(app()) as url, connected(url) as connection:
        connection.sendall(asked)
        received = 0
        while more := connection.recv(500_000):
            received += len(more)
            time.sleep(0.05)
    assert received > LARGE


def test_who_has_read_all_and_begins_a_head_is_not_waited_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qa.service.connection.HEAD_S", 0.3)
    with served(app()) as url, connected(url) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        received = 0
        while received < LARGE:
            received += len(connection.recv(500_000))
        connection.sendall(b"G")
        connection.settimeout(10)
        rest = connection.recv(65536)
        while rest:
            rest = connection.recv(65536)
