"""A connection to a client: uvicorn's, but that it does not wait for ever for a slow one.

llhttp parses what comes (by httptools, much faster than Python could). It takes some heads that
are none in RFC 9112, hands trailers on as if they stood in the head, and bounds nothing: all three
are seen to here.
"""

import socket
import sys
from asyncio import BaseTransport, TimerHandle
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from qa.service.problems import problem

MAX_HEAD_BYTES = 64 * 1024
HEAD_S = 20.0
"""How long a client may take from one response, or the beginning, to the end of the next head."""
READ_S = 30.0
"""How long a client may read nothing of a response that is under way."""
MOST_AHEAD = 16
"""How many requests may wait behind one that is being answered; more are not read."""

_CLOSE = (b"connection", b"close")
_VERSIONS = frozenset({"1.0", "1.1"})
_TOO_LARGE = "The head of the request is larger than 64 KiB; send less."


class Connection(HttpToolsProtocol):
    """HTTP/1.1; what is no HTTP is answered with a problem, too, and closed."""

    _timer: TimerHandle | None = None
    _in_head = False
    _is_counting = False
    _has_body = False
    _head_bytes = 0
    _is_deaf = False

    def connection_made(self, transport: BaseTransport) -> None:
        """Give the client so long to say what it wants."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if connected := transport.get_extra_info("socket"):
            # Else a body waits until its head was acknowledged: 40 ms where clients take their time
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > _most_connections():
            self.transport.abort()  # before there is no file left to accept one with
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Look at what has come, unless it comes after what could not be read."""
        if self._is_deaf:
            return
        self._has_body = False
        super().data_received(data)
        if self._is_counting and not self._has_body:  # else some of it stands before the head
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self._is_deaf:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin to count what the head has."""
        super().on_message_begin()
        self._in_head = True
        self._begin_to_count()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take what stands in the head; a trailer, which could say the contrary, is passed over."""
        if self._in_head:
            super().on_header(name, value)

    def on_chunk_header(self) -> None:
        """Begin to count: if no bytes of a body follow, a trailer does."""
        self._begin_to_count()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._is_counting, self._has_body = False, True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of the request."""
        self._is_counting, self._has_body = False, True
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """Answer the request, if its head is one; the parser tells what is raised here."""
        self._in_head = self._is_counting = False
        _check(self.url, self.headers, self.parser.get_http_version())
        if len(self.pipeline) == MOST_AHEAD:
            raise ValueError("too many requests ahead")
        super().on_headers_complete()
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False  # what follows would be taken for another protocol
        self._stop_timer()

    def on_response_complete(self) -> None:
        """Give the client as long for its next request."""
        self._expect_head()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer 431 to too large a head, and 400 to what is not HTTP."""
        error = sys.exception()
        if error is not None and isinstance(error.__context__, _HeadTooLargeError):
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LARGE)
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, msg)

    def pause_writing(self) -> None:
        """Wait for a client that does not read, but not for ever."""
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if self._is_answering:
            self._stop_timer()
        else:
            self._expect_head()
        super().resume_writing()

    def _unsupported_upgrade_warning(self) -> None:
        super()._unsupported_upgrade_warning()
        self._is_deaf = True

    def _refuse(self, status: HTTPStatus, told: str) -> None:
        """Read no more; say why, unless others wait for their answers on this connection."""
        self._is_deaf = True
        if self._is_answering and not self._lacks_body:
            self.cycle.keep_alive = False
            return
        response = problem(status, told)
        head = [STATUS_LINE[status]]
        closing = [*self.server_state.default_headers, *response.raw_headers, _CLOSE]
        head += [b"%b: %b\r\n" % header for header in closing]
        self.transport.write(b"".join([*head, b"\r\n", response.body]))
        self.transport.close()

    def _expect_head(self) -> None:
        self._stop_timer()
        if not self.transport.is_closing():
            self._timer = self.loop.call_later(HEAD_S, self._give_up)

    def _give_up(self) -> None:
        if self._is_answering:
            return
        if self.transport.get_write_buffer_size():
            self._expect_reading()  # of the last response, which is on its way
        else:
            self.transport.abort()

    def _expect_reading(self) -> None:
        self._stop_timer()
        unread = self.transport.get_write_buffer_size()
        self._timer = self.loop.call_later(READ_S, self._look_for_progress, unread)

    def _look_for_progress(self, unread: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left >= unread:
            self.transport.abort()
        elif left:
            self._expect_reading()
        else:
            self._expect_head()

    def _begin_to_count(self) -> None:
        self._is_counting, self._head_bytes = True, 0

    @property
    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    @property
    def _lacks_body(self) -> bool:
        """Whether what is wrong is the body of the one request that waits for it."""
        return self.cycle.more_body and not self.cycle.response_started and not self.pipeline

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


class _HeadTooLargeError(ValueError):
    pass


def _check(url: bytes, headers: list[tuple[bytes, bytes]], version: str) -> None:
    """Raise ValueError for a head that is too large, or that others might read in another way."""
    names = [name for name, _ in headers]
    if len(url) + sum(map(len, names)) + sum(len(value) for _, value in headers) > MAX_HEAD_BYTES:
        raise _HeadTooLargeError
    hosts = names.count(b"host")
    if version not in _VERSIONS or hosts > 1 or (hosts == 0 and version != "1.0"):
        raise ValueError("no head of HTTP/1.1")
    if b"transfer-encoding" in names:
        codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
        if codings != [b"chunked"]:
            raise ValueError("an unknown transfer coding")


def _most_connections() -> int:
    """Return how many there may be: three in four of the files that the process may open."""
    try:
        import resource
    except ImportError:  # Windows, which bounds them itself
        return 10_000
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 10_000 if allowed == resource.RLIM_INFINITY else allowed * 3 // 4
