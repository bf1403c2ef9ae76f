"""The one object that answers, used alike by the command line, the service and eval."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from index.backends import Backend
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
from qa.errors import QuestionError
from qa.evidence import choose, compose, highlights, quotes
from qa.pool import gather
from qa.records import Answer, Hit
from qa.tracing import Trace, explained

MAX_QUESTION_CHARS = 2000
MAX_TOP_K = 50
EVIDENCE_PASSAGES = 5
"""Passages an answer is drawn from, whatever `top_k`: asking for more must not change it."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Answers questions from one snapshot. Immutable, and safe to share between threads.

    `threshold`, in units of the shown confidence, is None for that of the snapshot's
    calibration or, where none is in force, the default one; `rule` is what comes of it.
    """

    snapshot: Snapshot
    model: Model
    encoder: Encoder
    tokenizer: Tokenizer
    threshold: float | None = None
    rule: Rule = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", Rule.of(self.snapshot, self.threshold))

    @classmethod
    def open(
        cls,
        store: str | Path = ".pincite",
        *,
        model: str | None = None,
        backend: Backend = "auto",
        threshold: float | None = None,
    ) -> Self:
        """Open the live snapshot of a store, with the model it was built with, ready to answer.

        Raises StoreMissingError, StoreDamagedError, and ModelError where that model is not
        on this machine, `model` names another one, or `backend` cannot be had.
        """
        target = Store(Path(store))
        manifest = target.live_manifest()
        with ThreadPoolExecutor(max_workers=1) as beside:  # both take long, mostly outside Python
            opening = beside.submit(open_snapshot, target)
            found = _model_of(manifest, model)
            encoder = open_encoder(found, backend)
            encoder.encode(["Ready?"], "query")  # so that no question waits for the weights
            snapshot = opening.result()
        if snapshot.manifest.model_fingerprint != found.fingerprint:
            # Published meanwhile, and made with another model.
            return cls.open(store, model=model, backend=backend, threshold=threshold)
        return cls(snapshot, found, encoder, found.tokenizer(), threshold)

    def ask(self, question: str, top_k: int = 5, *, explain: bool = False) -> Answer:
        """Answer from the documents, or abstain.

        Returns the answer with its citations and the `top_k` (1..50) best passages.
        Raises QuestionError for an empty or over-long question, ValueError for a `top_k`
        out of range.
        """
        if not 1 <= top_k <= MAX_TOP_K:
            raise ValueError(f"top_k must be 1 to {MAX_TOP_K}, not {top_k}")
        return self.answer(self.trace(question), top_k, explain=explain)

    def trace(self, question: str) -> Trace:
        """Return what is considered on the way to an answer. Raises QuestionError."""
        started = time.perf_counter()
        question = self._checked(question)
        vector = self.encoder.encode([question], "query")[0]
        pool = gather(self.snapshot, vector, MAX_TOP_K)
        ranked = quotes(pool.groups[:EVIDENCE_PASSAGES])
        return Trace(
            question=question,
            vector=vector,
            pool=pool,
            ranked=tuple(ranked),
            chosen=tuple(choose(ranked, pool.repetitions)),
            score=best_score(ranked),
            started=started,
        )

    def answer(self, trace: Trace, top_k: int = 5, *, explain: bool = False) -> Answer:
        """Make of a trace the answer that `ask` gives."""
        pool = trace.pool
        answered = self.rule.allows(trace.score)
        chosen = trace.chosen if answered else ()
        text, spans, citations = compose(chosen, pool.groups, pool.repetitions)
        return Answer(
            question=trace.question,
            answered=answered,
            confidence=self.rule.confidence(trace.score),
            text=text or None,
            spans=spans,
            citations=citations,
            hits=tuple(_hit(group) for group in pool.groups[:top_k]),
            snapshot=self.snapshot.id,
            model=self.model.name,
            took_ms=(time.perf_counter() - trace.started) * 1000,
            calibration=self.rule.applied,
            explain=explained(trace, self.rule) if explain else None,
        )

    def _checked(self, question: str) -> str:
        question = question.strip()
        if not question:
            raise QuestionError("The question is empty: say what you want to know.")
        if not question.isascii() and any("\ud800" <= c <= "\udfff" for c in question):
            raise QuestionError("The question is not valid Unicode: it holds half a character.")
        if len(question) > MAX_QUESTION_CHARS:
            raise QuestionError(
                f"The question has {len(question)} characters; shorten it to "
                f"{MAX_QUESTION_CHARS} at most."
            )
        tokens = len(self.tokenizer.tokens(question))
        if tokens > self.model.max_tokens:
            raise QuestionError(
                f"The question has {tokens} tokens and the model reads {self.model.max_tokens}: "
                "shorten it."
            )
        return question


def _model_of(manifest: Manifest, name: str | None) -> Model:
    built_with = manifest.model_name
    model = find_model(name or built_with)
    if model.fingerprint != manifest.model_fingerprint:
        raise ModelError(
            f"The store was built by the model {built_with}, which is not {model.name} as it is "
            f"here: leave out --model, or rebuild with `pincite index --model {model.name}`."
        )
    return model


def _hit(group: Group) -> Hit:
    best = group.best
    return Hit(
        document=best.document,
        passage=best.passage,
        score=best.score,
        highlights=highlights(best),
        also_in=group.also_in,
    )
