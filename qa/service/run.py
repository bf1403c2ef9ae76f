"""Running the service until it is interrupted."""

import contextlib
import ipaddress
import logging
import socket
import sys
from collections.abc import Callable

import uvicorn

from index.errors import PinciteError, SettingsError
from index.gating import Gate
from index.store import Store
from qa.engine import Engine
from qa.live import LiveEngine
from qa.service.app import build_app
from qa.service.protocol import ProblemProtocol
from qa.service.writer import Writer
from qa.settings import HOW_TO_ALLOW_HOSTS, Settings


def serve(settings: Settings, gate_of: Callable[[Engine], Gate | None] = lambda _: None) -> None:
    """Answer on the port that is set until interrupted.

    What changes in the SOURCEs meanwhile is indexed if that is set, unless the gate says no that
    `gate_of` the engine gives. Raises PinciteError for a port in use, SettingsError for a host that
    cannot be resolved and for an address that others can reach, unless the names it may be reached
    by are given: there is no access control yet.
    """
    if not _is_loopback(settings.host) and not settings.allowed_hosts:
        raise SettingsError(
            f"{settings.host} can be reached by others and Pincite has no access control yet: "
            "serve on 127.0.0.1, or name the hosts it may be reached by "
            f"({HOW_TO_ALLOW_HOSTS})."
        )
    # The port comes before the model: one that is in use is told at once.
    with _listen(settings.host, settings.port) as listener:
        live = LiveEngine(settings.store, **settings.for_engine)
        store = Store(settings.store, keep=settings.keep)
        writer = Writer(store, live, watch=settings.watch, gate_of=gate_of)
        app = build_app(live, frozenset(settings.allowed_hosts), writing=(store, writer))
        address = f"[{settings.host}]" if ":" in settings.host else settings.host
        url = f"http://{address}:{listener.getsockname()[1]}/"
        print(f"Pincite answers at {url} (Ctrl-C to stop)", file=sys.stderr, flush=True)
        config = uvicorn.Config(
            app, http=ProblemProtocol, ws="none", log_level="warning", server_header=False
        )
        _log_to_stderr()
        with writer, contextlib.suppress(KeyboardInterrupt):  # the usual way to end it
            uvicorn.Server(config).run(sockets=[listener])


def _log_to_stderr() -> None:
    """Let be seen what the writer says: it works when nobody waits for it."""
    log = logging.getLogger("pincite")
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise PinciteError(
            f"Cannot listen on {host} port {port}: {error.strerror or error}. "
            "Choose another with --port or --host."
        ) from error


def _is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host. Raises SettingsError for an unknown one."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"The host {host!r} cannot be resolved to an address: check --host."
        ) from error
    addresses = [str(address[0]).partition("%")[0] for *_, address in found]
    return all(ipaddress.ip_address(address).is_loopback for address in addresses)
