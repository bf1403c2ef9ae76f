"""`POST /v1/feedback`: whether an answer was of help, kept for whoever runs the service."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, HTTPException
from pydantic import ConfigDict, Field, field_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from index.errors import StoreError
from index.feedback import Feedback, FeedbackFolder, FeedbackFullError, RatedQuote
from index.store import Store
from qa.engine import MAX_QUESTION_CHARS
from qa.service.problems import problem_responses
from qa.wire import WireModel

MAX_QUOTE_CHARS = 8000
_FULL = "No more feedback is taken until whoever runs this service has looked through it."
_NOT_WRITTEN = "The feedback cannot be kept just now: its disk is full or may not be written to."

_log = logging.getLogger("pincite")


class RatedQuoteJson(WireModel):
    """A citation of the answer; its further fields may be given, and are passed over."""

    model_config = ConfigDict(extra="ignore")

    document_id: str = Field(min_length=1, max_length=200, description="The document's id.")
    cited_text: str = Field(
        min_length=1, max_length=MAX_QUOTE_CHARS, description="The words that were cited."
    )
    start_char_index: int = Field(
        ge=0, description="Code points from the start of the document's text."
    )
    end_char_index: int = Field(ge=0, description="End, exclusive.")


_EXAMPLE: JsonDict = {
    "question": "why do I get pimples after microneedling",
    "helpful": True,
    "answered": True,
    "citations": [
        {
            "document_id": "seeds-000-6552478e434a9112-txt-5f45df46dd",
            "cited_text": "One of the primary reasons for pimples appearing after microneedling is "
            "the body's natural response to the micro-injuries.",
            "start_char_index": 4802,
            "end_char_index": 4924,
        }
    ],
}


class FeedbackBody(WireModel):
    """What somebody says of an answer, or of an abstention."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    question: str = Field(
        max_length=MAX_QUESTION_CHARS,
        description="The question, as it was asked.",
        json_schema_extra={"pattern": r"\S"},
    )
    helpful: bool = Field(description="Thumb up or down.")
    answered: bool | None = Field(default=None, description="The answer's `answered`.")
    snapshot: str | None = Field(
        default=None, max_length=100, description="The answer's `snapshot`."
    )
    citations: list[RatedQuoteJson] = Field(
        default=[],
        max_length=20,
        description="The answer's `citations`: those of a helpful answer can become gold quotes.",
    )
    comment: str | None = Field(
        default=None, max_length=2000, description="For whoever runs the service."
    )

    @field_validator("question")
    @classmethod
    def _is_not_blank(cls, question: str) -> str:
        if not question.strip():
            raise PydanticCustomError("blank", "it is empty; give the question that was asked")
        return question


class FeedbackJson(WireModel):
    """That it was kept."""

    id: str = Field(description="What it is called in `pincite feedback list`.")
    created: str = Field(description="ISO 8601, UTC.")


def add_feedback_route(app: FastAPI, store: Store) -> None:
    """Let answers be rated; what is said is kept in `store`."""
    folder = FeedbackFolder(store.folder)

    @app.post(
        "/v1/feedback",
        status_code=HTTPStatus.CREATED,
        responses=problem_responses(400, 403, 413, 422, 503, 507),
    )
    def rate(body: FeedbackBody) -> FeedbackJson:
        """Say whether an answer was of help. It is on the disk when the call returns."""
        entry = Feedback.new(
            body.question.strip(),
            helpful=body.helpful,
            answered=body.answered,
            snapshot=body.snapshot or "",
            citations=[_quote(citation) for citation in body.citations],
            comment=body.comment or "",
        )
        try:
            folder.add(entry)
        except FeedbackFullError as error:
            _log.warning("%s", error)
            raise HTTPException(HTTPStatus.INSUFFICIENT_STORAGE, _FULL) from None
        except StoreError as error:
            _log.warning("Feedback was not kept: %s", error)
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE, _NOT_WRITTEN, {"Retry-After": "60"}
            ) from None
        return FeedbackJson(id=entry.id, created=entry.created)


def _quote(citation: RatedQuoteJson) -> RatedQuote:
    return RatedQuote(
        document_id=citation.document_id,
        start=citation.start_char_index,
        end=citation.end_char_index,
        cited_text=citation.cited_text,
    )
