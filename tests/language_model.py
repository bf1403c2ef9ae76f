"""A language model that says what a test tells it to: an OpenAI-like server on 127.0.0.1.

    with LanguageModel() as model:
        model.reply = written("The court ", "ruled [1].")
        ...  # ask at model.url
        assert model.requests[-1].body["stream"]

A reply is a list of steps. Text is a piece of the answer, bytes are sent as they are, and anything
else is called with the connection: a gate of `model.gate()` holds the answer until the test lets it
go on.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.waiting import PATIENCE_S

Action = Callable[[socket.socket], object]
Step = str | bytes | Action


@dataclass(frozen=True)
class Request:
    """What the server was asked for."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """What the server answers. Without `is_whole` the connection breaks behind the last step.

    `before` is called before the first byte.
    """

    steps: Iterable[Step] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": EVENTS})
    is_whole: bool = True
    before: Action = lambda _: None


EVENTS = "text/event-stream"
DONE = b"data: [DONE]\n\n"


def event(**chunk: Any) -> bytes:
    """Return a server-sent event with this JSON."""
    return f"data: {json.dumps(chunk)}\n\n".encode()


def piece(text: str | None, finish_reason: str | None = None, **more: str) -> bytes:
    """Return an event with a piece of an answer."""
    delta = {**({} if text is None else {"content": text}), **more}
    return event(choices=[{"index": 0, "delta": delta, "finish_reason": finish_reason}])


def written(*steps: Step, finish_reason: str | None = "stop") -> Reply:
    """Return an answer as servers stream one, from the role to the end."""
    return Reply([piece(None, role="assistant"), *steps, piece(None, finish_reason), DONE])


def whole(text: str, finish_reason: str = "stop") -> Reply:
    """Return an answer that is not streamed."""
    message = {"role": "assistant", "content": text}
    return plain(200, choices=[{"index": 0, "message": message, "finish_reason": finish_reason}])


def plain(status: int, headers: Mapping[str, str] | None = None, **body: Any) -> Reply:
    """Return a reply in JSON, such as `plain(429, {"Retry-After": "7"})`."""
    headers = {"Content-Type": "application/json", **(headers or {})}
    return Reply([json.dumps(body).encode()], status, headers)


class Gate:
    """Holds an answer where it stands as a step, until it is opened."""

    def __init__(self) -> None:
        self._reached, self._opened = threading.Event(), threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        self._reached.set()
        assert self._opened.wait(PATIENCE_S)

    def wait(self) -> None:
        """Wait until the answer has come so far."""
        assert self._reached.wait(PATIENCE_S)

    def open(self) -> None:
        """Let the answer go on."""
        self._opened.set()


class LanguageModel:
    """The server. `reply` answers each chat, or is called with the request for what answers it."""

    def __init__(self, *models: str) -> None:
        self.models = models or ("scripted",)
        self.reply: Reply | Callable[[Request], Reply] = written("Nothing.")
        self.requests: list[Request] = []
        self.hung_up = threading.Event()
        self.connections: set[socket.socket] = set()
        self._gates: list[Gate] = []
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for gate in self._gates:
            gate.open()

    def gate(self) -> Gate:
        """Return a step that holds the answer; what still waits is let go at the end."""
        self._gates.append(Gate())
        return self._gates[-1]

    def until_hung_up(self, connection: socket.socket) -> None:
        """Wait, as a step, until who asked closes the connection, and set `hung_up`."""
        with suppress(OSError):
            connection.recv(1)
        self.hung_up.set()

    def kill(self) -> None:
        """End at once: what is being answered breaks off, and nobody can connect any more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def reply_to(self, request: Request) -> Reply:
        """Record a request, and return what answers it."""
        self.requests.append(request)
        if request.path == "/v1/models":
            return plain(200, object="list", data=[{"id": name} for name in self.models])
        if request.path != "/v1/chat/completions":
            return plain(404, error={"message": "no such path"})
        return self.reply if isinstance(self.reply, Reply) else self.reply(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, model: LanguageModel) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = model


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.model.connections.add(self.connection)

    def finish(self) -> None:
        self.server.model.connections.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_GET(self) -> None:
        self.answer(None)

    def answer(self, body: Any) -> None:
        self.close_connection = True
        reply = self.server.model.reply_to(Request(self.path, dict(self.headers), body))
        with suppress(OSError):  # whoever asked may hang up at any time
            self.send(reply)

    def send(self, reply: Reply) -> None:
        reply.before(self.connection)
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Transfer-Encoding": "chunked"}.items():
            self.send_header(name, value)
        self.end_headers()
        for step in reply.steps:
            if callable(step):
                step(self.connection)
                continue
            content = step if isinstance(step, bytes) else piece(step)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        if reply.is_whole:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
