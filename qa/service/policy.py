"""Who may use the service, how much it does at a time, and the middleware that enforces it."""

import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from index.errors import SettingsError
from index.store import open_store
from index.store.collection import DEFAULT_COLLECTION
from index.store.protocols import Keys
from qa.service.access import Access
from qa.service.guard import LOOPBACK_NAMES, Guard
from qa.service.logs import REQUEST_ID, RequestLog
from qa.service.metrics import Metrics
from qa.service.rate_limit import LocalCallers, RateLimit
from qa.service.routes.answers import COMPLETE
from qa.settings import Settings

RATE_LIMIT = 600
"""The default limit of requests a minute for each caller, if others can reach the service."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may use the service, and how much it does at a time.

    The service answers under the loopback names and `allowed_hosts`, or under any name if these are
    None; with `any_address` also under every IP address. Pages of `cors_origins` may use it. The
    plain routes ask the `collection`. With `remote`, keys and limits are on a server.

    There are more `questions_at_once` than processors, because most of the work is outside Python
    and questions are encoded together. `written_at_once` bounds the answers that a language model
    writes, `uploads_at_once` how many uploads are in memory.
    """

    allowed_hosts: frozenset[str] | None = frozenset()
    any_address: bool = False
    cors_origins: frozenset[str] = frozenset()
    keys: Keys | None = None
    collection: str = DEFAULT_COLLECTION
    rate_limit: RateLimit | None = None
    remote: bool = False
    questions_at_once: int = max(8, os.cpu_count() or 1)
    questions_waiting: int = 100
    written_at_once: int = 4
    uploads_at_once: int = 4
    uploads_waiting: int = 28


OPEN = Policy()
"""The policy of a service that only this machine can reach."""


def policy_of(settings: Settings, shared: Path | None = None) -> Policy:
    """Return the policy of the settings.

    Services of a store on a server count requests there; worker processes of one machine do in the
    folder `shared`.

    Raises SettingsError for a host that cannot be resolved, and if a key is required but missing.
    """
    store = open_store(settings.root)
    keys = store.keys
    names = frozenset(settings.allowed_hosts)
    others = others_can_reach(settings)
    required = {"auto": others or keys.ever_added(), "required": True, "off": False}[settings.keys]
    if required and not keys.all():
        reason = "Keys are required"
        if others:
            reason = f"With these settings others can reach the service on {settings.host},"
        raise SettingsError(
            f"{reason} and there is no API key: make one with `pincite key add NAME`, or let "
            "everybody in with --keys off."
        )
    per_minute = settings.rate_limit
    if per_minute is None:
        per_minute = RATE_LIMIT if required or others else 0
    callers = store.callers or LocalCallers(shared / "rate-limit.sqlite" if shared else None)
    return Policy(
        # With keys, DNS rebinding does no harm: the page has no key.
        allowed_hosts=None if required and not names else names,
        any_address=others and not names,
        cors_origins=frozenset(settings.cors_origins),
        keys=keys if required else None,
        collection=settings.collection,
        rate_limit=RateLimit(per_minute, callers) if per_minute else None,
        remote=store.folder is None,
        questions_waiting=settings.max_queue,
    )


def others_can_reach(settings: Settings) -> bool:
    """Tell whether other machines may reach the service. Raises SettingsError as `policy_of`."""
    # A service with a name or a proxy is for others, wherever it listens.
    named = bool(settings.allowed_hosts or settings.trusted_proxies)
    return not _is_loopback(settings.host) or named


def add_middleware(app: FastAPI, policy: Policy, metrics: Metrics) -> None:
    """Wrap the routes of `app`: what is added last sees a request first."""
    app.add_middleware(
        Access,
        keys=policy.keys,
        rate_limit=policy.rate_limit,
        collection=policy.collection,
        remote=policy.remote,
    )
    names = policy.allowed_hosts
    app.add_middleware(
        Guard,
        allowed_hosts=None if names is None else LOOPBACK_NAMES | names,
        any_address=policy.any_address,
        allowed_origins=policy.cors_origins,
    )
    if policy.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(policy.cors_origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Disposition", "Content-Type", REQUEST_ID],
            expose_headers=[REQUEST_ID, COMPLETE, "Retry-After", "Location"],
        )
    app.add_middleware(RequestLog, metrics=metrics)


def _is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host."""
    try:
        addresses = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"The host {host!r} cannot be resolved to an address: check --host."
        ) from error
    hosts = [str(address[0]).partition("%")[0] for *_, address in addresses]
    return all(ipaddress.ip_address(host).is_loopback for host in hosts)
