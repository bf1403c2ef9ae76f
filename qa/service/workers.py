"""Several processes that answer on one socket.

uvicorn's own supervisor does not do: its workers outlive a killed parent and keep the port, it
restarts workers that can never serve, and it cannot run our `Server`.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing import connection, get_context, parent_process
from multiprocessing.context import SpawnProcess

from index.errors import PinciteError

_CANNOT_SERVE = 3
"""Exit code of a worker that cannot serve: a new one would fail in the same way."""
_END_S = 60.0
_MOST_DEATHS, _DEATHS_S = 10, 60.0
"""After so many deaths in so many seconds, workers are no longer replaced."""
_PAUSE_S = 1.0
"""How long after a death the worker is replaced."""

_log = logging.getLogger("pincite")
_spawn = get_context("spawn")


def run_workers(count: int, work: Callable[[socket.socket], None], listener: socket.socket) -> None:
    """Run `work` in `count` processes until SIGINT or SIGTERM, and replace those that die.

    `work` must be picklable and call `run_in_worker`. Raises PinciteError if workers cannot serve.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    workers = [_start(work, listener) for _ in range(count)]
    deaths: deque[float] = deque(maxlen=_MOST_DEATHS)
    failed = False
    while not stop.is_set() and not failed:
        connection.wait([worker.sentinel for worker in workers], timeout=0.2)
        for place, worker in enumerate(workers):
            if worker.is_alive() or stop.is_set():
                continue
            deaths.append(time.monotonic())
            too_many = len(deaths) == _MOST_DEATHS and deaths[-1] - deaths[0] < _DEATHS_S
            if failed := too_many or worker.exitcode == _CANNOT_SERVE:
                break
            _log.error("A worker process died (exit code %s) and is replaced.", worker.exitcode)
            stop.wait(_PAUSE_S)
            workers[place] = _start(work, listener)
    listener.close()  # so that nobody listens once the workers have closed theirs
    _end(workers)
    if failed:
        raise PinciteError("The worker processes cannot serve; the log lines above say why.")


def run_in_worker(work: Callable[[], None]) -> int:
    """Do a worker's work and return its exit code. It ends when its parent process ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        work()
    except PinciteError as error:
        _log.error("%s", error)
        return _CANNOT_SERVE
    return 0


def _start(work: Callable[[socket.socket], None], listener: socket.socket) -> SpawnProcess:
    worker = _spawn.Process(target=work, args=[listener])
    # Ctrl-C reaches all processes of a terminal, but only the parent ends a worker.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        worker.start()
    finally:
        signal.signal(signal.SIGINT, before)
    return worker


def _end(workers: list[SpawnProcess]) -> None:
    for worker in workers:
        worker.terminate()
    deadline = time.monotonic() + _END_S
    for worker in workers:
        worker.join(max(0.0, deadline - time.monotonic()))
        if worker.is_alive():
            worker.kill()
            worker.join()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
