"""One vector a document: how published figures of encoders are made, to check our own by.

Title and text in one, cut where the encoder stops reading; documents ranked by the cosine.
"""

import hashlib
import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from eval.judge import DOCUMENT_DEPTH, rank_documents
from eval.records import Ranking
from eval.sets.beir import BeirSet
from index.encoder import Vectors
from index.progress import Progress
from index.store.objects import write_atomically
from qa.engine import Engine

_STEP = 256


def rank_by_one_vector(
    engine: Engine, whole: BeirSet, cache: Path, progress: Progress
) -> list[Ranking]:
    """Return the ranking for each question in turn. The documents' vectors are kept in `cache`."""
    names = list(whole.published)
    texts = list(whole.published.values())
    vectors = _vectors(engine, texts, cache, progress)
    rankings: list[Ranking] = []
    for question in whole.asked.questions:
        scores = vectors @ engine.encoder.encode([question.text], "query")[0]
        best = np.argsort(-scores, kind="stable")[:DOCUMENT_DEPTH]
        rankings.append(rank_documents((names[row] for row in best), question.documents))
    return rankings


def _vectors(engine: Engine, texts: Sequence[str], cache: Path, progress: Progress) -> Vectors:
    content = "\0".join((engine.model.fingerprint, engine.encoder.backend, *texts))
    file = cache / f"{hashlib.sha256(content.encode()).hexdigest()[:16]}.npy"
    with suppress(OSError, ValueError):  # none yet, or a damaged one
        kept: Vectors = np.load(file, allow_pickle=False)
        return kept
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    vectors: Vectors = np.empty((len(texts), engine.snapshot.manifest.dimension), np.float32)
    for start in range(0, len(order), _STEP):
        rows = order[start : start + _STEP]
        vectors[rows] = engine.encoder.encode([texts[i] for i in rows], "document")
        progress("Embedding", start + len(rows), len(order))
    cache.mkdir(parents=True, exist_ok=True)
    content_file = io.BytesIO()
    np.save(content_file, vectors, allow_pickle=False)
    write_atomically(file, content_file.getvalue())
    return vectors
