"""How long a person waits: `pincite ask` as a whole process, and the server's first answer.

Backends are timed in turns; the figures are medians of wall-clock seconds, caches warm.
"""

import argparse
from pathlib import Path

from benchmarks.peers.indexing import environment, timed
from benchmarks.peers.systems import TOP_K, System, pincite
from benchmarks.results import LATEST, keep_table, spread
from benchmarks.running import free_port, serving
from index.store import open_store

_BACKENDS = ("torch-float32", "auto")
_QUESTION = "why do I get pimples after microneedling"
_METHOD = """\
Wall-clock seconds of whole processes on a store of {passages} passages, file caches warm, both \
backends in turns, medians of {rounds}."""


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path(".pincite"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--results", type=Path, default=LATEST, help="where the result is kept")
    options = parser.parse_args()
    store = options.store.resolve()
    systems = {backend: pincite("--backend", backend) for backend in _BACKENDS}
    rows = []
    for name, run in (("`pincite ask`", _ask), ("`pincite serve`, first answer", _serve)):
        seconds: dict[str, list[float]] = {backend: [] for backend in _BACKENDS}
        for _ in range(options.rounds + 1):  # the first warms the caches
            for backend, system in systems.items():
                seconds[backend].append(run(system, store))
        rows.append([name, *(spread(each[1:]) for each in seconds.values())])
    passages = open_store(store).live().passages
    method = _METHOD.format(passages=passages, rounds=options.rounds)
    keep_table("startup", method, ["seconds", *_BACKENDS], rows, options.results)


def _ask(system: System, store: Path) -> float:
    return timed(system, system.ask(store, _QUESTION), store.parent)


def _serve(system: System, store: Path) -> float:
    port = free_port()
    first = system.request(_QUESTION, TOP_K)
    command = system.serve(store, port)
    with serving(command, port, first, environment(system), store.parent) as server:
        return server.seconds


if __name__ == "__main__":
    main()
