"""Questions through an engine."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from eval.errors import GoldError
from eval.gold import Question, QuestionSet
from eval.judge import Corpus, judge
from eval.measures import measure
from eval.options import TOP_K
from eval.records import Estimate, OffsetCheck, Part, Protocol, Result, Run, Settings
from index.progress import Progress, no_progress
from qa.answer.calibration import SCORING
from qa.engine import Engine
from qa.errors import QuestionError
from qa.formats.answer import AnswerJson, PassageJson, PlaceJson
from qa.records import left_out
from qa.verify.answer_json import span_faults

Texts = Mapping[str, str]
"""The documents' texts by their ids."""


def check_offsets(name: str, answer: AnswerJson, texts: Texts) -> OffsetCheck:
    """Compare every offset of an answer with the documents; `name` tells the answer in errors.

    Covers citations, passages, highlights, `also_in`, and the answer's spans: each equal
    to what its citations cite, and nothing but blanks between them.
    """
    checks = list(_checks(answer, texts))
    wrong = tuple(f"{name}: {what}" for what, holds in checks if not holds)
    return OffsetCheck(len(checks), wrong)


def join(checks: list[OffsetCheck]) -> OffsetCheck:
    """Return the sum of several checks."""
    wrong = tuple(each for check in checks for each in check.wrong)
    return OffsetCheck(sum(check.checked for check in checks), wrong)


def _checks(answer: AnswerJson, texts: Texts) -> Iterator[tuple[str, bool]]:
    """Yield what was looked at and whether it holds."""
    for citation in answer.citations:
        what = f"citation {citation.number}"
        start, end = citation.start_char_index, citation.end_char_index
        yield what, _stands(texts.get(citation.document_id), start, end, citation.cited_text)
        yield from _places(what, citation.also_in, texts)
    for passage in answer.passages:
        yield from _passage(passage, texts)
    yield from _answer(answer)


def _answer(answer: AnswerJson) -> Iterator[tuple[str, bool]]:
    if answer.answer is None:
        return
    cited = {citation.number: citation.cited_text for citation in answer.citations}
    for what, fault in span_faults(answer.answer.text, answer.answer.spans, cited):
        yield what, not fault


def _passage(passage: PassageJson, texts: Texts) -> Iterator[tuple[str, bool]]:
    what = f"passage {passage.rank}"
    text = texts.get(passage.document_id)
    start = passage.start_char_index
    yield what, _stands(text, start, passage.end_char_index, passage.text)
    for highlight in passage.highlights:
        words = passage.text[highlight.start : highlight.end]
        holds = highlight.start >= 0 and highlight.end <= len(passage.text)
        stands = _stands(text, start + highlight.start, start + highlight.end, words)
        yield f"{what}, highlight {highlight.start}-{highlight.end}", holds and stands
    yield from _places(what, passage.also_in, texts)


def _places(what: str, places: list[PlaceJson], texts: Texts) -> Iterator[tuple[str, bool]]:
    for number, place in enumerate(places, 1):
        start, end = place.start_char_index, place.end_char_index
        stands = _stands(texts.get(place.document_id), start, end, place.cited_text)
        yield f"{what}, also_in {number}", stands


def _stands(text: str | None, start: int, end: int, words: str) -> bool:
    """Tell whether `words`, at least one character, are what stands there in `text`."""
    if text is None or not 0 <= start < end <= len(text):
        return False
    return text[start:end] == words


_WARM_UP = "What are these documents about?"
_PACKAGES = ("pincite", "sentence-transformers", "torch", "openvino", "faiss-cpu", "ir-measures")


def evaluate(
    engine: Engine,
    asked: QuestionSet,
    *,
    top_k: int = TOP_K,
    protocol: Protocol = "gold",
    options: Mapping[str, str | int] | None = None,
    notes: Sequence[str] = (),
    progress: Progress = no_progress,
) -> Run:
    """Ask every question and return what came of it. Raises GoldError as `ask_all` does."""
    results, offsets = ask_all(engine, asked, top_k=top_k, progress=progress)
    return Run(
        settings=_settings(engine, asked, top_k, protocol, options or {}),
        measures=_by_part(results, asked.questions),
        offsets=offsets,
        results=results,
        notes=(*notes, *_notes(engine, asked)),
    )


def ask_all(
    engine: Engine, asked: QuestionSet, *, top_k: int = TOP_K, progress: Progress = no_progress
) -> tuple[tuple[Result, ...], OffsetCheck]:
    """Ask every question, one after the other, and check every offset of the answers.

    One other question is asked first: loading the model is not an answer's latency.
    Raises GoldError, naming file and line, for a question that cannot be asked.
    """
    corpus = Corpus.of(engine.snapshot)
    texts = {name: each.document.text for name, each in engine.snapshot.chunked.items()}
    ranked = max(top_k, TOP_K)  # nDCG@10 is that of ten passages, however many are shown
    engine.ask(_WARM_UP, ranked)
    results: list[Result] = []
    checks: list[OffsetCheck] = []
    for question in asked.questions:
        try:
            trace = engine.trace(question.text)
        except QuestionError as error:
            raise GoldError(f"{question.origin}: {error}") from error
        answer = engine.answer(trace, ranked)
        results.append(judge(question, corpus, trace, answer, top_k))
        checks.append(check_offsets(question.id, AnswerJson.of(answer), texts))
        progress("Asking", len(results), len(asked.questions))
    return tuple(results), join(checks)


def _by_part(
    results: Sequence[Result], questions: Sequence[Question]
) -> dict[Part, dict[str, Estimate]]:
    """Return the measures of each split and of all; of all only where there is one split."""
    splits = [part for part in ("tune", "report") if any(q.split == part for q in questions)]
    parts = {part: [r for r in results if r.split == part] for part in splits}
    by_part = {part: measure(own) for part, own in parts.items()} if len(parts) > 1 else {}
    return by_part | {"all": measure(results)}


def _notes(engine: Engine, asked: QuestionSet) -> Iterator[str]:
    calibration = engine.rule.calibration
    if calibration and calibration.gold_sha256 == asked.sha256:
        yield (
            f"The calibration in force was fitted on these questions ({asked.name}): confidence, "
            "threshold and false answers look better on them than on others."
        )


def _settings(
    engine: Engine,
    asked: QuestionSet,
    top_k: int,
    protocol: Protocol,
    options: Mapping[str, str | int],
) -> Settings:
    manifest = engine.snapshot.manifest
    return Settings(
        protocol=protocol,
        data=asked.name,
        data_sha256=asked.sha256,
        options=options,
        top_k=top_k,
        threshold=engine.rule.threshold,
        calibration=engine.rule.applied.id if engine.rule.applied else None,
        model=engine.model.name,
        model_fingerprint=engine.model.fingerprint,
        backend=engine.encoder.backend,
        scoring=SCORING,
        chunking=manifest.chunking,
        snapshot=engine.snapshot.id,
        documents=manifest.documents,
        passages=manifest.passages,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        python=platform.python_version(),
        machine=platform.machine(),
        processor=_processor(),
        processors=os.cpu_count(),
        without=left_out(engine.stages),
        reader=engine.reader.name if engine.reader else None,
        reader_digest=engine.reader.digest if engine.reader else None,
        versions={package: _version(package) for package in _PACKAGES},
    )


def _processor() -> str:
    """Return what the processor calls itself, as far as that can be told."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
