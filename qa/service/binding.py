"""Where the service listens, and what that asks for."""

import ipaddress
import socket
from pathlib import Path

from index.errors import PinciteError, SettingsError
from index.store.store import Store
from qa.service.access.keys import Keys
from qa.service.access.rate_limit import RateLimit
from qa.service.policy import Policy
from qa.settings import Settings

RATE_LIMIT = 600
"""Requests a minute and caller, where others can reach the service and nothing else is set."""

RATE_LIMIT_FILE = "rate-limit.sqlite"


def policy_of(settings: Settings, shared: Path | None) -> Policy:
    """Return by whom the service may be used, as it is set and where it listens.

    Workers count in the folder `shared`. Raises SettingsError for a host that cannot be resolved,
    and for an address that others can reach where there is no key, unless keys are off.
    """
    keys = Keys(Store(settings.store))
    named = frozenset(settings.allowed_hosts)
    # A name or a proxy is given to a service that others reach, wherever it listens.
    others = not is_loopback(settings.host) or bool(named or settings.trusted_proxies)
    wanted = {"auto": others or keys.exist, "required": True, "off": False}[settings.keys]
    if wanted and not keys.all():
        reached = "Keys are asked for"
        if others:
            reached = f"The service on {settings.host} can be reached by others, as it is set,"
        raise SettingsError(
            f"{reached} and there is no API key yet: make one with `pincite key add NAME`, or let "
            "everybody in with --keys off."
        )
    per_minute = settings.rate_limit
    if per_minute is None:
        per_minute = RATE_LIMIT if wanted or others else 0
    file = shared / RATE_LIMIT_FILE if shared else None
    return Policy(
        # Who has to bring a key cannot be made to use this by another page's trick with names.
        allowed_hosts=None if wanted and not named else named,
        any_address=others and not named,
        cors_origins=frozenset(settings.cors_origins),
        keys=keys if wanted else None,
        rate_limit=RateLimit(per_minute, file) if per_minute else None,
        questions_waiting=settings.max_queue,
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises PinciteError for a port in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise PinciteError(
            f"Cannot listen on {host} port {port}: {error.strerror or error}. "
            "Choose another with --port or --host."
        ) from error
    listener.settimeout(0)
    return listener


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host. Raises SettingsError for an unknown one."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"The host {host!r} cannot be resolved to an address: check --host."
        ) from error
    addresses = [str(address[0]).partition("%")[0] for *_, address in found]
    return all(ipaddress.ip_address(address).is_loopback for address in addresses)
