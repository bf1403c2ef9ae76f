"""Who is let in: a key with the right that a request needs, and not too often."""

import ipaddress
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import StoreError
from qa.service.access.keys import Key, Keys, Right
from qa.service.access.rate_limit import RateLimit
from qa.service.problems import problem

_OPEN = frozenset({"/", "/healthz", "/readyz", "/docs", "/openapi.json"})
"""What tells nothing of the documents; so are the page's own files."""
_OPEN_BELOW = ("/static/", "/static-offline-docs/")

Refusal = tuple[int, str, dict[str, str]]


class Checking:
    """ASGI middleware: answers 401, 403 or 429, or passes the request on.

    Keys are asked for unless `keys` is None; a route that nothing is said of needs the right to
    ask. The requests of each caller are counted unless `rate_limit` is None.
    """

    def __init__(self, app: ASGIApp, keys: Keys | None, rate_limit: RateLimit | None) -> None:
        self._app = app
        self._keys = keys
        self._rate_limit = rate_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the Authorization header and at who it is that asks."""
        if scope["type"] != "http" or _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            refusal = self._refusal(scope)
        except StoreError:
            refusal = _CANNOT_TELL
        app = problem(*refusal) if refusal else self._app
        await app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        key = self._key(scope) if self._keys else None
        if key:
            scope.setdefault("state", {})["key"] = key.name
        if self._rate_limit:
            caller = f"key {key.name}" if key else _network(scope)
            if wait_s := self._rate_limit.take(caller):
                return _too_often(wait_s)
        if self._keys is None:
            return None
        if key is None:
            return _NO_KEY
        needed = _needed(scope)
        return None if needed in key.rights else _not_allowed(needed)

    def _key(self, scope: Scope) -> Key | None:
        scheme, _, secret = Headers(scope=scope).get("authorization", "").partition(" ")
        if self._keys is None or scheme.lower() != "bearer":
            return None
        return self._keys.find(secret.strip())


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def _needed(scope: Scope) -> Right:
    path: str = scope["path"]
    changes = path.startswith("/v1/documents/") and scope["method"] not in ("GET", "HEAD")
    return "write" if changes or path.startswith("/v1/jobs/") else "ask"


def _network(scope: Scope) -> str:
    """Return whom a request without a key is counted for: an IPv6 caller has a /64 to himself."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"address {host}"
    if address.version == 6 and not address.ipv4_mapped:
        return f"address {ipaddress.ip_network((address, 64), strict=False)}"
    return f"address {address}"


_SEND_A_KEY = (
    "This service asks for an API key: send the header `Authorization: Bearer KEY`. Whoever runs "
    "it makes one with `pincite key add NAME`."
)
_NO_KEY: Refusal = (HTTPStatus.UNAUTHORIZED, _SEND_A_KEY, {"WWW-Authenticate": "Bearer"})
_CANNOT_TELL: Refusal = (
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The keys cannot be read; see the service's log.",
    {"Retry-After": "10"},
)


def _not_allowed(needed: Right) -> Refusal:
    told = (
        f"This key has no right to {needed}. Whoever runs the service makes one that has with "
        f"`pincite key add NAME --can {needed}`."
    )
    return HTTPStatus.FORBIDDEN, told, {}


def _too_often(wait_s: int) -> Refusal:
    return (
        HTTPStatus.TOO_MANY_REQUESTS,
        f"Too many requests; the next one is answered in {wait_s} s.",
        {"Retry-After": str(wait_s)},
    )
