"""Answers for every protocol of the service, counted and logged."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from qa.engine import Engine
from qa.errors import QuestionError
from qa.formats.answer import answer_json
from qa.live import LiveEngine
from qa.records import Answer
from qa.service.logs import logger
from qa.service.metrics import Metrics

_log = logger()


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers from the live snapshot. Safe to share between threads."""

    live: LiveEngine
    metrics: Metrics
    log_questions: bool = False

    def ask(
        self,
        question: str,
        top_k: int = 5,
        *,
        explain: bool = False,
        filters: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Answer from the documents, or abstain. Raises QuestionError, FilterError."""
        answer = self.live.current().ask(question, top_k, explain=explain, filters=filters)
        self.metrics.count_answer(answer)
        _log.info(
            "question",
            answered=answer.answered,
            confidence=round(answer.confidence, 3),
            citations=len(answer.citations),
            snapshot=answer.snapshot,
            took_ms=round(answer.took_ms, 2),
            **({"question": answer.question} if self.log_questions else {}),
        )
        return answer


def warm_up(engine: Engine) -> None:
    """Load what answering needs, by two questions, the second with words of the documents."""
    nearest = engine.ask("What is this about, and why?").hits
    if nearest:
        words = nearest[0].passage.span.of(nearest[0].document.text)[:100]
        with suppress(QuestionError):  # some scripts have more tokens than characters
            answer_json(engine.ask(words))
