"""The one object that answers, used alike by the command line, the service and eval.

A question takes four steps: prepare it (`qa.question`), retrieve passages (`qa.retrieve`), read
them (`qa.read`), and decide what to quote and whether to answer (`qa.answer`).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
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
from index.store import open_store
from index.store.collection import DEFAULT_COLLECTION
from index.store.location import Location, collection_at, location_of
from index.store.protocols import Snapshot
from index.store.records import Allowed, SnapshotInfo
from qa.answer.calibration import Rule
from qa.answer.decision import judge, model_of, read_windows
from qa.answer.quotes import compose, highlights
from qa.answer.tracing import Trace, explained
from qa.exhaustive.lister import Lister
from qa.follow_ups import FollowUps, Memory
from qa.question.filters import Filter, rows_by_filter
from qa.question.follow_up import checked_all
from qa.question.query import Query, checked, looked_up
from qa.question.spelling import corrected
from qa.read.reader import NO_READER, open_reader_if_any
from qa.read.reading import Reader
from qa.read.windows import PASSAGES, Window, passages_with_rows, windows_to_read
from qa.records import STAGES, Answer, Correction, Hit, ReaderUsed, Stage, left_out, stages_without
from qa.retrieve.near_duplicates import Families, Group
from qa.retrieve.retriever import Retriever

MAX_TOP_K = 50
_NEARLY = 1 / 3
"""From this share of the threshold on, the nearest quotes are highlighted, though not an answer."""
_ONE_WINDOW = Window(0, Span(0, 6), (Span(0, 6),), "Ready.", "")


@dataclass(frozen=True)
class Engine:
    """Answers questions from one snapshot. Immutable, and safe to share between threads.

    `threshold`, in units of the shown confidence, is None for that of the snapshot's calibration
    or, where none is in force, the default one. `stages` are those in force.

    The steps that are mostly Python take turns, one question at a time: threads would only take the
    interpreter from one another. Engines that share a model share the `turn`, too. Encoding, the
    first search by vectors and reading need no turn. A question is encoded while it is searched for
    by words.
    """

    snapshot: Snapshot
    model: Model
    encoder: Encoder
    tokenizer: Tokenizer
    reader: Reader | None = None
    threshold: float | None = None
    stages: frozenset[Stage] = frozenset(STAGES)
    turn: Lock = field(default_factory=Lock, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare what every question needs. Raises StoreError for an unreadable calibration."""
        _ = self.rule, self.retriever

    @classmethod
    def open(
        cls,
        store: str | Location = ".pincite",
        *,
        collection: str = DEFAULT_COLLECTION,
        model: str | None = None,
        reader: str | None = None,
        backend: Backend = "auto",
        threshold: float | None = None,
        without: Iterable[str] = (),
    ) -> Self:
        """Open the live snapshot of a store, with the model it was built with, ready to answer.

        `store` is a folder or the URL of a PostgreSQL database, `collection` one of several there.
        `reader` is None or "bundled" for the one that comes with Pincite, "none" to do without, or
        the name or folder of a CrossEncoder. `without` names stages of retrieval to leave out.
        Raises StoreMissingError and StoreDamagedError, SettingsError for an unknown stage, and
        ModelError where the model or the reader is not on this machine, `model` names another
        model, or `backend` cannot be had.
        """
        stages = stages_without(without)
        target = open_store(collection_at(location_of(store), collection))
        while True:
            info = target.live()
            with ThreadPoolExecutor(max_workers=2) as threads:
                opening = threads.submit(target.open)
                preparing = threads.submit(_ready_reader, reader, backend)
                built_with = _model_built_with(info, model)
                encoder = Batched(open_encoder(built_with, backend))
                encoder.encode(["Ready?"], "query")  # so that no question waits for the weights
                snapshot, ready_reader = opening.result(), preparing.result()
            if snapshot.info.model_fingerprint == built_with.fingerprint:
                tokenizer = built_with.tokenizer()
                return cls(
                    snapshot, built_with, encoder, tokenizer, ready_reader, threshold, stages
                )
            # Meanwhile another snapshot was published, which another model made.

    def ask(
        self,
        question: str,
        top_k: int = 5,
        *,
        explain: bool = False,
        filters: Filter | Mapping[str, Any] | None = None,
        list_all: bool = False,
        history: Sequence[str] = (),
    ) -> Answer:
        """Answer from the documents, or abstain.

        Returns the answer with its citations and the `top_k` (1..50) best passages, all of them
        from documents that match `filters`, such as `{"author": "Jane", "year": {"gte": 2020}}`
        (docs/filters.md). With `list_all`, `Answer.listing` has all quotes that answer, too.
        `history` has earlier questions, oldest first, 20 at most: what the question leaves out is
        taken from them, and `Answer.searched` tells what was searched.

        Raises QuestionError for an empty or over-long question, also in `history`, FilterError for
        filters that cannot be, ValueError for a `top_k` out of range.
        """
        if not 1 <= top_k <= MAX_TOP_K:
            raise ValueError(f"top_k must be 1 to {MAX_TOP_K}, not {top_k}")
        trace = self.trace(question, filters, history)
        answer = self.answer(trace, top_k, explain=explain)
        wanted = _filter_of(filters)
        if list_all:
            return self._with_listing(answer, trace, wanted)
        return replace(answer, more=self._lister.has_more(trace, answer, wanted))

    def trace(
        self,
        question: str,
        filters: Filter | Mapping[str, Any] | None = None,
        history: Sequence[str] = (),
    ) -> Trace:
        """Return what is considered on the way to an answer. Raises QuestionError, FilterError."""
        wanted = _filter_of(filters)
        if not history:
            return self._follow_ups.whole(question.strip(), wanted)
        limits = self.tokenizer, self.model.max_tokens
        return self._follow_ups.trace(checked_all(question, history, *limits), wanted)

    def _traced(self, question: str, filters: Filter) -> Trace:
        timer = _StageTimer()
        question, read, corrections = self._corrected(question, timer)
        with timer.stage("filter"):
            allowed = self._allowed(filters)
        encoding = self._questions.begin(read)
        with timer.turn(self.turn):
            with timer.stage("terms"):
                query = Query.of(question, read, corrections, self.snapshot)
            with timer.stage("words"):
                by_words = self.retriever.by_words(query, allowed)
        with timer.stage("encoding"):
            query = replace(query, vector=encoding.result()[0])
        with timer.stage("vectors"):
            by_vectors = self.retriever.by_vectors(query, allowed)
        with timer.turn(self.turn):
            with timer.stage("search"):
                candidates = self.retriever.candidates(query, allowed, by_vectors, by_words)
                families = Families(candidates, query.coverage)
                groups = families.groups(PASSAGES)
            with timer.stage("windows"):
                rows = passages_with_rows(candidates, families.rows_of(groups), query.coverage)
                groups = (*groups, *map(Group, rows))
                windows = windows_to_read([group.best for group in groups], query.coverage)
        with timer.stage("reading"):
            reading = self.reader.read(read, windows) if self.reader and windows else None
        with timer.turn(self.turn), timer.stage("judging"):
            seen = read_windows(query, groups, windows, reading)
            trace = judge(query, families, groups, seen, self.reader, self.snapshot)
        return replace(trace, stage_ms=timer.stage_ms)

    def answer(self, trace: Trace, top_k: int = 5, *, explain: bool = False) -> Answer:
        """Make the answer that `ask` gives of a trace."""
        timer = _StageTimer(trace.stage_ms)
        with timer.turn(self.turn), timer.stage("answer"):
            answer = self._answer(trace, top_k, explain=explain)
        took_ms = sum(timer.stage_ms.values())
        return replace(answer, took_ms=took_ms, stage_ms=timer.stage_ms)

    @cached_property
    def rule(self) -> Rule:
        """When to answer, and what confidence to show."""
        return Rule.of(
            self.snapshot,
            model_of(self.reader).threshold,
            self.threshold,
            left_out(self.stages),
            self.reader_digest,
        )

    @cached_property
    def retriever(self) -> Retriever:
        """The searches of the snapshot."""
        return Retriever(self.snapshot, self.stages)

    @cached_property
    def rows_of(self) -> Callable[[Filter], Allowed]:
        """The function from a filter to the passages that it lets through."""
        return rows_by_filter(self.snapshot)

    @cached_property
    def _lister(self) -> Lister:
        return Lister(self.snapshot, self.retriever, self.reader, self.turn)

    @cached_property
    def _questions(self) -> Batched:
        return self.encoder if isinstance(self.encoder, Batched) else Batched(self.encoder)

    @property
    def reader_digest(self) -> str:
        """The digest of the reader; "none" where there is none."""
        return self.reader.digest if self.reader else NO_READER

    @cached_property
    def _memory(self) -> Memory:
        return Memory()

    @property
    def _follow_ups(self) -> FollowUps:  # made each time: an engine that held it would hold itself
        def check(text: str) -> str:
            return checked(text, self.tokenizer, self.model.max_tokens)

        return FollowUps(self._traced, self.rule.allows, check, self._likeness, self._memory)

    def _likeness(self, text: str, others: Sequence[str]) -> Sequence[float]:
        """Return the cosines of texts with `text`."""
        vectors = self._questions.encode([text, *others], "query")
        cosines: list[float] = (vectors[1:] @ vectors[0]).tolist()
        return cosines

    def _corrected(
        self, question: str, timer: "_StageTimer"
    ) -> tuple[str, str, tuple[Correction, ...]]:
        """Return the question, as it is read, and what was corrected. Raises QuestionError."""
        tokenizer, most_tokens = self.tokenizer, self.model.max_tokens
        question = checked(question, tokenizer, most_tokens)
        self.snapshot.words.prefetch(looked_up(question))
        if "spelling" not in self.stages:
            return question, question, ()
        with timer.turn(self.turn), timer.stage("spelling"):
            return question, *corrected(question, self.snapshot, tokenizer, most_tokens)

    def _allowed(self, filters: Filter) -> Allowed | None:
        return self.rows_of(filters) if filters.conditions else None

    def _with_listing(self, answer: Answer, trace: Trace, wanted: Filter) -> Answer:
        timer = _StageTimer(answer.stage_ms)
        with timer.stage("listing"):
            allowed = self._allowed(wanted)
            listing = self._lister.listing(trace, allowed, wanted, answered=answer.answered)
        took_ms = sum(timer.stage_ms.values())
        return replace(answer, listing=listing, took_ms=took_ms, stage_ms=timer.stage_ms)

    def _answer(self, trace: Trace, top_k: int, *, explain: bool) -> Answer:
        groups, followed = trace.groups(top_k), trace.follow_up
        answered = bool(trace.chosen) and self.rule.allows(trace.score)
        confidence = self.rule.confidence(trace.score) if trace.candidates else 0.0
        nearly = confidence >= _NEARLY * self.rule.threshold
        marked = trace.chosen if answered or nearly else ()
        text, spans, citations = compose(trace.chosen if answered else (), trace.families)
        return Answer(
            question=followed.asked if followed else trace.query.question,
            answered=answered,
            confidence=confidence,
            text=text or None,
            spans=spans,
            citations=citations,
            hits=tuple(
                Hit(
                    document=group.best.document,
                    passage=group.best.passage,
                    score=trace.shown_score(rank, group),
                    highlights=highlights(group.best, trace.ranked, marked),
                    also_in=group.also_in,
                )
                for rank, group in enumerate(groups)
            ),
            snapshot=self.snapshot.id,
            model=self.model.name,
            took_ms=0.0,
            calibration=self.rule.applied,
            corrections=trace.query.corrections,
            unknown_words=trace.query.unknown,
            missing_names=trace.missing_names,
            searched=followed.searched if followed else None,
            carried_over=followed.carried_over if followed else (),
            reader=ReaderUsed(self.reader.name, self.reader.digest) if self.reader else None,
            explain=explained(trace, self.rule, groups, self.stages) if explain else None,
        )


def _filter_of(filters: Filter | Mapping[str, Any] | None) -> Filter:
    return (
        filters if isinstance(filters, Filter) else Filter.parse({} if filters is None else filters)
    )


class _StageTimer:
    """Adds up how many milliseconds each stage of a question takes."""

    def __init__(self, stage_ms: Mapping[str, float] | None = None) -> None:
        self.stage_ms = dict(stage_ms or {})

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        started = time.perf_counter()
        try:
            yield
        finally:
            took_ms = (time.perf_counter() - started) * 1000
            self.stage_ms[name] = self.stage_ms.get(name, 0.0) + took_ms

    @contextmanager
    def turn(self, lock: Lock) -> Iterator[None]:
        """Wait for the turn, as the stage "turn", and hold it."""
        started = time.perf_counter()
        with lock:
            waited_ms = (time.perf_counter() - started) * 1000
            self.stage_ms["turn"] = self.stage_ms.get("turn", 0.0) + waited_ms
            yield


def _model_built_with(info: SnapshotInfo, name: str | None) -> Model:
    built_with = info.model_name
    model = find_model(name or built_with)
    if model.fingerprint != info.model_fingerprint:
        raise ModelError(
            f"The store was built by the model {built_with}, which is not {model.name} as it is "
            f"here: leave out --model, or rebuild with `pincite index --model {model.name}`."
        )
    return model


@lru_cache(maxsize=1)
def _ready_reader(name: str | None, backend: Backend) -> Reader | None:
    """Open the reader that a setting names, and let it read once, so that no question waits."""
    reader = open_reader_if_any(name, backend)
    if reader:
        reader.read("Ready?", [_ONE_WINDOW])
    return reader
