"""HTTP/1.1 by uvicorn, with bounds for idle and slow clients, and a graceful end.

h11 parses: it refuses ambiguous heads, bounds them, keeps trailers apart from headers, and reads
the next request of a connection only after the last one is answered.
"""

import asyncio
import signal
import socket
import sys
from asyncio import BaseTransport, TimerHandle
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from index.errors import PinciteError
from qa.service.problems import problem

MAX_HEAD_BYTES = 64 * 1024
CLIENT_S = 20.0
"""How long a client may take to send a head, or to read some more of a response."""
LAST_REQUESTS_S = 1.5
"""How long clients may still use their open connections when the service ends."""
GRACE_S = 30
"""How long requests in flight may then take."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises PinciteError for a port in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise PinciteError(
            f"Cannot listen on {host} port {port}: {error.strerror or error}. "
            "Choose another with --port or --host."
        ) from error
    # Accepted connections inherit this. Without it, a body waits up to 40 ms for the client to
    # acknowledge the head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.settimeout(0)
    return listener


def configure(app: FastAPI, trusted_proxies: Sequence[str] = (), **options: Any) -> uvicorn.Config:
    """Return uvicorn's configuration for `app`, with further `options` of uvicorn."""
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_graceful_shutdown=GRACE_S,
        **options,
    )


class Server(uvicorn.Server):
    """Ends in three steps: no more connections, then no more requests, then no more work.

    uvicorn alone would close connections on which a request may be under way, and drop those that
    the system has accepted but the event loop has not.
    """

    def run_until_signal(self, listener: socket.socket) -> None:
        """Serve until SIGINT or SIGTERM, even one that comes before uvicorn handles signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            # uvicorn raises the signal again at the end; this handler then keeps the process alive.
            signal.signal(number, self.handle_exit)
        self.run(sockets=[listener])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; requests in flight may take uvicorn's `timeout_graceful_shutdown`.

        Answers that a language model writes end at once, as they are: `stop_writing` of the app.
        """
        # From now on each response is the last one of its connection, and says so.
        self.server_state.default_headers.append(CLOSE_HEADER)
        for connection in self.server_state.connections:
            if isinstance(connection, Connection):
                connection.update_headers()
        for listener in sockets or []:
            await self._take_waiting(listener)
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LAST_REQUESTS_S
        state = cast(FastAPI, self.config.app).state
        if stop_writing := getattr(state, "stop_writing", None):
            stop_writing()
        while self.server_state.connections and loop.time() < deadline:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    async def _take_waiting(self, listener: socket.socket) -> None:
        """Take the connections that the system has accepted already."""
        waiting: list[socket.socket] = []
        with suppress(OSError):  # raised when none is left
            while True:
                waiting.append(listener.accept()[0])
        for connection in waiting:
            connection.settimeout(0)
            await asyncio.get_running_loop().connect_accepted_socket(self._connection, connection)

    def _connection(self) -> asyncio.Protocol:
        return Connection(self.config, self.server_state, self.lifespan.state)


class Connection(H11Protocol):
    """uvicorn's connection, but bounded in number and in how long it waits for a client."""

    _timer: TimerHandle | None = None
    _unread = 0
    """Bytes of responses that the client had not read when the timer was set."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Wait for a head; close the connection at once if there are too many."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if len(self.connections) > _most_connections():
            self.transport.abort()  # some files must stay free to accept connections
        self._wait_for_client()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        if self._timer:
            self._timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next head."""
        self._wait_for_client()
        super().on_response_complete()

    def update_headers(self) -> None:
        """Give the response under way the current default headers."""
        if self._is_answering:
            self.cycle.default_headers = self.server_state.default_headers

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._wait_for_client()

    def send_400_response(self, msg: str) -> None:
        """Answer a malformed request with a problem, unless a response is under way; then close."""
        error = sys.exception()
        status = HTTPStatus.BAD_REQUEST
        detail = "This is not a valid request in HTTP/1.1."
        if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431:
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            detail = (
                f"The head of the request is larger than {MAX_HEAD_BYTES // 1024} KiB; send less."
            )
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            response = problem(status, detail)
            headers = [*self.server_state.default_headers, *response.raw_headers, CLOSE_HEADER]
            for event in (
                h11.Response(status_code=status, headers=headers, reason=status.phrase.encode()),
                h11.Data(data=bytes(response.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        if self._is_answering:  # the application may wait for the rest of a body
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing: the request is answered without the upgrade."""

    def _wait_for_client(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._unread = self.transport.get_write_buffer_size()
        self._timer = self.loop.call_later(CLIENT_S, self._look_for_progress)

    @property
    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _look_for_progress(self) -> None:
        client_is_due = not self._is_answering or self.flow.write_paused
        if client_is_due and self.transport.get_write_buffer_size() >= self._unread:
            self.transport.abort()
        else:
            self._wait_for_client()


def _most_connections() -> int:
    """Return three quarters of the files that the process may open."""
    try:
        import resource
    except ImportError:  # Windows, which bounds them itself
        return 10_000
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 10_000 if allowed == resource.RLIM_INFINITY else allowed * 3 // 4
