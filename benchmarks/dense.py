"""Search by vectors as passages grow: latency, recall, time to build, and bytes.

The vectors are those of a store's passages, and from there on copies of these,
moved in directions in which they differ from one another, until a copy's cosine with what it was
made of is that of a passage with one of its ten nearest. The questions are real ones, encoded by
the store's model. Recall counts what is as near as the last of the nearest by NumPy in float32.
Copies are less near to the questions than real passages, so that recall@100 says more than
recall@10. `cpu_ms` is what a search took of the processor, which other work on the machine changes
less than what it took of the clock.

With `--factory`, other indexes of FAISS choose the candidates, as many as the codes do, such as
`IVF256,PQ96x4fs:nprobe=64`.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.encoding.encoder import Vectors
from index.search.dense import DenseIndex, Hits, Mask, make_codes, nearest, read_codes
from index.store.objects import ObjectFolder
from index.store.stack import Stack
from qa.engine import Engine

_SIZES = [1_000, 5_000, 11_000, 20_000, 50_000, 100_000, 300_000, 1_000_000]
_SELECTIVITIES = [0.001, 0.01, 0.1, 0.5, 0.9]
_SHARDS = 128
_FOUND = 100
_AT_ONCE = 25_000
_MOST_IN_FLOAT32 = 100_000

Made = TypeVar("Made")
Search = Callable[[Vectors, Mask | None], Hits]


@dataclass(frozen=True, slots=True)
class Case:
    """Vectors, questions, and for each question the cosine of the tenth and the hundredth row."""

    vectors: Stack
    questions: Vectors
    allowed: Mask | None
    least: NDArray[np.float32]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, help="a store that was indexed")
    parser.add_argument("questions", type=Path, help="JSON lines with `text`")
    parser.add_argument("--sizes", type=int, nargs="*", default=_SIZES)
    parser.add_argument("--asked", type=int, default=200, help="how many questions")
    parser.add_argument(
        "--factory", nargs="*", default=[], help="other indexes, as FAISS names them"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/dense.json")
    options = parser.parse_args()
    engine = Engine.open(options.store)
    lines = options.questions.read_text("utf-8").splitlines()[: options.asked]
    texts = [json.loads(line)["text"] for line in lines]
    questions = np.concatenate([engine.encoder.encode([text], "query") for text in texts])
    real = engine.snapshot.passage_vectors.joined().arrays[0].astype(np.float32)
    rows: list[dict[str, Any]] = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            vectors = _laid_out(_grown(real, size), size, ObjectFolder(Path(folder)))
            for row in _measure(vectors, questions, options.factory):
                rows.append(row)
                print(json.dumps(row), flush=True)
    content = {"method": " ".join((__doc__ or "").split()), "figures": rows}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def _grown(real: Vectors, size: int) -> Iterator[Vectors]:
    """Yield `size` vectors in blocks."""
    chance = np.random.default_rng(0)
    some = chance.choice(len(real), 500, replace=False)
    cosines = real[some] @ real.T
    cosines[np.arange(500), some] = -1
    near = np.sort(cosines, axis=1)[:, -10:].ravel()
    near = near[near < 0.98]  # repetitions are no neighbours
    sample = real[chance.choice(len(real), 8_000)]
    _, spread, directions = np.linalg.svd(sample - sample.mean(axis=0), full_matrices=False)
    yield real[:size]
    for start in range(len(real), size, _AT_ONCE):
        n = min(_AT_ONCE, size - start)
        origin = real[chance.integers(0, len(real), n)]
        aside = (chance.standard_normal((n, len(spread)), np.float32) * spread) @ directions
        aside -= np.sum(aside * origin, axis=1, keepdims=True) * origin
        aside /= np.linalg.norm(aside, axis=1, keepdims=True)
        cosine = chance.choice(near, (n, 1))
        yield cosine * origin + np.sqrt(1 - cosine**2) * aside


def _laid_out(blocks: Iterator[Vectors], size: int, objects: ObjectFolder) -> Stack:
    """Return the vectors in half precision, in as many mapped files as a store has."""
    whole = np.concatenate([block.astype(np.float16) for block in blocks])
    shards = np.array_split(whole, min(_SHARDS, -(-size // 64)))
    return Stack([objects.map_array(objects.put_array(shard)) for shard in shards])


def _measure(
    vectors: Stack, questions: Vectors, factories: Sequence[str]
) -> Iterator[dict[str, Any]]:
    count, dimension = len(vectors), questions.shape[1]
    case = _case(vectors, questions, None)
    if count <= _MOST_IN_FLOAT32:
        search, seconds = _timed(lambda: _flat(vectors))
        yield _row("float32", case, search, seconds, 4 * dimension * count)
    codes, seconds = _timed(lambda: make_codes(vectors))
    coded, small = DenseIndex(vectors, read_codes(codes)), DenseIndex(vectors)
    few = small if count <= _MOST_IN_FLOAT32 else coded
    kinds: dict[str, tuple[Search, float, int]] = {
        "exact": (lambda q, allowed: few.search(q, _FOUND, allowed, exact=True), 0.0, 0),
        "codes": (lambda q, allowed: coded.search(q, _FOUND, allowed), seconds, len(codes)),
    }
    for name in factories:
        (search, size), seconds = _timed(lambda name=name: _made(name, vectors))  # type: ignore[misc]
        kinds[name] = search, seconds, size
    for name, (search, seconds, size) in kinds.items():
        yield _row(name, case, search, seconds, size)
    for share in _SELECTIVITIES if count == _SIZES[-1] else []:
        allowed = np.random.default_rng(1).random(count) < share
        filtered = _case(vectors, questions, allowed)
        yield _row("codes", filtered, kinds["codes"][0], seconds, len(codes))


def _case(vectors: Stack, questions: Vectors, allowed: Mask | None) -> Case:
    best = np.full((len(questions), _FOUND), -1, np.float32)
    for start in range(0, len(vectors), _AT_ONCE):
        end = min(start + _AT_ONCE, len(vectors))
        cosines = questions @ vectors.rows(start, end).astype(np.float32).T
        if allowed is not None:
            cosines[:, ~allowed[start:end]] = -1
        best = np.sort(np.concatenate([best, cosines], axis=1), axis=1)[:, -_FOUND:]
    return Case(vectors, questions, allowed, best[:, [-10, -_FOUND]])


def _row(kind: str, case: Case, search: Search, seconds: float, size: int) -> dict[str, Any]:
    clock, cpu = [], []
    recall = np.zeros((len(case.questions), 2))
    for question in case.questions[:20]:
        search(question, case.allowed)
    for at, question in enumerate(case.questions):
        started = time.perf_counter(), time.thread_time()
        found = search(question, case.allowed)
        clock.append(1000 * (time.perf_counter() - started[0]))
        cpu.append(1000 * (time.thread_time() - started[1]))
        cosines = np.array([cosine for _, cosine in found])
        for column, k in enumerate((10, _FOUND)):
            recall[at, column] = np.mean(cosines[:k] >= case.least[at, column] - 1e-5)
    return {
        "kind": kind,
        "passages": len(case.vectors),
        "allowed": 1.0 if case.allowed is None else round(float(np.mean(case.allowed)), 4),
        "p50_ms": round(float(np.percentile(clock, 50)), 3),
        "p99_ms": round(float(np.percentile(clock, 99)), 3),
        "cpu_ms": round(float(np.median(cpu)), 3),
        "recall_at_10": round(float(recall[:, 0].mean()), 4),
        "recall_at_100": round(float(recall[:, 1].mean()), 4),
        "build_seconds": round(seconds, 2),
        "bytes_besides_vectors": size,
    }


def _timed(make: Callable[[], Made]) -> tuple[Made, float]:
    started = time.perf_counter()
    return make(), time.perf_counter() - started


def _flat(vectors: Stack) -> Search:
    import faiss

    wrapped: Any = faiss
    wrapped.omp_set_num_threads(1)
    index = wrapped.IndexFlatIP(vectors.arrays[0].shape[1])
    for each in vectors.arrays:
        index.add(each.astype(np.float32))

    def search(question: Vectors, _: Mask | None) -> Hits:
        cosines, rows = index.search(question[None, :], _FOUND)
        return list(zip(rows[0].tolist(), cosines[0].tolist(), strict=True))

    return search


def _made(name: str, vectors: Stack) -> tuple[Search, int]:
    import faiss

    wrapped: Any = faiss
    factory, _, parameters = name.partition(":")
    wrapped.omp_set_num_threads(1)
    index = wrapped.index_factory(vectors.arrays[0].shape[1], factory, wrapped.METRIC_INNER_PRODUCT)
    sample = np.linspace(0, len(vectors) - 1, min(16_384, len(vectors))).astype(np.int64)
    index.train(vectors.take(sample).astype(np.float32))
    for start in range(0, len(vectors), _AT_ONCE):
        rows = vectors.rows(start, min(start + _AT_ONCE, len(vectors)))
        index.add(rows.astype(np.float32))
    if parameters:
        wrapped.ParameterSpace().set_index_parameters(index, parameters)
    compared = max(2000, len(vectors) // 250)

    def search(question: Vectors, _: Mask | None) -> Hits:
        chosen = np.sort(index.search(question[None, :], compared)[1][0])
        chosen = chosen[chosen >= 0]
        return nearest([(vectors.take(chosen), chosen)], question, _FOUND)

    return search, len(wrapped.serialize_index(index))


if __name__ == "__main__":
    main()
