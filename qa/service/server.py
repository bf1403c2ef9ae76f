"""Serving until a signal, and ending without failing anybody."""

import asyncio
import signal
import socket
from collections.abc import Sequence
from types import FrameType

import uvicorn

LAST_REQUESTS_S = 1.5
"""How long clients may still use the connections that they have when the service is to end."""


class Server(uvicorn.Server):
    """Ends in three steps: no more connections, then no more requests, then no more work.

    uvicorn by itself closes connections on which a request may be under way, and lets go of
    those that the system has accepted and it has not. With `alone`, nobody else listens on the
    same socket.
    """

    def __init__(self, config: uvicorn.Config, *, alone: bool) -> None:
        super().__init__(config)
        self._alone = alone
        self._ending = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end: every response says from now on that it is its connection's last."""
        self._say_goodbye()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; what is in flight may take as long as uvicorn's `timeout_graceful_shutdown`."""
        self._say_goodbye()
        await self._stop_listening(sockets or [])
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LAST_REQUESTS_S
        while self.server_state.connections and loop.time() < deadline:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    def _say_goodbye(self) -> None:
        if not self._ending:
            self._ending = True
            goodbye = (b"connection", b"close")
            self.server_state.default_headers.append(goodbye)
            self.config.encoded_headers.append(goodbye)  # of these the others are made anew

    async def _stop_listening(self, sockets: Sequence[socket.socket]) -> None:
        """Take the connections that the system has accepted, and close the door."""
        waiting: list[socket.socket] = []
        for listener in sockets:
            if self._alone:
                listener.listen(0)
            waiting += _accepted(listener)
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        for connection in waiting:
            await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )


def serve_until_signal(config: uvicorn.Config, listener: socket.socket, *, alone: bool) -> None:
    """Serve in this process until SIGINT or SIGTERM."""
    for each in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal once more when it has ended, so that the process dies of it.
        signal.signal(each, lambda *_: None)
    Server(config, alone=alone).run(sockets=[listener])


def _accepted(listener: socket.socket) -> list[socket.socket]:
    found: list[socket.socket] = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # none is left
            return found
        connection.settimeout(0)
        found.append(connection)
