"""The one object that answers, used alike by the command line, the service and eval."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Self

from index.chunking.tokens import Tokenizer
from index.encoding import Backend
from index.encoding.batching import Batched
from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder
from index.encoding.model import Model, find_model
from index.errors import ModelError
from index.records import Span
from index.store.manifest import Manifest
from index.store.snapshot import Snapshot, open_snapshot
from index.store.store import Store
from qa.answer.decision import judge, model_of
from qa.answer.quotes import Quote, compose, highlights
from qa.answer.rule import Rule
from qa.answer.tracing import Stopwatch, Trace, explained
from qa.question.filters import Filter
from qa.question.query import QuestionReader
from qa.read.choose import NO_READER, open_reader_if_any
from qa.read.reader import Reader
from qa.read.windows import PASSAGES, Window, windows_to_read
from qa.records import STAGES, Answer, Hit, ReaderUsed, Stage, left_out, stages_without
from qa.retrieve.filtering import Rows, rows_by_filter
from qa.retrieve.lexical import Lexicon
from qa.retrieve.near_duplicates import Families, Group
from qa.retrieve.retriever import Look, Retriever

MAX_TOP_K = 50
NEARLY = 1 / 3
"""Of the threshold: from here on, what comes nearest is highlighted, though it is no answer."""
_ONE_WINDOW = Window(0, Span(0, 6), (Span(0, 6),), "Ready.", "")


@dataclass(frozen=True, slots=True)
class Engine:
    """Answers questions from one snapshot. Immutable, and safe to share between threads.

    `reader` reads the passages that are found; None where answers do without. `threshold`, in units
    of the shown confidence, is None for that of the snapshot's calibration or, where none is in
    force, the default one; `rule` is what comes of it. `stages` are those in force. `rows_of` tells
    which passages a filter lets through.

    What finds passages works on one question at a time, in turns: many threads would only take the
    interpreter from one another at each call into a library. Encoding, the first search by vectors,
    reading and judging need no turn.
    """

    snapshot: Snapshot
    model: Model
    encoder: Encoder
    tokenizer: Tokenizer
    reader: Reader | None = None
    threshold: float | None = None
    stages: frozenset[Stage] = frozenset(STAGES)
    rule: Rule = field(init=False, repr=False)
    lexicon: Lexicon = field(init=False, repr=False)
    questions: QuestionReader = field(init=False, repr=False, compare=False)
    retriever: Retriever = field(init=False, repr=False, compare=False)
    rows_of: Callable[[Filter], Rows] = field(init=False, repr=False, compare=False)
    _turn: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rule = Rule.of(
            self.snapshot,
            model_of(self.reader).threshold,
            self.threshold,
            left_out(self.stages),
            self.reader_digest,
        )
        object.__setattr__(self, "rule", rule)
        object.__setattr__(self, "lexicon", Lexicon.of(self.snapshot))
        questions = QuestionReader(self.lexicon, self.tokenizer, self.model.max_tokens, self.stages)
        object.__setattr__(self, "questions", questions)
        retriever = Retriever(self.snapshot, self.lexicon, self.stages)
        object.__setattr__(self, "retriever", retriever)
        object.__setattr__(self, "rows_of", rows_by_filter(self.snapshot))

    @property
    def reader_digest(self) -> str:
        """The digest of the reader; "none" where there is none."""
        return self.reader.digest if self.reader else NO_READER

    @classmethod
    def open(
        cls,
        store: str | Path = ".pincite",
        *,
        model: str | None = None,
        reader: str | None = None,
        backend: Backend = "auto",
        threshold: float | None = None,
        without: Iterable[str] = (),
    ) -> Self:
        """Open the live snapshot of a store, with the model it was built with, ready to answer.

        `reader` is None or "bundled" for the one that comes with Pincite, "none" to do without, or
        the name or folder of a CrossEncoder. The stages of retrieval named in `without` are
        left out (`qa.records`). Raises StoreMissingError, StoreDamagedError, SettingsError where
        there is no such stage, and ModelError where that model or the reader is not on this
        machine, `model` names another one, or `backend` cannot be had.
        """
        stages = stages_without(without)
        target = Store(Path(store))
        manifest = target.live_manifest()
        with ThreadPoolExecutor(max_workers=2) as beside:  # all take long, mostly outside Python
            opening = beside.submit(open_snapshot, target)
            preparing = beside.submit(_reader, reader, backend)
            found = _model_of(manifest, model)
            encoder = Batched(open_encoder(found, backend))
            encoder.encode(["Ready?"], "query")  # so that no question waits for the weights
            snapshot = opening.result()
            reads = preparing.result()
        if snapshot.manifest.model_fingerprint != found.fingerprint:
            # Published meanwhile, and made with another model.
            return cls.open(
                store,
                model=model,
                reader=reader,
                backend=backend,
                threshold=threshold,
                without=without,
            )
        return cls(snapshot, found, encoder, found.tokenizer(), reads, threshold, stages)

    def ask(
        self,
        question: str,
        top_k: int = 5,
        *,
        explain: bool = False,
        filters: Filter | Mapping[str, Any] | None = None,
    ) -> Answer:
        """Answer from the documents, or abstain.

        Returns the answer with its citations and the `top_k` (1..50) best passages. With
        `filters` (docs/filters.md) all of it comes from documents that match, such as those with
        `{"author": "Jane", "year": {"gte": 2020}}`. Raises QuestionError for an empty or
        over-long question, FilterError for filters that cannot be, ValueError for a `top_k` out
        of range.
        """
        if not 1 <= top_k <= MAX_TOP_K:
            raise ValueError(f"top_k must be 1 to {MAX_TOP_K}, not {top_k}")
        return self.answer(self.trace(question, filters), top_k, explain=explain)

    def trace(self, question: str, filters: Filter | Mapping[str, Any] | None = None) -> Trace:
        """Return what is considered on the way to an answer. Raises QuestionError, FilterError."""
        watch = Stopwatch()
        question = self.questions.checked(question)
        rows = self._matching(filters)
        watch.lap("filter")
        read, corrections = self.questions.corrected(question)
        watch.lap("spelling")
        vector = self.encoder.encode([read], "query")[0]
        watch.lap("encoding")
        found_by_vectors = self.retriever.begin_by_vectors(vector, rows)
        watch.lap("vectors")
        with self._turn:
            watch.lap("turn")
            query = self.questions.query(question, read, corrections, vector)
            watch.lap("terms")
            by_words = self.retriever.first_by_words(query, rows)
            watch.lap("words")
        look = Look(found_by_vectors(), by_words)
        watch.lap("vectors")
        with self._turn:
            watch.lap("turn")
            candidates = self.retriever.candidates(query, rows, look)
            families = Families(candidates, query.coverage)
            groups = families.groups(PASSAGES)
            watch.lap("search")
            windows = windows_to_read([group.best for group in groups], query.coverage)
            watch.lap("windows")
        reading = self.reader.read(query.read, windows) if self.reader and windows else None
        watch.lap("reading")
        judged = judge(query, groups, windows, reading, self.reader, self.lexicon)
        watch.lap("judging")
        return Trace(
            query=query,
            families=families,
            considered=judged.groups,
            scores=judged.scores,
            windows=judged.windows,
            units=judged.units,
            ranked=judged.ranked,
            chosen=judged.chosen,
            evidence=judged.evidence,
            missing_names=judged.missing_names,
            score=judged.score,
            stages=self.stages,
            started=watch.started,
            stage_ms=watch.stage_ms,
        )

    def answer(self, trace: Trace, top_k: int = 5, *, explain: bool = False) -> Answer:
        """Make of a trace the answer that `ask` gives."""
        came = time.perf_counter()
        with self._turn:
            waited_ms = (time.perf_counter() - came) * 1000
            answer = self._answer(trace, top_k, explain=explain)
        turn_ms = trace.stage_ms["turn"] + waited_ms
        return replace(answer, stage_ms={**trace.stage_ms, "turn": turn_ms})

    def _answer(self, trace: Trace, top_k: int, *, explain: bool) -> Answer:
        groups = trace.groups(top_k)
        answered = bool(trace.chosen) and self.rule.allows(trace.score)
        chosen = trace.chosen if answered else ()
        confidence = self.rule.confidence(trace.score) if trace.candidates else 0.0
        nearly = confidence >= NEARLY * self.rule.threshold
        marked = trace.chosen if answered or nearly else ()
        text, spans, citations = compose(chosen, trace.families)
        return Answer(
            question=trace.query.question,
            answered=answered,
            confidence=confidence,
            text=text or None,
            spans=spans,
            citations=citations,
            hits=tuple(_hit(rank, group, trace, marked) for rank, group in enumerate(groups)),
            snapshot=self.snapshot.id,
            model=self.model.name,
            took_ms=(time.perf_counter() - trace.started) * 1000,
            calibration=self.rule.applied,
            corrections=trace.query.corrections,
            unknown_words=trace.query.unknown,
            missing_names=trace.missing_names,
            reader=ReaderUsed(self.reader.name, self.reader.digest) if self.reader else None,
            explain=explained(trace, self.rule, groups) if explain else None,
        )

    def _matching(self, filters: Filter | Mapping[str, Any] | None) -> Rows | None:
        if filters is None or filters == {}:
            return None
        return self.rows_of(filters if isinstance(filters, Filter) else Filter.parse(filters))


def _model_of(manifest: Manifest, name: str | None) -> Model:
    built_with = manifest.model_name
    model = find_model(name or built_with)
    if model.fingerprint != manifest.model_fingerprint:
        raise ModelError(
            f"The store was built by the model {built_with}, which is not {model.name} as it is "
            f"here: leave out --model, or rebuild with `pincite index --model {model.name}`."
        )
    return model


@lru_cache(maxsize=1)
def _reader(name: str | None, backend: Backend) -> Reader | None:
    """Open the reader that a setting names, and let it read once, so that no question waits.

    The last one is kept: engines that are opened one after another share it.
    """
    reader = open_reader_if_any(name, backend)
    if reader:
        reader.read("Ready?", [_ONE_WINDOW])
    return reader


def _hit(rank: int, group: Group, trace: Trace, marked: Sequence[Quote]) -> Hit:
    """Return a group as it is shown; nothing is highlighted where no quotes are `marked`."""
    best = group.best
    return Hit(
        document=best.document,
        passage=best.passage,
        score=trace.shown_score(rank, group),
        highlights=highlights(best, trace.ranked, marked),
        also_in=group.also_in,
    )
