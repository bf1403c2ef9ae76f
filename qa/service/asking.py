"""Asking as the service does it, whichever protocol the question came by: counted and logged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qa.live import LiveEngine
from qa.records import Answer
from qa.service.telemetry.log_lines import logger
from qa.service.telemetry.metrics import Metrics

_log = logger()


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks the live snapshot. Safe to share between threads."""

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
        told = {"question": answer.question} if self.log_questions else {}
        _log.info(
            "question",
            answered=answer.answered,
            confidence=round(answer.confidence, 3),
            citations=len(answer.citations),
            snapshot=answer.snapshot,
            took_ms=round(answer.took_ms, 2),
            **told,
        )
        return answer
