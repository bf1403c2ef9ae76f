"""Answers for every protocol of the service, counted and logged."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.records import Span
from index.store.collection import DEFAULT_COLLECTION
from qa.engine import Engine
from qa.errors import QuestionError
from qa.formats.answer import answer_json
from qa.live import LiveEngine
from qa.question.spelling import dictionary
from qa.read.windows import Window
from qa.records import Answer, WrittenAnswer
from qa.service.logs import logger
from qa.service.metrics import Metrics

if TYPE_CHECKING:
    from qa.written.writing import AnswerWriter

_log = logger()


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers from the live snapshot. Safe to share between threads."""

    live: LiveEngine
    metrics: Metrics
    log_questions: bool = False
    collection: str = DEFAULT_COLLECTION

    def ask(
        self,
        question: str,
        top_k: int = 5,
        *,
        explain: bool = False,
        filters: Mapping[str, Any] | None = None,
        list_all: bool = False,
        history: Sequence[str] = (),
    ) -> Answer:
        """Answer from the documents, or abstain. Raises QuestionError, FilterError."""
        answer = self.live.current().ask(
            question, top_k, explain=explain, filters=filters, list_all=list_all, history=history
        )
        self.metrics.count_answer(answer, self.collection)
        _log.info(
            "question",
            answered=answer.answered,
            confidence=round(answer.confidence, 3),
            citations=len(answer.citations),
            snapshot=answer.snapshot,
            took_ms=round(answer.took_ms, 2),
            **({"listed": len(answer.listing.quotes)} if answer.listing else {}),
            **({"question": answer.question} if self.log_questions else {}),
        )
        return answer

    def note_written(self, written: WrittenAnswer) -> None:
        """Count and log what a language model wrote."""
        self.metrics.count_written(written, self.collection)
        _log.info(
            "written",
            model=written.model,
            shown=len(written.sentences),
            dropped=len(written.dropped),
            declined=written.declined,
            ended=written.ended or None,
            first_sentence_ms=written.first_sentence_ms and round(written.first_sentence_ms, 2),
            took_ms=round(written.took_ms, 2),
        )


_LENGTHS = (8, 40, 72, 104, 136)
"""Words of texts that get the different lengths that a reader's inputs are padded to."""
_QUESTIONS = 2
"""So many of these lengths may questions have that are encoded together."""


def warm_up(engine: Engine, writer: "AnswerWriter | None" = None) -> None:
    """Load what answering needs: words, models for texts of all lengths, then two whole questions.

    OpenVINO builds kernels for each shape of inputs. The second question is in words of a document.
    Of a `writer` only what checks sentences is loaded; its language model is not asked.
    """
    dictionary()
    reader = engine.reader
    for number, words in enumerate(_LENGTHS):
        text = "word " * words
        if number < _QUESTIONS:
            engine.encoder.encode([text] * 7, "query")  # in batches of four, two and one
        span = Span(0, len(text))
        windows = [Window(0, span, (span,), text, "")] * 7
        if reader and reader.backend.startswith("openvino-"):
            reader.read("Why?", windows)
        if writer:
            writer.checker.support("Why?", windows)
    nearest = engine.ask("What is this about, and why?").hits
    if nearest:
        words_of_documents = nearest[0].passage.span.of(nearest[0].document.text)[:100]
        with suppress(QuestionError):  # some scripts have more tokens than characters
            answer_json(engine.ask(words_of_documents))
