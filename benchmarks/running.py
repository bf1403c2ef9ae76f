"""A server under test: started, waited for, looked at, and ended."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Request

_LONGEST_START_S = 300
_LONGEST_END_S = 30


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a process and its children, as the kernel counts them (Linux).

    Resident is anonymous and file-backed together; the latter the kernel may drop and read again.
    """

    resident: int
    anonymous: int

    @property
    def file_backed(self) -> int:
        """What is resident of mapped files."""
        return self.resident - self.anonymous

    def figures(self) -> dict[str, float]:
        """Return it in MiB."""
        return {
            "resident_mib": self.resident / 2**20,
            "anonymous_mib": self.anonymous / 2**20,
            "file_backed_mib": self.file_backed / 2**20,
        }


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. `seconds` is what it took from its start to its first answer."""

    process: int
    port: int
    seconds: float

    def memory(self) -> Memory:
        """Return what it and its children hold now."""
        return memory_of(self.process)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def serving(
    command: Sequence[str],
    port: int,
    first: Request,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Iterator[Server]:
    """Start a server in `folder`, ask `first` until it answers, and end it at last."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=env,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        try:
            while not _answers(port, first):
                if process.poll() is not None:
                    said.seek(0)
                    sys.exit(f"The server ended with {process.returncode}: {said.read()[-1000:]}")
                if time.perf_counter() - started > _LONGEST_START_S:
                    sys.exit(f"The server did not answer in {_LONGEST_START_S} s.")
                time.sleep(0.01)
            yield Server(process.pid, port, time.perf_counter() - started)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_LONGEST_END_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(port: int, request: Request) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Content-Type": "application/json"}
    try:
        connection.request(request.method, request.path, request.body or None, headers)
        return connection.getresponse().status == 200
    except (ConnectionError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def memory_of(process: int | str = "self") -> Memory:
    """Return what a process and its children hold now."""
    sums = dict.fromkeys(("Rss", "Anonymous"), 0)
    for each in _family(process):
        for line in Path(f"/proc/{each}/smaps_rollup").read_text("ascii").splitlines()[1:]:
            name, amount = line.split(":")
            if name in sums:
                sums[name] += int(amount.split()[0]) * 1024
    return Memory(sums["Rss"], sums["Anonymous"])


def _family(process: int | str) -> Iterator[int | str]:
    yield process
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            yield from _family(child)
