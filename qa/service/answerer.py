"""Answering as the service does it, whichever protocol a question comes by: counted and logged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qa.engine import Engine
from qa.errors import QuestionError
from qa.formats.answer import answer_json
from qa.live import LiveEngine
from qa.records import Answer
from qa.service.logs import logger
from qa.service.metrics import Metrics

_WARM_UP = "What is this about, and why?"
_MOST_CHARACTERS = 100

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
    """Ask `engine` twice, the second time with words of the documents.

    The first question of a user then finds everything loaded. Nothing is counted or logged.
    """
    nearest = engine.ask(_WARM_UP).hits
    if not nearest:
        return
    passage, text = nearest[0].passage, nearest[0].document.text
    words = text[passage.start : min(passage.end, passage.start + _MOST_CHARACTERS)]
    try:
        answer_json(engine.ask(words))
    except QuestionError:
        return  # some scripts have more tokens than characters
