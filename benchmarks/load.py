"""A closed loop of HTTP clients: each asks on its connection, waits for the answer, asks again.

It uses nothing but sockets and one thread, so that it takes little of the processors that the
server under test needs, and runs in a process of its own: a plan is read from stdin as JSON, what
was measured is written to stdout.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field

_LONGEST_WAIT_S = 120


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: a GET where there is no body. `path` is quoted as a URL has it."""

    path: str
    body: str = ""

    @property
    def method(self) -> str:
        """The verb."""
        return "POST" if self.body else "GET"

    def to_bytes(self) -> bytes:
        """Return it as HTTP/1.1."""
        body = self.body.encode()
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Plan:
    """Ask `requests` in turns from `clients` connections: `count` of them, or for `seconds`."""

    port: int
    requests: list[Request]
    clients: int = 1
    count: int = 0
    seconds: float = 0
    keep_bodies: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds from sending to the last byte, in the order of the answers.

    `failed` counts answers other than 200, of which no time is kept; `bodies` are in the order of
    the plan's requests if that was asked for, else none. `cpu_seconds` is what the clients took.
    """

    latencies_ms: list[float]
    seconds: float
    failed: int
    cpu_seconds: float
    bodies: list[str] = field(default_factory=list[str])

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies_ms) / self.seconds


def measure(plan: Plan) -> Measured:
    """Run a plan in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-S", __file__],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"The load generator failed: {done.stderr.strip().splitlines()[-1]}")
    return Measured(**json.loads(done.stdout))


class _Client:
    """One connection, and the answer that is being received on it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self._connect()
        self.asked = 0
        self.sent = 0.0
        self._received = bytearray()

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), _LONGEST_WAIT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def ask(self, number: int, request: bytes) -> None:
        self.asked = number
        self._received.clear()
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bytes] | None:
        """Take what has come; return status and body when the answer is whole."""
        more = self.socket.recv(1 << 18)
        if not more:
            raise ConnectionError("the server closed the connection")
        self._received += more
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        fields = head.lower().split(b"\r\n")
        length = next(int(f[15:]) for f in fields if f.startswith(b"content-length:"))
        return (int(fields[0][9:12]), bytes(body)) if len(body) >= length else None


def _run(plan: Plan) -> Measured:
    requests = [request.to_bytes() for request in plan.requests]
    waiting = selectors.DefaultSelector()
    latencies, failed, bodies = list[float](), 0, [""] * len(requests)
    started = time.perf_counter()
    until = started + (plan.seconds or 1e9)
    left = plan.count or sys.maxsize
    number = 0

    def ask(client: _Client) -> None:
        nonlocal number
        client.ask(number % len(requests), requests[number % len(requests)])
        number += 1

    for _ in range(min(plan.clients, left)):
        client = _Client(plan.port)
        waiting.register(client.socket, selectors.EVENT_READ, client)
        ask(client)
    while waiting.get_map():
        ready = waiting.select(_LONGEST_WAIT_S)
        if not ready:
            raise TimeoutError(f"no answer for {_LONGEST_WAIT_S} s")
        for key, _ in ready:
            client = key.data
            answer = client.receive()
            if answer is None:
                continue
            now = time.perf_counter()
            status, body = answer
            if status == 200:
                latencies.append((now - client.sent) * 1000)
            else:
                failed += 1
            if plan.keep_bodies:
                bodies[client.asked] = body.decode()
            if number < left and now < until:
                ask(client)
            else:
                waiting.unregister(client.socket)
                client.socket.close()
    seconds = time.perf_counter() - started
    kept = bodies if plan.keep_bodies else []
    return Measured(latencies, seconds, failed, time.process_time(), kept)


if __name__ == "__main__":
    read = json.load(sys.stdin)
    asked = [Request(**request) for request in read.pop("requests")]
    json.dump(asdict(_run(Plan(requests=asked, **read))), sys.stdout)
