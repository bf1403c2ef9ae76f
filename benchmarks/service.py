"""One store over HTTP and on the command line: start, latency, throughput, memory.

`python -m benchmarks.service STORE QUESTIONS`, default settings but for `--no-watch`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.answering import one_round, together
from benchmarks.peers.systems import pincite
from benchmarks.search import read_questions
from index.store import open_store


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--most", type=int, default=300, help="at most this many questions")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of each throughput")
    options = parser.parse_args()
    questions = read_questions(options.questions)[: options.most]
    print(json.dumps(serve(options.store, questions, options.rounds, options.seconds)))


def serve(store: Path, questions: Sequence[str], rounds: int, seconds: float) -> dict[str, Any]:
    """Return each figure's median, least and greatest over so many starts of the service."""
    # What was grown comes from no source: a service that watched would find that all is gone.
    system, store = pincite(serving=("--no-watch",)), store.resolve()
    before = open_store(store).live_id()
    figures = together([one_round(system, store, questions, seconds) for _ in range(rounds)])
    if open_store(store).live_id() != before:
        sys.exit(
            "Another snapshot went live while the service was measured: these figures are void."
        )
    return figures


if __name__ == "__main__":
    main()
