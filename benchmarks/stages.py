"""Where a question's time goes, and how far its parts are from what the machine can do.

`python -m benchmarks.stages STORE QUESTIONS` asks with the reader and without it. It compares
encoding and reading with the rate at which this machine multiplies matrices in the precision that
they use, and the search by vectors with the rate at which it reads memory. It measures both rates
in the same run.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import LATEST, keep_table
from benchmarks.search import read_questions
from index.encoding import Backend
from index.encoding.model import Model
from index.encoding.openvino_model import import_openvino
from qa.answer.tracing import Trace
from qa.engine import Engine
from qa.read.pairs import PairTokenizer

_METHOD = """\
{questions} questions of {name} ({passages} passages) in one process, one after another, computed \
by {backend}: medians of """
_STAGES = (
    _METHOD
    + "each stage's milliseconds, when half of them are first asked without a reader, half with it."
)
_READING = """\
milliseconds. Questions read as many of their own windows as are said; computing is what reading \
takes beyond making tokens of pairs."""
_LIMITS = """\
times. Operations are counted from the model's shape (a multiplication and an addition are two), \
tokens with the special ones. The limits are the best of {repeats} products of matrices of {size} \
rows and columns by OpenVINO in {precision}, with as many threads as there are cores, and of as \
many inner products of a vector of 256 MiB with itself by NumPy, with one thread; vectors of a \
small store stay in the processor's caches, which are faster."""
_SIZE, _REPEATS = 2048, 5
_BATCH, _BATCH_TOKENS = 32, 128
_WINDOWS = (1, 3, 5, 10)

Row = list[object]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--name", default="the set", help="what the store holds")
    parser.add_argument("--most", type=int, default=200, help="at most this many questions")
    parser.add_argument("--backend", default="auto", help="as of `pincite ask`")
    parser.add_argument("--results", type=Path, default=LATEST, help="where the result is kept")
    options = parser.parse_args()
    questions = read_questions(options.questions)[: options.most]
    backend: Backend = options.backend
    engine = Engine.open(options.store, backend=backend)
    precision = engine.encoder.backend.rpartition("-")[2]
    said = {
        "questions": len(questions),
        "name": options.name,
        "passages": engine.snapshot.info.passages,
        "backend": engine.encoder.backend,
        "repeats": _REPEATS,
        "size": _SIZE,
        "precision": precision,
    }

    def keep(name: str, method: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        named = name if backend == "auto" else f"{name}-{precision}"
        keep_table(named, method.format(**said), columns, rows, options.results)

    without = _stages(replace(engine, reader=None), questions[::2])
    with_reader = _stages(engine, questions[1::2])
    columns = ["milliseconds", "without a reader", "with it"]
    keep("stages", _STAGES, columns, [[s, without[s], took] for s, took in with_reader.items()])
    traces = [engine.trace(question) for question in questions]
    gflops = _matrix_gflops(precision)
    reading = {str(count): _reading(engine, traces, count) for count in _WINDOWS}
    columns = ["windows", "tokens", "tokenizing", "computing", "GFLOP/s", "share of products' rate"]
    keep(
        "reading",
        _METHOD + _READING,
        columns,
        [[n, *of, of[-1] / gflops] for n, of in reading.items()],
    )
    limits = [*_encoding(engine, traces, gflops), _search(engine, traces)]
    keep("limits", _METHOD + _LIMITS, ["", "measured", "limit", "share"], limits)


def _stages(engine: Engine, questions: Sequence[str]) -> dict[str, float]:
    """Return the median of each stage's milliseconds, and of the whole question."""
    took: dict[str, list[float]] = {}
    for question in questions:
        answer = engine.ask(question)
        for stage, ms in {**answer.stage_ms, "in all": answer.took_ms}.items():
            took.setdefault(stage, []).append(ms)
    return {stage: float(np.median(each)) for stage, each in took.items()}


def _reading(engine: Engine, traces: Sequence[Trace], count: int) -> list[float]:
    """Return tokens, milliseconds of tokenizing and computing, and GFLOP/s, of so many windows."""
    assert engine.reader
    tokenizer = PairTokenizer(engine.tokenizer)
    measured = []
    for trace in traces:
        windows = [read.window for read in trace.windows[:count]]
        ask = trace.query.read, windows
        pairs = tokenizer.pairs(*ask)
        tokenizing, whole = (
            _ms(partial(tokenizer.pairs, *ask)),
            _ms(partial(engine.reader.read, *ask)),
        )
        operations = sum(_operations(engine.model, len(pair)) for pair in pairs)
        computing = whole - tokenizing
        rate = operations / computing / 1e6
        measured.append((sum(map(len, pairs)), tokenizing, computing, rate))
    medians: list[float] = np.median(np.array(measured), axis=0).tolist()
    return medians


def _encoding(engine: Engine, traces: Sequence[Trace], gflops: float) -> list[Row]:
    """Return how fast a question is encoded, and many passages, beside products of matrices."""
    tokens = [len(engine.tokenizer.tokens(trace.query.read)) + 2 for trace in traces]
    one = np.median([_operations(engine.model, count) for count in tokens])
    took = np.median([trace.stage_ms["encoding"] for trace in traces])
    text = "skin " * (_BATCH_TOKENS - 2)
    long = len(engine.tokenizer.tokens(text)) + 2
    encode = partial(engine.encoder.encode, [text] * _BATCH, "document")
    many, all_took = _BATCH * _operations(engine.model, long), _median_ms([encode] * _REPEATS)
    return [
        _share(f"encoding a question ({np.median(tokens):.0f} tokens)", one / took / 1e6, gflops),
        _share(f"encoding {_BATCH} passages of {long} tokens", many / all_took / 1e6, gflops),
    ]


def _search(engine: Engine, traces: Sequence[Trace]) -> Row:
    info, snapshot = engine.snapshot.info, engine.snapshot
    read = info.passages * info.made_by.dimension * 2
    took = _median_ms(
        [partial(snapshot.nearest, trace.query.vector, 100, exact=True) for trace in traces]
    )
    name = f"search by vectors, exact, one thread ({took:.2f} ms)"
    return _share(name, read / took / 1e6, _memory_gb_s(), "GB/s")


def _share(name: str, rate: float, limit: float, unit: str = "GFLOP/s") -> Row:
    return [name, f"{rate:.1f} {unit}", f"{limit:.1f} {unit}", f"{rate / limit:.2f}"]


def _operations(model: Model, tokens: int) -> float:
    """Return the floating-point operations of the network on one text of so many tokens."""
    shape = json.loads((model.folder / "config.json").read_text("utf-8"))
    hidden, inner = shape["hidden_size"], shape["intermediate_size"]
    weights = 4 * hidden**2 + 2 * hidden * inner
    attention = 2 * tokens * hidden
    return float(shape["num_hidden_layers"] * tokens * 2 * (weights + attention))


def _matrix_gflops(precision: str) -> float:
    openvino = import_openvino()
    operators: Any = openvino.opset13
    one = np.random.default_rng(0).random((_SIZE, _SIZE), np.float32)
    given = operators.parameter([_SIZE, _SIZE], np.float32)
    product = openvino.Model(
        [operators.matmul(given, one, transpose_a=False, transpose_b=True)], [given]
    )
    hint = {"bfloat16": "bf16", "float32": "f32"}[precision]
    settings = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(product, "CPU", settings).create_infer_request()
    return 2 * _SIZE**3 / _best_ms(lambda: request.infer([one])) / 1e6


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
