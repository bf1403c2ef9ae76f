"""How long a person waits: `pincite ask` as a whole process, and the server's first answer.

Backends are timed in turns; the figures are medians of wall-clock seconds, caches warm.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

_BACKENDS = ("auto", "torch-float32")
_QUESTION = "why do I get pimples after microneedling"
_PINCITE = [sys.executable, "-m", "pincite"]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path(".pincite"))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    for what, run in (("pincite ask", _ask), ("first answer of pincite serve", _serve)):
        seconds: dict[str, list[float]] = {backend: [] for backend in _BACKENDS}
        for _ in range(options.rounds + 1):  # the first warms the caches
            for backend in _BACKENDS:
                seconds[backend].append(_timed(run, options.store, backend))
        for backend, times in seconds.items():
            measured = sorted(times[1:])
            print(
                f"{what}, {backend}: {statistics.median(measured):.2f} s "
                f"({measured[0]:.2f} to {measured[-1]:.2f}, {options.rounds} runs)",
                flush=True,
            )


def _timed(run: Callable[[Path, str], None], store: Path, backend: str) -> float:
    started = time.perf_counter()
    run(store, backend)
    return time.perf_counter() - started


def _ask(store: Path, backend: str) -> None:
    command = [*_PINCITE, "ask", _QUESTION, "--store", str(store), "--backend", backend]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def _serve(store: Path, backend: str) -> None:
    """Start the service, ask until it answers, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*_PINCITE, "serve", "--port", str(port), "--store", str(store)]
    server = subprocess.Popen([*command, "--backend", backend], stderr=subprocess.DEVNULL)
    try:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/ask",
            data=json.dumps({"question": _QUESTION}).encode(),
            headers={"Content-Type": "application/json"},
        )
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as response:
                    assert json.load(response)["answered"]
                    return
            except (urllib.error.URLError, ConnectionError):
                if server.poll() is not None:
                    sys.exit(f"the server ended with {server.returncode}")
                time.sleep(0.01)
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    os.environ.setdefault("NO_COLOR", "1")
    main()
