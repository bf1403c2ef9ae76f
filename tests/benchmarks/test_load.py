"""The load generator asks as often as it was told to, and says what came of it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load import Plan, Request, measure


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[tuple[str, int]]
    asked: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).connections.add(self.client_address)
        type(self).asked += 1
        self.send_response(503 if body == b"too much" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *said: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Echo.connections, Echo.asked = set(), 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_each_request_is_asked_and_its_answer_kept_in_its_place(port: int):
    requests = [Request("/", f"question {number} ✓") for number in range(40)]
    measured = measure(Plan(port, requests, clients=4, count=40, keep_bodies=True))
    assert measured.bodies == [request.body for request in requests]
    assert len(measured.latencies_ms) == Echo.asked == 40
    assert len(Echo.connections) == 4


def test_what_was_refused_is_counted_apart(port: int):
    requests = [Request("/", "fine"), Request("/", "too much")]
    measured = measure(Plan(port, requests, clients=2, count=10))
    assert (len(measured.latencies_ms), measured.failed) == (5, 5)


def test_it_ends_when_its_time_is_over(port: int):
    measured = measure(Plan(port, [Request("/", "fine")], clients=3, seconds=0.2))
    assert measured.seconds < 5
    assert len(measured.latencies_ms) == Echo.asked > 3
