"""A connection to a client: uvicorn's, but that it does not wait for ever for a slow one."""

import sys
from asyncio import BaseTransport, TimerHandle
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from qa.service.problems import problem

MAX_HEAD_BYTES = 64 * 1024
HEAD_S = 20.0
"""How long a client may take from one response, or the beginning, to the end of the next head."""
READ_S = 30.0
"""How long a client may read nothing of a response that is under way."""


class Connection(H11Protocol):
    """HTTP/1.1; what is no HTTP is answered with a problem, too, and closed."""

    _timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Give the client so long to say what it wants."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if len(self.connections) > _most_connections():
            self.transport.abort()  # before there is no file left to accept one with
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
        """Answer 431 to too large a head, and 400 to what is not HTTP."""
        error = sys.exception()
        too_large = isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
        told = "The head of the request is larger than 64 KiB; send less." if too_large else msg
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            response = problem(status, told, {"Connection": "close"})
            head = h11.Response(
                status_code=status, headers=response.raw_headers, reason=status.phrase
            )
            for event in (head, h11.Data(data=bytes(response.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event))
        self.transport.close()

    def _expect_head(self) -> None:
        self._stop_timer()
        if not self.transport.is_closing():
            self._timer = self.loop.call_later(HEAD_S, self._give_up)

    def pause_writing(self) -> None:
        """Wait for a client that does not read, but not for ever."""
        super().pause_writing()
        self._stop_timer()
        self._timer = self.loop.call_later(READ_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._stop_timer()
        super().resume_writing()

    def _give_up(self) -> None:
        if not self._is_answering:
            self.transport.abort()  # what was not read by now is not waited for

    @property
    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def _most_connections() -> int:
    """Return how many there may be: three in four of the files that the process may open."""
    try:
        import resource
    except ImportError:  # Windows, which bounds them itself
        return 10_000
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 10_000 if allowed == resource.RLIM_INFINITY else allowed * 3 // 4
