"""Gold questions through an engine."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from eval.gold import GoldRow, GoldSet, resolve
from eval.judge import judge
from eval.measures import measure
from eval.offsets import check_offsets, join
from eval.records import OffsetCheck, Result, Run, Settings
from index.progress import Progress, no_progress
from qa.engine import Engine
from qa.errors import QuestionError
from qa.records import Answer
from qa.wire import AnswerJson

TOP_K = 10
_WARM_UP = "What are these documents about?"
_PACKAGES = ("pincite", "sentence-transformers", "torch", "openvino", "faiss-cpu")


def evaluate(
    engine: Engine, gold: GoldSet, *, top_k: int = TOP_K, progress: Progress = no_progress
) -> Run:
    """Ask every gold question, one after the other, and return what came of it.

    One other question is asked first: loading the model is not an answer's latency.
    Raises GoldError where the questions do not belong to the engine's documents.
    """
    documents = [chunked.document for chunked in engine.snapshot.chunked.values()]
    spans = resolve(gold, documents)
    texts = {document.id: document.text for document in documents}
    engine.ask(_WARM_UP, top_k)
    results: list[Result] = []
    checks: list[OffsetCheck] = []
    for line, row in gold.rows.items():
        answer = _ask(engine, gold, line, row, top_k)
        results.append(judge(row, spans[row.id], answer))
        checks.append(check_offsets(row.id, AnswerJson.of(answer), texts))
        progress("Asking", len(results), len(gold.rows))
    return Run(
        settings=_settings(engine, gold, top_k),
        measures={
            "tune": measure([result for result in results if result.split == "tune"]),
            "report": measure([result for result in results if result.split == "report"]),
            "all": measure(results),
        },
        offsets=join(checks),
        results=tuple(results),
    )


def _ask(engine: Engine, gold: GoldSet, line: int, row: GoldRow, top_k: int) -> Answer:
    try:
        return engine.ask(row.question, top_k)
    except QuestionError as error:
        raise gold.error(line, str(error)) from error


def _settings(engine: Engine, gold: GoldSet, top_k: int) -> Settings:
    manifest = engine.snapshot.manifest
    return Settings(
        top_k=top_k,
        threshold=engine.rule.threshold,
        model=engine.model.name,
        backend=manifest.backend,
        snapshot=engine.snapshot.id,
        documents=manifest.documents,
        passages=manifest.passages,
        gold=gold.path.name,
        gold_sha256=gold.sha256,
        python=platform.python_version(),
        machine=platform.machine(),
        processors=os.cpu_count(),
        versions={package: _version(package) for package in _PACKAGES},
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
