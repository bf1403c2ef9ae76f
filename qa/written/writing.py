"""A language model writes an answer, and each sentence is checked before anybody sees it."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from index.structure.wording import is_lead_in, leans_back
from qa.errors import WriterError
from qa.records import (
    Answer,
    Check,
    Citation,
    DroppedSentence,
    WrittenAnswer,
    WrittenSentence,
)
from qa.written.cancellation import Cancellation
from qa.written.endpoint import Endpoint
from qa.written.prompt import messages
from qa.written.sentences import Draft, declines, drafts
from qa.written.sources import Source, sources_of
from qa.written.support import Checker, Evidence

Event = WrittenSentence | DroppedSentence | WrittenAnswer
_MOST_REPEATS = 3


@dataclass(frozen=True, slots=True)
class AnswerWriter:
    """Has answers written. Safe to share between threads."""

    endpoint: Endpoint
    checker: Checker
    clock: Callable[[], float] = time.perf_counter

    @property
    def model(self) -> str:
        """The language model's name; "" for the first that its server lists."""
        return self.endpoint.model

    def written(self, answer: Answer, history: Sequence[str] = ()) -> Answer:
        """Return the answer with what was written of it; as it is if it abstains."""
        *_, last = None, *self.write(answer, history)
        return replace(answer, written=last) if isinstance(last, WrittenAnswer) else answer

    def write(
        self,
        answer: Answer,
        history: Sequence[str] = (),
        cancellation: Cancellation | None = None,
    ) -> Generator[Event]:
        """Yield each sentence once it is checked, and at the end the whole.

        `history` are earlier questions, oldest first. Nothing is yielded for an answer that
        abstains: the model is not asked. Whatever the model's server does, the end comes and says
        so. Close the iterator to stop the model. After a `cancellation` from another thread the end
        comes at once.
        """
        if not answer.answered:
            return
        endpoint, ended = self.endpoint, ""
        cancellation = cancellation or Cancellation()
        run = _Run(self.checker, self.clock, sources_of(answer), self.clock())
        asked = messages(answer.whole_question, run.sources, history)
        try:
            endpoint = endpoint.resolved(cancellation)
            with closing(endpoint.stream(asked, cancellation)) as pieces:
                for draft in drafts(pieces):
                    cancellation.check()
                    if event := run.event(draft):
                        yield event
                    if run.repeats >= _MOST_REPEATS:
                        ended = "The language model began to repeat itself."
                        break
        except WriterError as error:
            ended = str(error)
        if not ended and not run.drafted:
            ended = "The language model wrote nothing."
        yield run.whole(endpoint.model, ended)


@dataclass(slots=True)
class _Run:
    """What was written so far of one answer."""

    checker: Checker
    clock: Callable[[], float]
    sources: tuple[Source, ...]
    started: float
    sentences: list[WrittenSentence] = field(default_factory=list)
    dropped: list[DroppedSentence] = field(default_factory=list)
    drafted: set[str] = field(default_factory=set)
    citations: dict[tuple[str, int, int], Citation] = field(default_factory=dict)
    has_antecedent: bool = True
    declined: bool = False
    repeats: int = 0
    first_sentence_ms: float | None = None

    def event(self, draft: Draft) -> WrittenSentence | DroppedSentence | None:
        """Check a draft; return None if it says nothing new, or that nothing is said."""
        if draft.text in self.drafted:
            self.repeats += 1
            return None
        self.drafted.add(draft.text)
        outcome = self._checked(draft)
        self.has_antecedent = not isinstance(outcome, Check)
        if isinstance(outcome, Check):
            if declines(draft.text):
                self.declined = True
                return None
            dropped = DroppedSentence(draft.text, outcome)
            self.dropped.append(dropped)
            return dropped
        if self.first_sentence_ms is None:
            self.first_sentence_ms = self._passed_ms()
        sentence = WrittenSentence(draft.text, self._cited(outcome), outcome.support)
        self.sentences.append(sentence)
        return sentence

    def whole(self, model: str, ended: str) -> WrittenAnswer:
        """Return all of it."""
        return WrittenAnswer(
            model=model,
            sentences=tuple(self.sentences),
            dropped=tuple(self.dropped),
            ended=ended,
            declined=self.declined,
            first_sentence_ms=self.first_sentence_ms,
            took_ms=self._passed_ms(),
        )

    def _checked(self, draft: Draft) -> Evidence | Check:
        if is_lead_in(draft.text):
            return Check("support", "It only announces what follows.")
        if draft.text.endswith("?"):
            return Check("support", "It is a question.")
        if leans_back(draft.text) and not self.has_antecedent:
            return Check("support", "It leans on a sentence that is not shown.")
        by_number = {source.number: source for source in self.sources}
        missing = [number for number in draft.sources if number not in by_number]
        if missing:
            return Check("source", f"There is no passage {missing[0]}.")
        named = [by_number[number] for number in draft.sources] or self.sources
        return self.checker.check(draft.text, named)

    def _cited(self, evidence: Evidence) -> tuple[Citation, ...]:
        """Return the citations of what a sentence rests on; the same place has one number."""
        cited: list[Citation] = []
        for source, window in evidence.windows:
            for part in window.parts:
                key = source.document.id, part.start, part.end
                if key not in self.citations:
                    number = len(self.citations) + 1
                    self.citations[key] = Citation(
                        number, source.document, source.heading_path, part.start, part.end
                    )
                cited.append(self.citations[key])
        return tuple({each.number: each for each in cited}.values())

    def _passed_ms(self) -> float:
        return (self.clock() - self.started) * 1000
