"""`pincite serve`: the service in one process or several, until it is interrupted."""

import contextlib
import logging
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from index.process import take_little
from index.store import open_store
from index.store.collection import DEFAULT_COLLECTION
from index.sync import Gate
from qa.engine import Engine
from qa.live import LiveEngine
from qa.service.answerer import warm_up
from qa.service.app import build_app
from qa.service.collection import Collection, Collections
from qa.service.logs import log_lines
from qa.service.metrics import MULTIPROCESS_FOLDER, forget_dead_workers
from qa.service.policy import Policy, others_can_reach, policy_of
from qa.service.server import Server, configure, listen
from qa.service.workers import run_in_worker, run_workers
from qa.service.writer import Writer
from qa.settings import Settings
from qa.written.opening import answer_writer, what_leaves

GateOf = Callable[[Settings], Callable[[Engine], Gate | None]]
_log = logging.getLogger("pincite")


def _no_gate(_: Settings) -> Callable[[Engine], Gate | None]:
    return lambda _: None


def serve(settings: Settings, gate_of: GateOf = _no_gate) -> None:
    """Answer until interrupted; then finish the requests in flight.

    With `settings.watch`, changes in the SOURCEs are indexed, behind the gate of `gate_of`. Raises
    PinciteError for a port in use, and SettingsError as `policy_of` does.
    """
    policy = policy_of(settings)
    # Listening comes before loading the model: a port in use is reported at once.
    with listen(settings.host, settings.port) as listener:
        if settings.workers > 1:
            _serve_with_workers(settings, gate_of, listener)
            return
        server = _server(settings, policy, gate_of)
        with log_lines(settings.log_format):
            _announce(settings, listener)
            server.run_until_signal(listener)


def _serve_with_workers(settings: Settings, gate_of: GateOf, listener: socket.socket) -> None:
    with contextlib.closing(open_store(settings.location)) as store:
        store.migrate()
        store.live()  # fails without a store, before any worker starts
    with tempfile.TemporaryDirectory(prefix="pincite-") as shared, log_lines(settings.log_format):
        os.environ[MULTIPROCESS_FOLDER] = shared  # where prometheus_client looks for it
        _announce(settings, listener)
        run_workers(settings.workers, partial(_work, settings, gate_of, Path(shared)), listener)


def _work(settings: Settings, gate_of: GateOf, shared: Path, listener: socket.socket) -> None:
    """Serve as one of several worker processes, which count together in the folder `shared`."""

    def work() -> None:
        _server(settings, policy_of(settings, shared), gate_of).run_until_signal(listener)

    take_little()
    forget_dead_workers()
    with log_lines(settings.log_format):
        code = run_in_worker(work)
    os._exit(code)  # a normal exit would wait until somebody reads the log


def _server(settings: Settings, policy: Policy, gate_of: GateOf) -> Server:
    """Open the store and build the service over it, with the thread that writes."""
    default = _open_collection(settings, gate_of, settings.collection, ())
    writer = answer_writer(settings)
    warm_up(default.live.latest, writer)
    collections = Collections(settings.root, default, partial(_open_collection, settings, gate_of))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with collections:
            default.start()
            try:
                yield
            finally:
                await default.stop()

    app = build_app(
        default.live,
        policy,
        collections=collections,
        answer_writer=writer,
        mcp=settings.mcp,
        log_questions=settings.log_questions,
        lifespan=lifespan,
    )
    return Server(configure(app, settings.trusted_proxies))


def _open_collection(
    settings: Settings, gate_of: GateOf, name: str, beside: Sequence[Engine]
) -> Collection:
    """Open a collection with what writes it. Raises PinciteError."""
    own = settings.model_copy(update={"collection": name})
    may_be_made = name == DEFAULT_COLLECTION  # no other one comes back when it was removed
    store = open_store(own.location, keep=own.keep, may_be_made=may_be_made)
    store.migrate()
    live = LiveEngine(own.location, beside=beside, **own.for_engine)
    writer = Writer(store, live, watch=own.watch, gate_of=gate_of(own), collection=name)
    return Collection(name, live, (store, writer))


def _announce(settings: Settings, listener: socket.socket) -> None:
    address = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{address}:{listener.getsockname()[1]}/"
    print(f"Pincite answers at {url} (Ctrl-C to stop)", file=sys.stderr, flush=True)
    if settings.llm:
        print(what_leaves(settings), file=sys.stderr, flush=True)
    if settings.keys == "off" and others_can_reach(settings):
        _log.warning(
            "Keys are off: everybody who can reach %s may read all documents and change uploads. "
            "To let in only those who have a key, leave out --keys off and make one with "
            "`pincite key add NAME`.",
            url,
        )
