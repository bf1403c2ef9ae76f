"""The one object that answers, used alike by the command line, the service and eval."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any, Self

from index.backends import Backend
from index.backends.batching import Batched
from index.backends.choose import open_encoder
from index.encoder import Encoder
from index.errors import ModelError
from index.manifest import Manifest
from index.model import Model, find_model
from index.snapshot import Snapshot, open_snapshot
from index.store import Store
from index.tokens import Tokenizer
from qa.abstention import Rule, best_score
from qa.duplicates import Group
from qa.evidence import choose, compose, highlights, quotes
from qa.filters import Filter
from qa.lexical import Lexicon
from qa.matching import Rows, rows_by_filter
from qa.pool import Finder, Look
from qa.query import Query
from qa.question_reader import QuestionReader
from qa.records import Answer, Hit
from qa.stages import STAGES, Stage, left_out, stages_without
from qa.support import supported
from qa.tracing import Stopwatch, Trace, explained

MAX_TOP_K = 50
EVIDENCE_PASSAGES = 5
"""Passages an answer is drawn from, whatever `top_k`: asking for more must not change it."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Answers questions from one snapshot. Immutable, and safe to share between threads.

    `threshold`, in units of the shown confidence, is None for that of the snapshot's
    calibration or, where none is in force, the default one; `rule` is what comes of it. `stages`
    are those in force. `rows_of` tells which passages a filter lets through.

    From its terms to its answer, a question is worked on by one thread at a time, in turns: many
    would only take the interpreter from one another, at each call into a library. Encoding, and
    the first search by vectors, need no turn.
    """

    snapshot: Snapshot
    model: Model
    encoder: Encoder
    tokenizer: Tokenizer
    threshold: float | None = None
    stages: frozenset[Stage] = frozenset(STAGES)
    rule: Rule = field(init=False, repr=False)
    lexicon: Lexicon = field(init=False, repr=False)
    reader: QuestionReader = field(init=False, repr=False, compare=False)
    finder: Finder = field(init=False, repr=False, compare=False)
    rows_of: Callable[[Filter], Rows] = field(init=False, repr=False, compare=False)
    _turn: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "rule", Rule.of(self.snapshot, self.threshold, left_out(self.stages))
        )
        object.__setattr__(self, "lexicon", Lexicon.of(self.snapshot))
        object.__setattr__(
            self,
            "reader",
            QuestionReader(self.lexicon, self.tokenizer, self.model.max_tokens, self.stages),
        )
        finder = Finder(self.snapshot, self.lexicon, self.stages)
        object.__setattr__(self, "finder", finder)
        object.__setattr__(self, "rows_of", rows_by_filter(self.snapshot))

    @classmethod
    def open(
        cls,
        store: str | Path = ".pincite",
        *,
        model: str | None = None,
        backend: Backend = "auto",
        threshold: float | None = None,
        without: Iterable[str] = (),
    ) -> Self:
        """Open the live snapshot of a store, with the model it was built with, ready to answer.

        The stages of retrieval named in `without` are left out (`qa.stages`). Raises
        StoreMissingError, StoreDamagedError, SettingsError where there is no such stage, and
        ModelError where that model is not on this machine, `model` names another one, or
        `backend` cannot be had.
        """
        stages = stages_without(without)
        target = Store(Path(store))
        manifest = target.live_manifest()
        with ThreadPoolExecutor(max_workers=1) as beside:  # both take long, mostly outside Python
            opening = beside.submit(open_snapshot, target)
            found = _model_of(manifest, model)
            encoder = Batched(open_encoder(found, backend))
            encoder.encode(["Ready?"], "query")  # so that no question waits for the weights
            snapshot = opening.result()
        if snapshot.manifest.model_fingerprint != found.fingerprint:
            # Published meanwhile, and made with another model.
            return cls.open(
                store, model=model, backend=backend, threshold=threshold, without=without
            )
        return cls(snapshot, found, encoder, found.tokenizer(), threshold, stages)

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
        question = self.reader.checked(question)
        rows = self._matching(filters)
        watch.lap("filter")
        read, corrections = self.reader.corrected(question)
        watch.lap("spelling")
        vector = self.encoder.encode([read], "query")[0]
        watch.lap("encoding")
        found_by_vectors = self.finder.begin_by_vectors(vector, rows)
        watch.lap("vectors")
        with self._turn:
            watch.lap("turn")
            query = self.reader.query(question, read, corrections, vector)
            watch.lap("terms")
            by_words = self.finder.first_by_words(query, rows)
            watch.lap("words")
        look = Look(found_by_vectors(), by_words)
        watch.lap("vectors")
        with self._turn:
            watch.lap("turn")
            pool = self.finder.gather(query, rows, look)
            watch.lap("search")
            evidence = tuple(_supported(each, query) for each in pool.groups(EVIDENCE_PASSAGES))
            ranked = quotes(evidence)
            chosen = tuple(choose(ranked, pool.repetitions))
            watch.lap("evidence")
        return Trace(
            query=query,
            pool=pool,
            evidence=evidence,
            ranked=tuple(ranked),
            chosen=chosen,
            score=best_score(ranked),
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
        groups = trace.evidence[:top_k]
        if top_k > len(trace.evidence):
            further = trace.pool.groups(top_k)[len(groups) :]
            groups += tuple(_supported(group, trace.query) for group in further)
        answered = self.rule.allows(trace.score)
        chosen = trace.chosen if answered else ()
        text, spans, citations = compose(chosen, trace.evidence, trace.pool.repetitions)
        return Answer(
            question=trace.query.question,
            answered=answered,
            confidence=trace.confidence(self.rule),
            text=text or None,
            spans=spans,
            citations=citations,
            hits=tuple(_hit(group, trace) for group in groups),
            snapshot=self.snapshot.id,
            model=self.model.name,
            took_ms=(time.perf_counter() - trace.started) * 1000,
            calibration=self.rule.applied,
            corrections=trace.query.corrections,
            unknown_words=trace.query.unknown,
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


def _supported(group: Group, query: Query) -> Group:
    return Group(supported(group.best, query), group.duplicates, group.also_in)


def _hit(group: Group, trace: Trace) -> Hit:
    """Return what is shown of a group: what would be quoted of it is highlighted, too."""
    best = group.best
    of_best = (quote for quote in trace.chosen if quote.key.passage_id == best.passage.id)
    quoted = [sentence for quote in of_best for sentence in quote.sentences]
    return Hit(
        document=best.document,
        passage=best.passage,
        score=best.score * trace.score,
        highlights=highlights(best, trace.score, quoted) if trace.score else (),
        also_in=group.also_in,
    )
