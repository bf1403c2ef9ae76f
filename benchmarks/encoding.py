"""OpenVINO against torch: the time of a question, passages a second, and how alike the vectors are.

Both are timed in turns in one process; the figures are medians. With --quality the whole
folder is encoded by both, and nDCG@10 of its questions is computed from each (dense search,
documents by their best passage).
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.beir import chunk, mean_ndcg, read_set
from eval.sets.beir import BeirSet
from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder, Vectors
from index.encoding.model import Model, find_model
from index.records import ChunkedDocument, Document, Passage, passage_text

_PASSAGE_TOKENS = 128


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of the BEIR layout, such as SciFact")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--passages", type=int, default=128)
    parser.add_argument("--quality", action="store_true")
    options = parser.parse_args()
    model = find_model()
    encoders = {"torch": open_encoder(model, "torch-float32"), "openvino": open_encoder(model)}
    print(", ".join(encoder.backend for encoder in encoders.values()))
    whole = read_set(options.folder)
    corpus = chunk(whole, model)
    asked = [question.text for question in whole.asked.questions[:20]]
    _compare(
        "one question, ms",
        {name: _asking(encoder, asked) for name, encoder in encoders.items()},
        options.rounds,
        lambda seconds: seconds / len(asked) * 1000,
    )
    texts = _long_texts(corpus, model, options.passages)
    _compare(
        f"passages of {_PASSAGE_TOKENS} tokens a second",
        {name: _encoding(encoder, texts) for name, encoder in encoders.items()},
        options.rounds,
        lambda seconds: len(texts) / seconds,
    )
    if options.quality:
        _quality(whole, corpus, encoders)


def _asking(encoder: Encoder, asked: Sequence[str]) -> Callable[[], object]:
    return lambda: [encoder.encode([question], "query") for question in asked]


def _encoding(encoder: Encoder, texts: Sequence[str]) -> Callable[[], object]:
    return lambda: encoder.encode(texts, "document")


def _compare(
    what: str,
    runs: dict[str, Callable[[], object]],
    rounds: int,
    figure: Callable[[float], float],
) -> None:
    for run in runs.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    medians = {name: figure(statistics.median(times)) for name, times in seconds.items()}
    ratio = medians["openvino"] / medians["torch"]
    shown = ", ".join(f"{name} {median:.1f}" for name, median in medians.items())
    print(f"{what}: {shown}; ratio {ratio:.2f} (medians of {rounds})", flush=True)


def _long_texts(corpus: Sequence[ChunkedDocument], model: Model, wanted: int) -> list[str]:
    """Return texts of exactly so many tokens, special ones counted."""
    tokenizer = model.tokenizer()
    texts: list[str] = []
    for chunked in corpus:
        tokens = tokenizer.tokens(chunked.document.text)
        if len(tokens) >= _PASSAGE_TOKENS - 2 and len(texts) < wanted:
            texts.append(chunked.document.text[: tokens[_PASSAGE_TOKENS - 3].end])
    return texts


def _quality(
    whole: BeirSet, corpus: Sequence[ChunkedDocument], encoders: dict[str, Encoder]
) -> None:
    owned = [(chunked.document, passage) for chunked in corpus for passage in chunked.passages]
    texts = [passage_text(document, p) for document, p in owned]
    asked = whole.asked.questions
    vectors: dict[str, Vectors] = {}
    for name, encoder in encoders.items():
        started = time.perf_counter()
        vectors[name] = encoder.encode(texts, "document")
        seconds = time.perf_counter() - started
        of_questions = encoder.encode([question.text for question in asked], "query")
        ranked = (
            (question, _documents(vectors[name] @ vector, owned))
            for question, vector in zip(asked, of_questions, strict=True)
        )
        ndcg = mean_ndcg(ranked)
        print(f"{name}: {len(texts)} passages in {seconds:.0f} s, nDCG@10 {ndcg:.4f}")
    cosines = (vectors["torch"] * vectors["openvino"]).sum(axis=1)
    print(f"cosine of the vectors: least {cosines.min():.6f}, mean {cosines.mean():.6f}")


def _documents(scores: Vectors, owned: Sequence[tuple[Document, Passage]]) -> list[str]:
    best = np.argsort(-scores, kind="stable")[:200]
    return list(dict.fromkeys(owned[row][0].id for row in best))


if __name__ == "__main__":
    main()
