"""A connection to a client: uvicorn's, but that it does not wait for ever for a request's head."""

from asyncio import BaseTransport, TimerHandle

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from qa.service.problems import MEDIA_TYPE, problem

MAX_HEAD_BYTES = 64 * 1024
HEAD_S = 20.0
"""How long a client may take from one response, or the beginning, to the end of the next head."""


class Connection(H11Protocol):
    """HTTP/1.1; what is no HTTP is answered with a problem, too, and closed."""

    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Give the client so long to say what it wants."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_timer()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Look at what has come."""
        super().handle_events()
        if self._is_answering:
            self._stop_timer()

    def on_response_complete(self) -> None:
        """Give the client as long for its next request."""
        self._expect_head()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or has too large a head."""
        body = bytes(problem(400, f"{msg} Its head may have 64 KiB at most.").body)
        headers = [
            ("Content-Type", MEDIA_TYPE),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            head = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event))
        self.transport.close()

    def _expect_head(self) -> None:
        self._stop_timer()
        if not self.transport.is_closing():
            self._head_timer = self.loop.call_later(HEAD_S, self._give_up)

    def _give_up(self) -> None:
        if not self._is_answering:
            self.transport.close()

    @property
    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _stop_timer(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None
