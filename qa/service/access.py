"""Who may use the service: callers whose key has the right, within the rate limit."""

import ipaddress
import logging
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import StoreError
from index.store.collection import DEFAULT_COLLECTION
from index.store.protocols import Keys
from index.store.records import Key, Right
from qa.service.addresses import COLLECTIONS_PATH, split_path
from qa.service.keys import find_key
from qa.service.problems import not_now, problem_of
from qa.service.rate_limit import RateLimit
from qa.service.work_queue import WorkQueue

_OPEN = frozenset({"/", "/healthz", "/readyz", "/docs", "/openapi.json"})
"""Paths that are open to everybody: they tell nothing about the documents."""
_OPEN_BELOW = ("/static/", "/static-offline-docs/")

_NO_KEY = HTTPException(
    HTTPStatus.UNAUTHORIZED,
    "This service asks for an API key: send the header `Authorization: Bearer KEY`. Whoever runs "
    "it makes one with `pincite key add NAME`.",
    {"WWW-Authenticate": "Bearer"},
)
_INVALID_KEY = HTTPException(
    HTTPStatus.UNAUTHORIZED,
    "This API key is not valid: it is misspelt or was revoked. Whoever runs the service makes "
    "another with `pincite key add NAME`.",
    {"WWW-Authenticate": 'Bearer error="invalid_token"'},
)
_KEYS_UNREADABLE = not_now("The keys cannot be read; see the service's log.", 10)

_LOOKUPS_AT_ONCE, _LOOKUPS_WAITING = 8, 1000

_log = logging.getLogger("pincite")


class Access:
    """ASGI middleware: answers 401, 403 or 429, or passes the request on.

    Keys are required unless `keys` is None. Uploads, removals and jobs need the right to write, all
    else the right to ask. A key may be limited to some collections; the plain routes ask
    `collection`. Requests are unlimited if `rate_limit` is None. Keys and limits that are `remote`,
    on a server, are asked in threads, so that no other request waits for it.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: Keys | None,
        rate_limit: RateLimit | None,
        collection: str = DEFAULT_COLLECTION,
        *,
        remote: bool = False,
    ) -> None:
        self._app = app
        self._keys = keys
        self._rate_limit = rate_limit
        self._collection = collection
        self._lookups = WorkQueue(_LOOKUPS_AT_ONCE, _LOOKUPS_WAITING) if remote else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on."""
        refusal = await self._check(scope) if _is_checked(scope) else None
        app = problem_of(refusal) if refusal else self._app
        await app(scope, receive, send)

    async def _check(self, scope: Scope) -> HTTPException | None:
        try:
            if self._lookups and (self._keys or self._rate_limit):
                return await self._lookups.run(self._refusal, scope)
            return self._refusal(scope)
        except StoreError as error:
            _log.error("%s", error)
            return _KEYS_UNREADABLE
        except HTTPException as too_many:
            return too_many

    def _refusal(self, scope: Scope) -> HTTPException | None:
        secret = _secret_of(scope)
        key = find_key(self._keys, secret) if self._keys and secret else None
        if key:
            scope.setdefault("state", {}).update(key=key.name, collections=key.collections)
        if self._rate_limit:
            caller = f"key {key.name}" if key else _network(scope)
            if wait_s := self._rate_limit.take(caller):
                detail = f"Too many requests; the next one is answered in {wait_s} s."
                wait = {"Retry-After": str(wait_s)}
                return HTTPException(HTTPStatus.TOO_MANY_REQUESTS, detail, wait)
        if self._keys is None:
            return None
        if key is None:
            return _INVALID_KEY if secret else _NO_KEY
        return _missing_right(scope, key) or self._out_of_bounds(scope["path"], key)

    def _out_of_bounds(self, path: str, key: Key) -> HTTPException | None:
        """Refuse a key that is limited to other collections, be there one of that name or not."""
        if not key.collections or path == COLLECTIONS_PATH:  # which lists those of the key
            return None
        named, inside = split_path(path)
        of_all = inside == "/metrics"
        if not of_all and (named or self._collection) in key.collections:
            return None
        wanted = "This is about all collections" if of_all else "This is another collection"
        detail = f"{wanted}: this key opens {', '.join(key.collections)}."
        return HTTPException(HTTPStatus.FORBIDDEN, detail)


def _is_checked(scope: Scope) -> bool:
    path = scope.get("path", "")
    return scope["type"] == "http" and path not in _OPEN and not path.startswith(_OPEN_BELOW)


def _secret_of(scope: Scope) -> str:
    scheme, _, secret = Headers(scope=scope).get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _missing_right(scope: Scope, key: Key) -> HTTPException | None:
    _, path = split_path(scope["path"])
    changes = path.startswith("/v1/documents/") and scope["method"] not in ("GET", "HEAD")
    needed: Right = "write" if changes or path.startswith("/v1/jobs/") else "ask"
    if needed in key.rights:
        return None
    detail = (
        f"This key has no right to {needed}. Whoever runs the service makes one that has with "
        f"`pincite key add NAME --can {needed}`."
    )
    return HTTPException(HTTPStatus.FORBIDDEN, detail)


def _network(scope: Scope) -> str:
    """Return the caller that a request without a key counts for; an IPv6 /64 is one caller."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"address {host}"
    if address.version == 6 and not address.ipv4_mapped:
        return f"address {ipaddress.ip_network((address, 64), strict=False)}"
    return f"address {address}"
