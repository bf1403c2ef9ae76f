"""Gold questions through an engine: every answer judged, every offset checked, then measured."""

import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from eval.gold import GoldError, Question, QuestionSet
from eval.judge import Corpus, judge
from eval.measures import measure
from eval.records import Estimate, OffsetCheck, Part, Protocol, Result, Run, Settings, Written
from index.progress import Progress, no_progress
from qa.answer.calibration import SCORING
from qa.engine import Engine
from qa.errors import QuestionError
from qa.formats.answer import AnswerJson
from qa.formats.cited import PlaceJson
from qa.records import Answer, left_out
from qa.verify.answer_json import span_faults

if TYPE_CHECKING:
    from qa.written.writing import AnswerWriter

TOP_K = 10
"""How many passages are looked at, and ranked."""

_WARM_UP = "What are these documents about?"
_PACKAGES = ("pincite", "sentence-transformers", "torch", "openvino", "faiss-cpu", "ir-measures")


def evaluate(
    engine: Engine,
    asked: QuestionSet,
    *,
    top_k: int = TOP_K,
    writer: "AnswerWriter | None" = None,
    protocol: Protocol = "gold",
    options: Mapping[str, str | int] | None = None,
    notes: Sequence[str] = (),
    progress: Progress = no_progress,
) -> Run:
    """Ask every question and measure the answers. Raises GoldError as `ask_all` does.

    A `writer` writes each answer.
    """
    results, offsets = ask_all(engine, asked, top_k=top_k, writer=writer, progress=progress)
    settings = _settings(engine, asked, top_k, protocol, options or {})
    return Run(
        settings=replace(settings, writer=writer.model if writer else None),
        measures=_by_part(results, asked.questions),
        offsets=offsets,
        results=results,
        notes=(*notes, *_notes(engine, asked)),
    )


def ask_all(
    engine: Engine,
    asked: QuestionSet,
    *,
    top_k: int = TOP_K,
    writer: "AnswerWriter | None" = None,
    progress: Progress = no_progress,
) -> tuple[tuple[Result, ...], OffsetCheck]:
    """Ask every question, one after the other, and check every offset of the answers.

    Raises GoldError, naming file and line, for a question that cannot be asked.
    """
    corpus = Corpus.of(engine.snapshot)
    texts = {chunked.document.id: chunked.document.text for chunked in engine.snapshot.documents()}
    ranked = max(top_k, TOP_K)  # nDCG@10 is that of ten passages, however many are shown
    engine.ask(_WARM_UP, ranked)  # loading the model is not an answer's latency
    results: list[Result] = []
    checks: list[OffsetCheck] = []
    for question in asked.questions:
        try:
            trace = engine.trace(question.text)
        except QuestionError as error:
            raise GoldError(f"{question.origin}: {error}") from error
        answer = engine.answer(trace, ranked)
        result = judge(question, corpus, trace, answer, top_k)
        checks.append(check_offsets(question.id, AnswerJson.of(answer), texts))
        if writer:
            written, check = _write(question, writer, answer, texts)
            result = replace(result, written=written)
            checks.append(check)
        results.append(result)
        progress("Asking", len(results), len(asked.questions))
    wrong = tuple(fault for check in checks for fault in check.wrong)
    return tuple(results), OffsetCheck(sum(check.checked for check in checks), wrong)


def _write(
    question: Question, writer: "AnswerWriter", answer: Answer, texts: Mapping[str, str]
) -> tuple[Written | None, OffsetCheck]:
    from eval.written import judge_written, offsets_of

    answer = writer.written(answer)
    return (
        judge_written(question, answer, writer.checker, texts),
        _checked(question.id, offsets_of(answer.written, texts) if answer.written else ()),
    )


def check_offsets(name: str, answer: AnswerJson, texts: Mapping[str, str]) -> OffsetCheck:
    """Compare every offset of an answer with the documents; errors call the answer `name`.

    These are the offsets of citations, passages, highlights and `also_in`, and the answer's spans,
    each of which must equal what its citations cite. `texts` has the documents' texts by id.
    """
    return _checked(name, _checks(answer, texts))


def _checked(name: str, offsets: Iterable[tuple[str, bool]]) -> OffsetCheck:
    checks = list(offsets)
    return OffsetCheck(len(checks), tuple(f"{name}: {what}" for what, holds in checks if not holds))


def _checks(answer: AnswerJson, texts: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    for citation in answer.citations:
        what = f"citation {citation.number}"
        start, end = citation.start_char_index, citation.end_char_index
        yield what, _stands(texts.get(citation.document_id), start, end, citation.cited_text)
        yield from _check_copies(what, citation.also_in, texts)
    for passage in answer.passages:
        what, text = f"passage {passage.rank}", texts.get(passage.document_id)
        start = passage.start_char_index
        yield what, _stands(text, start, passage.end_char_index, passage.text)
        for highlight in passage.highlights:
            words = passage.text[highlight.start : highlight.end]
            within = highlight.start >= 0 and highlight.end <= len(passage.text)
            holds = within and _stands(text, start + highlight.start, start + highlight.end, words)
            yield f"{what}, highlight {highlight.start}-{highlight.end}", holds
        yield from _check_copies(what, passage.also_in, texts)
    if answer.answer:
        cited = {citation.number: citation.cited_text for citation in answer.citations}
        for what, fault in span_faults(answer.answer.text, answer.answer.spans, cited):
            yield what, not fault


def _check_copies(
    what: str, also_in: list[PlaceJson], texts: Mapping[str, str]
) -> Iterator[tuple[str, bool]]:
    for number, place in enumerate(also_in, 1):
        start, end = place.start_char_index, place.end_char_index
        holds = _stands(texts.get(place.document_id), start, end, place.cited_text)
        yield f"{what}, also_in {number}", holds


def _stands(text: str | None, start: int, end: int, words: str) -> bool:
    """Tell whether `words`, at least one character, are what stands there in `text`."""
    return text is not None and 0 <= start < end <= len(text) and text[start:end] == words


def _by_part(
    results: Sequence[Result], questions: Sequence[Question]
) -> dict[Part, dict[str, Estimate]]:
    """Return the measures of all, and of each split where there are two."""
    by_part = {"all": measure(results)}
    if len({question.split for question in questions}) > 1:
        splits = ("tune", "report")
        by_part = {s: measure([r for r in results if r.split == s]) for s in splits} | by_part
    return by_part


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
    info = engine.snapshot.info
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
        chunking=info.made_by.chunking,
        snapshot=engine.snapshot.id,
        documents=info.documents,
        passages=info.passages,
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
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
