"""What is turned away before anything else looks at it.

A service on loopback can be reached by every page that the user's browser has open. The
Host header is checked against DNS rebinding, Origin and Sec-Fetch-Site against requests
that another site's page sends.
"""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.reading.files import MAX_FILE_BYTES
from qa.service.problems import problem
from qa.settings import HOW_TO_ALLOW_HOSTS

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_BODY_BYTES = 1024 * 1024
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + MAX_BODY_BYTES

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


class Guard:
    """ASGI middleware: checks where a request comes from, bounds its body, secures the response."""

    def __init__(self, app: ASGIApp, allowed_hosts: frozenset[str]) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400, 403 or 413, or pass the request on; where that fails, answer 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = _limit(scope)
        refusal = self._refusal(headers, limit)
        policy = _DOCS_POLICY if scope["path"] == "/docs" else _CONTENT_SECURITY_POLICY
        started = False

        async def secured(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                outgoing = MutableHeaders(scope=message)
                outgoing["Content-Security-Policy"] = policy
                outgoing["X-Content-Type-Options"] = "nosniff"
                outgoing["Referrer-Policy"] = "no-referrer"
                outgoing["Cross-Origin-Resource-Policy"] = "same-origin"
                outgoing.setdefault("Cache-Control", "no-cache")
            await send(message)

        if refusal:
            await problem(*refusal)(scope, receive, secured)
            return
        try:
            await self._app(scope, _bounded(receive, limit), secured)
        except Exception:
            if not started:
                await problem(*_FAILED)(scope, receive, secured)
            raise  # to the server, which logs it

    def _refusal(self, headers: Headers, limit: int) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if _name_of(host) not in self._allowed_hosts:
            return HTTPStatus.BAD_REQUEST, _UNKNOWN_HOST
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            return HTTPStatus.FORBIDDEN, "Requests from another site's pages are not answered."
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != (
            "navigate"
        ):
            return HTTPStatus.FORBIDDEN, "Requests from another site's pages are not answered."
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > limit:
            return _too_large(limit)
        return None


_UNKNOWN_HOST = (
    "This service does not answer under that host name. Whoever runs it can allow it: "
    f"{HOW_TO_ALLOW_HOSTS}."
)
_FAILED = (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here; see the service's log.")


def _name_of(host: str) -> str:
    """Return the host without its port: `[::1]:8000` gives `::1`."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _limit(scope: Scope) -> int:
    """Return how many bytes the body may have: a document that is uploaded may be large."""
    uploads = scope["method"] == "PUT" and scope["path"].startswith("/v1/documents/")
    return MAX_UPLOAD_BYTES if uploads else MAX_BODY_BYTES


def _too_large(limit: int) -> tuple[int, str]:
    told = f"The body is larger than {limit // 1024} KiB; send less."
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told


def _bounded(receive: Receive, limit: int) -> Receive:
    """Bound a body whose length is not declared."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(*_too_large(limit))
        return message

    return counted
