"""Where a question's time goes, and how far its parts are from what the machine can do.

`python -m benchmarks.stages STORE QUESTIONS` compares the encoder with the rate at which this
machine multiplies float32 matrices, and the search by vectors with the rate at which it reads
memory. It measures both rates in the same run.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.results import LATEST, keep_table
from benchmarks.search import read_questions
from index.encoding.model import Model
from qa.engine import Engine

_METHOD = """\
{questions} questions of {name} ({passages} passages) in one process, one after another: medians \
of each stage's milliseconds. Operations are counted from the model's shape (a multiplication and \
an addition are two), tokens with the two special ones. The limits are the best of {repeats} \
products of float32 matrices of {size} rows and columns, with as many threads as there are cores, \
and of as many inner products of a vector of 256 MiB with itself, with one thread, both by NumPy."""
_SIZE, _REPEATS = 2048, 5
_BATCH = 32
_BATCH_TOKENS = 128


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--name", default="the set", help="what the store holds")
    parser.add_argument("--most", type=int, default=200, help="at most this many questions")
    parser.add_argument("--results", type=Path, default=LATEST, help="where the result is kept")
    options = parser.parse_args()
    questions = read_questions(options.questions)[: options.most]
    matrices, memory = _matrix_gflops(), _memory_gb_s()
    engine = Engine.open(options.store)
    stages = _stages(engine, questions)
    tokens = [len(engine.tokenizer.tokens(question)) + 2 for question in questions]
    operations = float(np.median([_operations(engine.model, count) for count in tokens]))
    info = engine.snapshot.info
    read = info.passages * info.made_by.dimension * 2
    found = engine.encoder.encode(questions, "query")
    scan = _median_ms(
        [partial(engine.snapshot.nearest, vector, 100, exact=True) for vector in found]
    )
    batch, batch_rate = _batch(engine)
    rows: list[list[object]] = [
        [f"question, {stage}", f"{took:.2f} ms", "", ""] for stage, took in stages.items()
    ]
    rows += [
        [
            f"encoding a question ({np.median(tokens):.0f} tokens)",
            f"{operations / stages['encoding'] / 1e6:.0f} GFLOP/s",
            f"{matrices:.0f} GFLOP/s",
            f"{operations / stages['encoding'] / 1e6 / matrices:.2f}",
        ],
        [
            f"encoding {_BATCH} passages of {batch} tokens",
            f"{batch_rate:.0f} GFLOP/s",
            f"{matrices:.0f} GFLOP/s",
            f"{batch_rate / matrices:.2f}",
        ],
        [
            f"search by vectors, exact, one thread ({scan:.2f} ms)",
            f"{read / scan / 1e6:.1f} GB/s",
            f"{memory:.1f} GB/s",
            f"{read / scan / 1e6 / memory:.2f}",
        ],
    ]
    method = _METHOD.format(
        questions=len(questions),
        name=options.name,
        passages=info.passages,
        repeats=_REPEATS,
        size=_SIZE,
    )
    columns = ["", "measured", "limit", "share"]
    keep_table("stages", method, columns, rows, options.results)


def _stages(engine: Engine, questions: Sequence[str]) -> dict[str, float]:
    """Return the median of each stage's milliseconds, and of the whole question."""
    for question in questions[:20]:
        engine.ask(question)
    took: dict[str, list[float]] = {}
    for question in questions:
        answer = engine.ask(question)
        for stage, ms in {**answer.stage_ms, "in all": answer.took_ms}.items():
            took.setdefault(stage, []).append(ms)
    return {stage: float(np.median(each)) for stage, each in took.items()}


def _batch(engine: Engine) -> tuple[int, float]:
    """Return the tokens of a passage, and the rate of encoding many of them in GFLOP/s."""
    text = "skin " * (_BATCH_TOKENS - 2)
    tokens = len(engine.tokenizer.tokens(text)) + 2
    texts = [text] * _BATCH
    engine.encoder.encode(texts, "document")
    took = _median_ms([partial(engine.encoder.encode, texts, "document")] * _REPEATS)
    return tokens, _BATCH * _operations(engine.model, tokens) / took / 1e6


def _operations(model: Model, tokens: int) -> float:
    """Return the floating-point operations of encoding one text of so many tokens."""
    shape = json.loads((model.folder / "config.json").read_text("utf-8"))
    hidden, inner = shape["hidden_size"], shape["intermediate_size"]
    weights = 4 * hidden**2 + 2 * hidden * inner
    attention = 2 * tokens * hidden
    return float(shape["num_hidden_layers"] * tokens * 2 * (weights + attention))


def _matrix_gflops() -> float:
    one = np.random.default_rng(0).random((_SIZE, _SIZE), np.float32)
    return 2 * _SIZE**3 / _best_ms(lambda: one @ one) / 1e6


def _memory_gb_s() -> float:
    some = np.ones(64 << 20, np.float32)
    return some.nbytes / _best_ms(lambda: some @ some) / 1e6


def _best_ms(run: Callable[[], object]) -> float:
    return min(_ms(run) for _ in range(_REPEATS + 1))


def _median_ms(runs: Sequence[Callable[[], object]]) -> float:
    return float(np.median([_ms(run) for run in runs]))


def _ms(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
