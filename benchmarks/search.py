"""Search in one process, one question after another: by vectors, by words, and the whole question.

`python -m benchmarks.search STORE QUESTIONS` (a file of JSON lines with `text` or `question`). By
vectors it is also compared with exact search over the same vectors. Questions are real ones, never
copies of what is in the store.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import percentiles
from benchmarks.running import memory_of
from index.encoding.encoder import Vectors
from index.store.snapshot import Snapshot
from qa.engine import Engine
from qa.question.query import search_terms

_LIMIT = 100
"""How many passages the engine asks each search for."""
_BLOCK = 16_384
_WARMING = 20


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--most", type=int, default=300, help="at most this many questions")
    options = parser.parse_args()
    print(json.dumps(search(options.store, read_questions(options.questions)[: options.most])))


def read_questions(file: Path) -> list[str]:
    """Return the questions of a set's queries.jsonl, or of a gold file."""
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    return [row["text"] if "text" in row else row["question"] for row in rows]


def search(store: Path, questions: Sequence[str]) -> dict[str, Any]:
    """Return times in milliseconds, recall, seconds to open, and memory."""
    before = memory_of()
    started = time.perf_counter()
    engine = Engine.open(store)
    opened = time.perf_counter() - started
    vectors = np.stack([engine.encoder.encode([each], "query")[0] for each in questions])
    found: dict[str, Any] = {
        "passages": len(engine.snapshot.passages),
        "questions": len(questions),
        "open_s": opened,
        "before": before.figures(),
        "opened": memory_of().figures(),
    }
    dense = engine.snapshot.dense
    found["dense_ms"] = _timed(lambda vector: dense.search(vector, _LIMIT), vectors)
    found["words_ms"] = _timed(lambda question: _by_words(engine, question), questions)
    stages: dict[str, list[float]] = {}

    def ask(question: str) -> None:
        for stage, took in engine.ask(question).stage_ms.items():
            stages.setdefault(stage, []).append(took)

    found["question_ms"] = _timed(ask, questions)
    found["stages_ms_p50"] = {name: float(np.median(each)) for name, each in stages.items()}
    found["asked"] = memory_of().figures()
    found["recall_at_10"] = _recall(engine.snapshot, vectors, 10)
    found[f"recall_at_{_LIMIT}"] = _recall(engine.snapshot, vectors, _LIMIT)
    return found


def _by_words(engine: Engine, question: str) -> object:
    return engine.lexicon.best(search_terms(question, engine.lexicon), _LIMIT)


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


def _recall(snapshot: Snapshot, questions: Vectors, depth: int) -> float:
    """Return the share of the `depth` nearest passages, by exact search, that are found."""
    nearest = _nearest(snapshot, questions, depth)
    hits = 0
    for question, exact in zip(questions, nearest, strict=True):
        hits += len(
            {row for row, _ in snapshot.dense.search(question, depth)} & set(exact.tolist())
        )
    return hits / nearest.size


def _nearest(snapshot: Snapshot, questions: Vectors, depth: int) -> NDArray[np.int64]:
    """Return the rows of the nearest passages of each question, shape (questions, depth)."""
    cosines = np.full((len(questions), depth), -2, np.float32)
    rows = np.zeros((len(questions), depth), np.int64)
    for start, block in _blocks(snapshot):
        found = questions @ block.T
        joined = np.hstack([cosines, found])
        numbers = np.arange(start, start + len(block))
        numbered = np.hstack([rows, np.broadcast_to(numbers, found.shape)])
        best = np.argpartition(-joined, depth - 1, axis=1)[:, :depth]
        cosines = np.take_along_axis(joined, best, axis=1)
        rows = np.take_along_axis(numbered, best, axis=1)
    return rows


def _blocks(snapshot: Snapshot) -> Iterator[tuple[int, Vectors]]:
    for start in range(0, len(snapshot.passages), _BLOCK):
        wanted = np.arange(start, min(start + _BLOCK, len(snapshot.passages)))
        yield start, snapshot.passage_vectors.take(wanted).astype(np.float32)


if __name__ == "__main__":
    main()
