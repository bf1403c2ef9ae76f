"""The first check of every request, and the headers that secure every response.

Every page in the user's browser can reach a service on loopback. The Host header is checked against
DNS rebinding, Origin and Sec-Fetch-Site against requests from other sites' pages.
"""

import asyncio
import ipaddress
import logging
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.parsers.files import MAX_FILE_BYTES
from qa.service.addresses import split_path
from qa.service.problems import problem, problem_of
from qa.settings import HOW_TO_ALLOW_HOSTS

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_BODY_BYTES = 1024 * 1024
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + MAX_BODY_BYTES

BODY_S = 30.0
SLOWEST_BYTES_A_S = 32 * 1024
"""A body may take BODY_S, and a second more for each so many bytes received."""

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# The OpenAPI page sets itself up by an inline script and draws with inline styles.
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SECURING_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_log = logging.getLogger("pincite")


class Guard:
    """ASGI middleware: checks where a request comes from, bounds its body, secures the response."""

    def __init__(
        self,
        app: ASGIApp,
        allowed_hosts: frozenset[str] | None,
        *,
        any_address: bool,
        allowed_origins: frozenset[str],
    ) -> None:
        self._app = app
        self._any_address = any_address
        self._allowed_hosts = allowed_hosts
        self._allowed_origins = allowed_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400, 403 or 413, or pass the request on; if that fails, answer 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _limit(scope)
        refusal = self._refusal(scope, limit)
        started = False

        async def secured(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _secure(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if refusal:
            await problem_of(refusal)(scope, receive, secured)
            return
        try:
            await self._app(scope, _bounded(receive, limit), secured)
        except ClientDisconnect:
            return
        except Exception:
            _log.exception("A request failed in a way that was not foreseen")
            if started:
                raise  # to the server, which closes the connection
            failed = "Something went wrong here; see the service's log."
            await problem(HTTPStatus.INTERNAL_SERVER_ERROR, failed)(scope, receive, secured)

    def _refusal(self, scope: Scope, limit: int) -> HTTPException | None:
        headers = Headers(scope=scope)
        if scope["http_version"] not in ("1.0", "1.1"):
            return HTTPException(HTTPStatus.BAD_REQUEST, "This service speaks HTTP/1.1.")
        chunked = "transfer-encoding" in headers
        if chunked and ("content-length" in headers or scope["http_version"] == "1.0"):
            # A proxy may go by the other of the two, and see a request in the rest (RFC 9112).
            detail = "Give a length, or send in chunks with HTTP/1.1."
            return HTTPException(HTTPStatus.BAD_REQUEST, detail, _CLOSE)
        host = headers.get("host", "")
        if not self._is_allowed(_name_of(host)):
            return HTTPException(
                HTTPStatus.BAD_REQUEST,
                "This service does not answer under that host name. Whoever runs it can allow it: "
                f"{HOW_TO_ALLOW_HOSTS}.",
            )
        if self._is_foreign(headers, host):
            foreign = "Requests from another site's pages are not answered."
            return HTTPException(HTTPStatus.FORBIDDEN, foreign)
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > limit:
            return _too_large(limit)
        return None

    def _is_allowed(self, name: str) -> bool:
        """Tell whether the service answers under `name`. A page can rebind names, not addresses."""
        if self._allowed_hosts is None or name in self._allowed_hosts:
            return True
        return self._any_address and _is_address(name)

    def _is_foreign(self, headers: Headers, host: str) -> bool:
        """Tell whether another site's page sends this without permission."""
        origin = headers.get("origin")
        if origin in self._allowed_origins:
            return False
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            return True
        sent_from = headers.get("sec-fetch-site"), headers.get("sec-fetch-mode")
        return sent_from[0] == "cross-site" and sent_from[1] != "navigate"


def _secure(headers: MutableHeaders, path: str) -> None:
    """Add the headers that secure the response, and a rule for caches."""
    headers.update(_SECURING_HEADERS)
    policy = _DOCS_POLICY if path == "/docs" else _CONTENT_SECURITY_POLICY
    headers["Content-Security-Policy"] = policy
    headers.setdefault("Cache-Control", "no-cache")


@lru_cache(maxsize=64)
def _name_of(host: str) -> str:
    """Return the host without its port: `[::1]:8000` gives `::1`."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        return ipaddress.ip_address(name) is not None
    except ValueError:
        return False


def _limit(scope: Scope) -> int:
    """Return how many bytes the body may have: more for an upload."""
    _, path = split_path(scope["path"])
    is_upload = scope["method"] == "PUT" and path.startswith("/v1/documents/")
    return MAX_UPLOAD_BYTES if is_upload else MAX_BODY_BYTES


_CLOSE = {"Connection": "close"}  # the rest of the body is not read


def _too_large(limit: int) -> HTTPException:
    detail = f"The body is larger than {limit // 1024} KiB; send less."
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, _CLOSE)


def _bounded(receive: Receive, limit: int) -> Receive:
    """Bound the length of a body, even if it is not declared, and how slowly it comes."""
    received = 0
    complete = False
    began = asyncio.get_running_loop().time()

    async def counted() -> Message:
        nonlocal received, complete
        if complete:
            return await receive()
        try:
            async with asyncio.timeout_at(began + BODY_S + received / SLOWEST_BYTES_A_S):
                message = await receive()
        except TimeoutError:
            detail = "The body did not come in time; send it again."
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, detail, _CLOSE) from None
        complete = not message.get("more_body", False)
        received += len(message.get("body", b""))
        if received > limit:
            raise _too_large(limit)
        return message

    return counted
