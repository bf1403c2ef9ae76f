"""Several processes that answer on one socket and share what they map of the store."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing import connection, get_context, parent_process
from multiprocessing.context import SpawnProcess

from index.errors import PinciteError

STARTUP_FAILURE = 3
"""With what a worker ends that cannot serve at all: another would fail in the same way."""

_END_S = 60.0
_MOST_DEATHS, _DEATHS_S = 10, 60.0
"""As often in so many seconds, and there is no use in replacing workers."""
_PAUSE_S = 1.0
"""How long it is until a worker that died is replaced."""

_log = logging.getLogger("pincite")
_spawn = get_context("spawn")


def run_workers(count: int, work: Callable[[socket.socket], None], listener: socket.socket) -> None:
    """Run `work` in `count` processes until SIGINT or SIGTERM; one that dies is replaced.

    `work` must be picklable. Raises PinciteError where it cannot be done.
    """
    ending = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: ending.set())
    workers = [_start(work, listener) for _ in range(count)]
    died: list[float] = []
    failed = False
    while not ending.is_set() and not failed:
        connection.wait([worker.sentinel for worker in workers], timeout=0.2)
        for place, worker in enumerate(workers):
            if worker.is_alive() or ending.is_set():
                continue
            died = [*died[1 - _MOST_DEATHS :], time.monotonic()]
            hopeless = len(died) == _MOST_DEATHS and died[-1] - died[0] < _DEATHS_S
            if failed := hopeless or worker.exitcode == STARTUP_FAILURE:
                break
            _log.error("A worker process died (exit code %s) and is replaced.", worker.exitcode)
            time.sleep(_PAUSE_S)
            workers[place] = _start(work, listener)
    listener.close()  # so that it is gone when the workers close it
    _end(workers)
    if failed:
        raise PinciteError("A worker process cannot serve; what it said above tells why.")


def run_in_worker(work: Callable[[], None]) -> int:
    """Do a worker's work and return its exit code; it ends with the process that started it."""
    parent = parent_process()
    if parent:
        threading.Thread(target=_end_after, args=[parent.join], daemon=True).start()
    try:
        work()
    except PinciteError as error:
        _log.error("%s", error)
        return STARTUP_FAILURE
    return 0


def _start(work: Callable[[socket.socket], None], listener: socket.socket) -> SpawnProcess:
    worker = _spawn.Process(target=work, args=[listener])
    # Ctrl-C reaches all processes of a terminal; a worker is ended by this one.
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


def _end_after(join: Callable[[], None]) -> None:
    join()
    os.kill(os.getpid(), signal.SIGTERM)
