"""Running the service until it is interrupted."""

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from index.process import take_little
from index.store.store import Store
from index.sync import Gate
from qa.engine import Engine
from qa.live import LiveEngine
from qa.service.app import build_app
from qa.service.binding import listen, policy_of
from qa.service.connection import Connection
from qa.service.policy import Policy
from qa.service.server import serve_until_signal
from qa.service.telemetry.log_lines import log_lines
from qa.service.telemetry.metrics import MULTIPROCESS_FOLDER, forget_dead_workers
from qa.service.warming import warm_up
from qa.service.workers import run_in_worker, run_workers
from qa.service.writer import Writer
from qa.settings import Settings

GateOf = Callable[[Settings], Callable[[Engine], Gate | None]]
_GRACE_S = 30
"""How long what is in flight may take when the service is to end."""


def no_gate(_: Settings) -> Callable[[Engine], Gate | None]:
    """Let everything through."""
    return lambda _: None


def serve(settings: Settings, gate_of: GateOf = no_gate) -> None:
    """Answer on the port that is set until interrupted; then end what is in flight.

    What changes in the SOURCEs meanwhile is indexed if that is set, unless a gate says no: what
    `gate_of` makes of the settings makes it of an engine. Raises PinciteError for a port in use,
    SettingsError for a host that cannot be resolved, and for an address that others can reach where
    no keys are asked for, unless that was said.
    """
    policy = policy_of(settings, None)  # what is wrong with it is told before all else
    # The port comes before the model: one that is in use is told at once.
    with listen(settings.host, settings.port) as listener:
        if settings.workers == 1:
            _serve_alone(settings, policy, gate_of, listener)
        else:
            _serve_together(settings, gate_of, listener)


def _serve_alone(
    settings: Settings, policy: Policy, gate_of: GateOf, listener: socket.socket
) -> None:
    config = _configured(settings, policy, gate_of)
    _announce(settings, listener)
    with log_lines(settings.log_format):
        serve_until_signal(config, listener, alone=True)


def _serve_together(settings: Settings, gate_of: GateOf, listener: socket.socket) -> None:
    Store(settings.store).live_manifest()  # where there is none, no worker need be started
    with _shared_folder() as shared, log_lines(settings.log_format):
        _announce(settings, listener)
        run_workers(settings.workers, partial(_work, settings, gate_of, shared), listener)


def _work(settings: Settings, gate_of: GateOf, shared: Path, listener: socket.socket) -> None:
    """Serve as one of several worker processes, which count together in the folder `shared`."""

    def work() -> None:
        config = _configured(settings, policy_of(settings, shared), gate_of)
        serve_until_signal(config, listener, alone=False)

    take_little()
    forget_dead_workers()
    with log_lines(settings.log_format):
        code = run_in_worker(work)
    os._exit(code)  # in good order would be to wait for whoever does not read the log


def _configured(settings: Settings, policy: Policy, gate_of: GateOf) -> uvicorn.Config:
    return uvicorn.Config(
        _application(settings, policy, gate_of),
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=_GRACE_S,
    )


def _application(settings: Settings, policy: Policy, gate_of: GateOf) -> FastAPI:
    """Open the store and build the service over it, with the thread that writes."""
    live = LiveEngine(settings.store, **settings.for_engine)
    warm_up(live.latest)
    store = Store(settings.store, keep=settings.keep)
    writer = Writer(store, live, watch=settings.watch, gate_of=gate_of(settings))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with writer:
            yield
            await asyncio.to_thread(writer.stop)

    return build_app(
        live,
        policy,
        writing=(store, writer),
        mcp=settings.mcp,
        log_questions=settings.log_questions,
        lifespan=lifespan,
    )


@contextlib.contextmanager
def _shared_folder() -> Iterator[Path]:
    """Make the folder in which workers count together; prometheus_client looks for it by name."""
    with tempfile.TemporaryDirectory(prefix="pincite-") as folder:
        os.environ[MULTIPROCESS_FOLDER] = folder
        yield Path(folder)


def _announce(settings: Settings, listener: socket.socket) -> None:
    address = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{address}:{listener.getsockname()[1]}/"
    print(f"Pincite answers at {url} (Ctrl-C to stop)", file=sys.stderr, flush=True)
