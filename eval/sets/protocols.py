"""The ways to measure on public sets. Each indexes what it needs, asks, and returns the run."""

import hashlib
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from eval.judge import DOCUMENT_DEPTH, rank_documents
from eval.measures import RANKING, measure
from eval.records import Ranking, Run
from eval.run import evaluate
from eval.sets.beir import BeirSet, read_beir
from eval.sets.indexed import IndexedSets
from eval.sets.leave_out import cut_to_fit, far_off, leave_out
from eval.sets.spans import corpora_of, locate_spans, read_spans
from index.encoding.encoder import Vectors
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


ONE_VECTOR = "one vector a document"


def run_beir(folder: Path, split: str, sets: IndexedSets, *, one_vector: bool = False) -> Run:
    """Ask a set's questions; documents are ranked by their best passage. Raises GoldError.

    With `one_vector`, the figures of ranking by one vector a document stand beside.
    """
    whole = read_beir(folder, split)
    engine = sets.open_documents(folder, whole.documents)
    asked, notes = cut_to_fit(engine, whole.asked)
    run = evaluate(
        engine,
        asked,
        top_k=sets.settings.top_k,
        protocol="beir",
        options={"split": split},
        notes=notes,
        progress=sets.progress,
    )
    if not one_vector:
        return run
    rankings = rank_by_one_vector(engine, whole, sets.folder(folder), sets.progress)
    return _with_one_vector(run, rankings)


def run_spans(folder: Path, sets: IndexedSets) -> Run:
    """Ask the questions about texts that are pooled in one store. Raises GoldError."""
    rows = read_spans(folder)
    engine = sets.open_folder(folder, corpora_of(folder))
    documents = [each.document for each in engine.snapshot.chunked.values()]
    asked, notes = cut_to_fit(engine, locate_spans(folder, rows, documents))
    return evaluate(
        engine,
        asked,
        top_k=sets.settings.top_k,
        protocol="spans",
        notes=notes,
        progress=sets.progress,
    )


def run_abstain(folder: Path, far: Path | None, seed: int, split: str, sets: IndexedSets) -> Run:
    """Ask a set's questions when half of its documents are gone, and others. Raises GoldError."""
    whole = read_beir(folder, split)
    others = far_off(far, folder, whole, split)
    documents, mixed, notes = leave_out(whole, others, seed)
    engine = sets.open_documents(folder, documents, share=f"half-{seed}")
    asked, cut = cut_to_fit(engine, mixed)
    return evaluate(
        engine,
        asked,
        top_k=sets.settings.top_k,
        protocol="abstain",
        options={"split": split, "seed": seed, "far_off": others.name},
        notes=(*notes, *cut),
        progress=sets.progress,
    )


def _with_one_vector(run: Run, rankings: Sequence[Ranking]) -> Run:
    """Add a column with the ranking measures of other rankings of the same questions."""
    ranked = [
        replace(result, ranking=ranking)
        for result, ranking in zip(run.results, rankings, strict=True)
    ]
    return replace(run, measures={**run.measures, ONE_VECTOR: measure(ranked, RANKING)})
