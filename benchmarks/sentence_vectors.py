"""Sentence vectors: each encoded by itself, or pooled from its passage's token outputs.

Prints nDCG@10 of documents ranked by their best passage (the mean of its cosine and its best
sentence's), how often the best sentence of the paragraph with the answer holds the answer
(where the folder has answers.jsonl), and what each way costs.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.beir import chunk, mean_ndcg, read_set
from index.backends.torch_encoder import TorchEncoder
from index.encoder import Vectors
from index.model import find_model
from index.records import ChunkedDocument, Passage, Span, passage_text

_BATCH = 256


@dataclass(frozen=True, slots=True)
class Embedded:
    """All passages' vectors, and each passage's sentences' vectors, in corpus order."""

    passages: Vectors
    sentences: list[Vectors]
    seconds: float


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of the BEIR layout")
    parser.add_argument("--documents", type=int, help="only so many, all relevant ones among them")
    options = parser.parse_args()
    model = find_model()
    encoder = TorchEncoder(model)
    whole = read_set(options.folder)
    asked = whole.asked.questions
    wanted = {document for question in asked for document in question.documents}
    corpus = sorted(chunk(whole, model), key=lambda chunked: chunked.document.id not in wanted)[
        : options.documents
    ]
    owned = [(chunked, passage) for chunked in corpus for passage in chunked.passages]
    print(f"{len(corpus)} documents, {len(owned)} passages", flush=True)
    vectors = encoder.encode([question.text for question in asked], "query")
    for name, embed in (("encoded", _encode), ("pooled", _pool)):
        embedded = embed(owned, encoder)
        print(f"{name}: {embedded.seconds:.1f} s", flush=True)
        for weight in (1.0, 0.5):
            scores = [_score(embedded, vector, weight) for vector in vectors]
            ranked = ((q, _best_documents(s, owned)) for q, s in zip(asked, scores, strict=True))
            print(f"  passage weight {weight}: nDCG@10 {mean_ndcg(ranked):.4f}", flush=True)
        answers = options.folder / "answers.jsonl"
        if answers.is_file():
            print(f"  answer in the best sentence: {_hits(answers, owned, embedded, encoder)}")


def _encode(owned: Sequence[tuple[ChunkedDocument, Passage]], encoder: TorchEncoder) -> Embedded:
    started = time.perf_counter()
    passages = encoder.encode([_seen(*each) for each in owned], "document")
    texts = [s.of(chunked.document.text) for chunked, passage in owned for s in passage.sentences]
    vectors = encoder.encode(texts, "document")
    edges = np.cumsum([len(passage.sentences) for _, passage in owned])[:-1]
    return Embedded(passages, np.split(vectors, edges), time.perf_counter() - started)


def _pool(owned: Sequence[tuple[ChunkedDocument, Passage]], encoder: TorchEncoder) -> Embedded:
    started = time.perf_counter()
    transformer: Any = encoder.loaded()
    order = sorted(range(len(owned)), key=lambda i: owned[i][1].end - owned[i][1].start)
    passages: dict[int, Vectors] = {}
    sentences: dict[int, Vectors] = {}
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        texts = [_seen(*owned[i]) for i in batch]
        outputs = transformer.encode(texts, output_value=None, show_progress_bar=False)
        for i, text, output in zip(batch, texts, outputs, strict=True):
            tokens = output["token_embeddings"].numpy()
            passages[i] = output["sentence_embedding"].numpy()
            offsets = transformer.tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
            shift = len(text) - (owned[i][1].end - owned[i][1].start) - owned[i][1].start
            sentences[i] = np.stack(
                [_mean(tokens, offsets, sentence, shift) for sentence in owned[i][1].sentences]
            )
    n = range(len(owned))
    seconds = time.perf_counter() - started
    return Embedded(np.stack([passages[i] for i in n]), [sentences[i] for i in n], seconds)


def _mean(tokens: Vectors, offsets: list[tuple[int, int]], sentence: Span, shift: int) -> Vectors:
    own = [
        row
        for row, (start, end) in enumerate(offsets)
        if end > start and sentence.start + shift <= start < sentence.end + shift
    ]
    vector: Vectors = tokens[own or [0]].mean(axis=0)
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


def _seen(chunked: ChunkedDocument, passage: Passage) -> str:
    return passage_text(chunked.document, passage)


def _score(embedded: Embedded, question: Vectors, weight: float) -> Vectors:
    dense: Vectors = embedded.passages @ question
    if weight == 1.0:
        return dense
    best = np.array([(vectors @ question).max() for vectors in embedded.sentences])
    mixed: Vectors = (weight * dense + (1 - weight) * best).astype(np.float32)
    return mixed


def _best_documents(scores: Vectors, owned: Sequence[tuple[ChunkedDocument, Passage]]) -> list[str]:
    names = (owned[i][0].document.id for i in np.argsort(-scores, kind="stable")[:200])
    return list(dict.fromkeys(names))


def _hits(
    answers: Path,
    owned: Sequence[tuple[ChunkedDocument, Passage]],
    embedded: Embedded,
    encoder: TorchEncoder,
) -> str:
    rows = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if not row["is_impossible"]]
    texts = map(json.loads, (answers.parent / "queries.jsonl").read_text("utf-8").splitlines())
    asked = {row["_id"]: row["text"] for row in texts}
    vectors = encoder.encode([asked[row["_id"]] for row in rows], "query")
    passages: dict[str, list[int]] = {}
    for i, (chunked, _) in enumerate(owned):
        passages.setdefault(chunked.document.source.rpartition("/")[2], []).append(i)
    hits = judged = 0
    for row, question in zip(rows, vectors, strict=True):
        found = [
            (float(vector @ question), s.of(owned[i][0].document.text))
            for i in passages.get(row["doc_id"], [])
            for s, vector in zip(owned[i][1].sentences, embedded.sentences[i], strict=True)
        ]
        if len(found) > 1:
            judged += 1
            hits += any(answer["text"] in max(found)[1] for answer in row["answers"])
    return f"{hits / judged:.4f} of {judged}"


if __name__ == "__main__":
    main()
