"""What a question with a history stands for: of its readings the one that the documents answer."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from index.recently_used import RecentlyUsed
from qa.answer.tracing import Trace
from qa.errors import QuestionError
from qa.question.filters import Filter
from qa.question.follow_up import EARLIER_READ, FollowUp, best_reading, readings
from qa.question.substitution import Likeness

_MOST_REMEMBERED = 1024
"""Questions of which the whole form is remembered, or which documents answer them."""


class Memory:
    """Whole questions by what was asked, and which documents answer them. Threads may share it."""

    def __init__(self) -> None:
        self.wholes = RecentlyUsed[tuple[str, tuple[str, ...], Filter], str](_MOST_REMEMBERED)
        self.cited = RecentlyUsed[tuple[str, Filter], frozenset[str]](_MOST_REMEMBERED)


@dataclass(frozen=True, slots=True)
class FollowUps:
    """Traces questions that lean on earlier ones.

    `traced` traces a whole question, `allows` tells whether a score is enough to answer, and
    `checked` raises QuestionError for a question that is too long to be searched for.
    """

    traced: Callable[[str, Filter], Trace]
    allows: Callable[[float], bool]
    checked: Callable[[str], str]
    likeness: Likeness
    memory: Memory

    def whole(self, question: str, filters: Filter) -> Trace:
        """Return the trace of a whole question; which documents answer it is remembered."""
        trace = self.traced(question, filters)
        self.memory.cited.get((question, filters), lambda: (_cited(trace), 1))
        return trace

    def trace(self, questions: Sequence[str], filters: Filter) -> Trace:
        """Return the trace of the first question, which comes after the others, oldest first.

        Its stage "history" is the time that its reading took, and those that were not chosen.
        """
        started = time.perf_counter()
        question, *earlier = questions
        wholes: tuple[str, ...] = ()
        for each in earlier:
            wholes = (*wholes, self._whole(each, wholes, filters))[-EARLIER_READ:]
        texts = self._readings(question, wholes)
        traces, best = self._traces(question, texts, filters, wholes[-1])
        trace = traces[best]
        took_ms = (time.perf_counter() - started) * 1000
        history_ms = max(0.0, took_ms - sum(trace.stage_ms.values()))
        follow_up = FollowUp.of(question, texts[best])
        return replace(
            trace, follow_up=follow_up, stage_ms={**trace.stage_ms, "history": history_ms}
        )

    def _whole(self, question: str, earlier: tuple[str, ...], filters: Filter) -> str:
        """Return the whole question that one stands for after whole ones.

        It is remembered: each question of a conversation comes with all those before it.
        """

        def read() -> tuple[str, int]:
            texts = self._readings(question, earlier)
            if len(texts) == 1 or not earlier:
                return texts[0], 1
            return texts[self._traces(question, texts, filters, earlier[-1])[1]], 1

        return self.memory.wholes.get((question, earlier, filters), read)

    def _readings(self, question: str, earlier: Sequence[str]) -> list[str]:
        """Return what a question may stand for, without what is too long to be searched for."""
        texts: list[str] = []
        for text in readings(question, earlier, self.likeness):
            with suppress(QuestionError):
                texts.append(self.checked(text))
        return texts or [question]

    def _traces(
        self, question: str, texts: Sequence[str], filters: Filter, before: str
    ) -> tuple[list[Trace], int]:
        """Return the traces of readings, and the number of the best, or else of the question.

        `before` is the whole question before.
        """
        traces = [self.whole(text, filters) for text in texts]
        if len(texts) == 1:
            return traces, 0
        cited = self.memory.cited.get(
            (before, filters), lambda: (_cited(self.traced(before, filters)), 1)
        )
        again = [not cited.isdisjoint(_cited(trace)) for trace in traces]
        best = best_reading([trace.score for trace in traces], again)
        if question in texts and not self.allows(traces[best].score):
            best = texts.index(question)
        return traces, best


def _cited(trace: Trace) -> frozenset[str]:
    return frozenset(quote.document.id for quote in trace.chosen)
