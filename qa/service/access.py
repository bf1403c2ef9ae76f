"""Who may use the service: callers whose key has the right, within the rate limit."""

import ipaddress
import logging
import math
import sqlite3
import threading
import time
from http import HTTPStatus
from pathlib import Path

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

_log = logging.getLogger("pincite")


class Access:
    """ASGI middleware: answers 401, 403 or 429, or passes the request on.

    Keys are required unless `keys` is None. Uploads, removals and jobs need the right to write, all
    else the right to ask. A key may be limited to some collections; the plain routes ask
    `collection`. Requests are unlimited if `rate_limit` is None.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: Keys | None,
        rate_limit: "RateLimit | None",
        collection: str = DEFAULT_COLLECTION,
    ) -> None:
        self._app = app
        self._keys = keys
        self._rate_limit = rate_limit
        self._collection = collection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on."""
        try:
            refusal = self._refusal(scope) if _is_checked(scope) else None
        except StoreError as error:
            _log.error("%s", error)
            refusal = _KEYS_UNREADABLE
        app = problem_of(refusal) if refusal else self._app
        await app(scope, receive, send)

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


_BURST_S = 10.0
"""A caller may send at once what the limit allows in this time."""
_FORGET_EVERY = 1000
_TAKE = """
INSERT INTO callers (caller, dry) VALUES (:caller, :now + :cost)
ON CONFLICT (caller) DO UPDATE SET dry = max(dry, :now) + :cost
WHERE max(dry, :now) + :cost <= :now + :burst
"""


class RateLimit:
    """Allows each caller `per_minute` requests a minute, a sixth of them at once. Thread-safe.

    This is the generic cell rate algorithm (a leaky bucket, ITU-T I.371): SQLite stores the time at
    which each caller's bucket is empty, and checks and counts a request in one statement. Several
    processes can share its `file`; by default it is in memory.
    """

    def __init__(self, per_minute: int, file: Path | None = None) -> None:
        self._cost_s = 60 / per_minute
        self._burst_s = max(_BURST_S, self._cost_s)
        self._taken = 0
        self._lock = threading.Lock()
        self._counts = sqlite3.connect(
            file or ":memory:", timeout=5, isolation_level=None, check_same_thread=False
        )
        self._counts.execute("PRAGMA synchronous = OFF")  # a crash may lose the counts
        self._counts.execute(
            "CREATE TABLE IF NOT EXISTS callers (caller TEXT PRIMARY KEY, dry REAL) WITHOUT ROWID"
        )

    def take(self, caller: str, now: float | None = None) -> int:
        """Count a request at the time `now`, by default that of the monotonic clock.

        Return 0 if it is allowed, else after how many seconds the next one is.
        """
        now = time.monotonic() if now is None else now
        given = {"caller": caller, "now": now, "cost": self._cost_s, "burst": self._burst_s}
        with self._lock:
            self._taken += 1
            if self._taken % _FORGET_EVERY == 0:
                self._counts.execute("DELETE FROM callers WHERE dry <= ?", (now,))
            if self._counts.execute(_TAKE, given).rowcount:
                return 0
            row = self._counts.execute("SELECT dry FROM callers WHERE caller = ?", (caller,))
            (dry,) = row.fetchone() or (now,)
        return max(1, math.ceil(dry + self._cost_s - self._burst_s - now))

    def close(self) -> None:
        """Close the file."""
        self._counts.close()
