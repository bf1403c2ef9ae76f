"""By whom the service may be used, and how much it takes on at a time."""

import os
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from qa.service.access.checking import Checking
from qa.service.access.keys import Keys
from qa.service.access.rate_limit import RateLimit
from qa.service.chat.errors import ChatErrors
from qa.service.guard import LOOPBACK_NAMES, Guard
from qa.service.telemetry.metrics import Metrics
from qa.service.telemetry.observing import REQUEST_ID, Observing


@dataclass(frozen=True, slots=True)
class Policy:
    """What is decided before a request is looked at.

    The service goes by the loopback names and `allowed_hosts`, or by any name where these are None;
    with `any_address` by every IP address, too. Pages of `cors_origins` may use it, too. `keys` are
    asked for unless None, and `rate_limit` counts the requests of each caller. `questions_at_once`
    are answered while `questions_waiting` wait, more than there are processors: much of a question
    is done outside Python, and questions under way can be encoded together. So it is with the
    bodies of uploads, which may be large.
    """

    allowed_hosts: frozenset[str] | None = frozenset()
    any_address: bool = False
    cors_origins: frozenset[str] = frozenset()
    keys: Keys | None = None
    rate_limit: RateLimit | None = None
    questions_at_once: int = max(8, os.cpu_count() or 1)
    questions_waiting: int = 100
    uploads_at_once: int = 4
    uploads_waiting: int = 28


OPEN = Policy()
"""What suits a service that only this machine can reach."""


def add_middleware(app: FastAPI, policy: Policy, metrics: Metrics) -> None:
    """Wrap the routes of `app`: what is added last sees a request first."""
    app.add_middleware(Checking, keys=policy.keys, rate_limit=policy.rate_limit)
    known = policy.allowed_hosts
    hosts = None if known is None else LOOPBACK_NAMES | known
    app.add_middleware(
        Guard,
        allowed_hosts=hosts,
        any_address=policy.any_address,
        allowed_origins=policy.cors_origins,
    )
    app.add_middleware(ChatErrors)
    if policy.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(policy.cors_origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", REQUEST_ID],
            expose_headers=[REQUEST_ID, "Retry-After", "Location"],
        )
    app.add_middleware(Observing, metrics=metrics)
