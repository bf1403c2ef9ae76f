"""Search in one process, one question after another: by vectors, by words, and the whole question.

`python -m benchmarks.search STORE QUESTIONS` (a file of JSON lines with `text` or `question`). By
vectors it is also compared with exact search over the same vectors. Questions are real ones, never
copies of what is in the store.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import percentiles
from benchmarks.running import memory_of
from index.encoding.encoder import Vectors
from index.store.location import Location, location_of
from index.store.protocols import Snapshot
from qa.engine import Engine
from qa.question.query import search_terms

_LIMIT = 100
"""How many passages the engine asks each search for."""
_WARMING = 20


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=location_of, help="a folder or a database's URL")
    parser.add_argument("questions", type=Path)
    parser.add_argument("--most", type=int, default=300, help="at most this many questions")
    options = parser.parse_args()
    print(json.dumps(search(options.store, read_questions(options.questions)[: options.most])))


def read_questions(file: Path) -> list[str]:
    """Return the questions of a set's queries.jsonl, or of a gold file."""
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    return [row["text"] if "text" in row else row["question"] for row in rows]


def search(store: Location, questions: Sequence[str]) -> dict[str, Any]:
    """Return times in milliseconds, recall, seconds to open, and memory."""
    before = memory_of()
    started = time.perf_counter()
    engine = Engine.open(store)
    opened = time.perf_counter() - started
    snapshot = engine.snapshot
    vectors = np.stack([engine.encoder.encode([each], "query")[0] for each in questions])
    found: dict[str, Any] = {
        "passages": snapshot.info.passages,
        "questions": len(questions),
        "open_s": opened,
        "before": before.figures(),
        "opened": memory_of().figures(),
    }
    found["dense_ms"] = _timed(lambda vector: snapshot.nearest(vector, _LIMIT), vectors)
    found["words_ms"] = _timed(lambda question: _by_words(snapshot, question), questions)
    stages: dict[str, list[float]] = {}

    def ask(question: str) -> None:
        for stage, took in engine.ask(question).stage_ms.items():
            stages.setdefault(stage, []).append(took)

    found["question_ms"] = _timed(ask, questions)
    found["stages_ms_p50"] = {name: float(np.median(each)) for name, each in stages.items()}
    found["asked"] = memory_of().figures()
    nearest = [
        [row for row, _ in snapshot.nearest(vector, _LIMIT, exact=True)] for vector in vectors
    ]
    for depth in (10, _LIMIT):
        found[f"recall_at_{depth}"] = _recall(snapshot, vectors, [rows[:depth] for rows in nearest])
    return found


def _by_words(snapshot: Snapshot, question: str) -> object:
    return snapshot.words.best(search_terms(question, snapshot), _LIMIT)


def _timed(run: Callable[[Any], object], each: Sequence[Any] | Vectors) -> dict[str, float]:
    """Run it over all, once some of them have warmed what there is to warm."""
    for one in each[:_WARMING]:
        run(one)
    times: list[float] = []
    for one in each:
        started = time.perf_counter()
        run(one)
        times.append((time.perf_counter() - started) * 1000)
    return percentiles(times)


def _recall(snapshot: Snapshot, questions: Vectors, nearest: Sequence[Sequence[int]]) -> float:
    """Return the share of the `nearest` passages of each question that are found."""
    hits = 0
    for question, exact in zip(questions, nearest, strict=True):
        hits += len({row for row, _ in snapshot.nearest(question, len(exact))} & set(exact))
    return hits / sum(map(len, nearest))


if __name__ == "__main__":
    main()
