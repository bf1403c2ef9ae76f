"""The ways to measure on public sets. Each indexes what it needs, asks, and returns the run."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.measures import RANKING, measure
from eval.records import Ranking, Run
from eval.run import evaluate
from eval.sets.beir import read_beir
from eval.sets.indexed import IndexedSets
from eval.sets.leave_out import far_off, leave_out
from eval.sets.one_vector import rank_by_one_vector
from eval.sets.readable import cut_to_fit
from eval.sets.spans import corpora_of, locate_spans, read_spans

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
