"""HTTP/1.1 as uvicorn speaks it, with an error of ours for what is no HTTP."""

import sys
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from qa.service.problems import problem

_TOO_LONG = "The request line and the headers are too long; send less."
_NO_HTTP = "This is no HTTP/1.1 request that can be read."


class ProblemProtocol(H11Protocol):
    """Answers what cannot be parsed with a problem instead of a line of text."""

    def send_400_response(self, msg: str) -> None:
        """Answer 431 or 400, unless an answer is on its way already, and close the connection."""
        error = sys.exception()
        too_long = isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_long else HTTPStatus.BAD_REQUEST
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            told = problem(status, _TOO_LONG if too_long else _NO_HTTP, {"Connection": "close"})
            for event in (
                h11.Response(status_code=status, headers=told.raw_headers, reason=status.phrase),
                h11.Data(data=bytes(told.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event))
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """An upgrade that is not had is answered as if it had not been asked for: no news."""
