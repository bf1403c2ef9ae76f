"""`/v1/feedback`: whether an answer was of help, stored for whoever runs the service."""

import logging
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, HTTPException
from pydantic import AfterValidator, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from index.chunking.chunker import MAX_PASSAGE_CHARS
from index.errors import StoreError
from index.store.feedback import Feedback, FeedbackFolder, FeedbackFullError, RatedQuote
from index.store.store import Store
from qa.formats.fields import EndIndex, StartIndex, WireModel
from qa.question.query import MAX_QUESTION_CHARS
from qa.service.openapi import NOT_BLANK
from qa.service.problems import GATE, OF_A_BODY, problem_responses

_MAX_QUOTE_CHARS = MAX_PASSAGE_CHARS
"""A citation lies within one passage."""

_MAX_OFFSET = 2**31 - 1
_FULL = "No more feedback is taken until whoever runs this service has looked through it."
_NOT_WRITTEN = "The feedback cannot be stored just now: the disk is full or may not be written to."

_log = logging.getLogger("pincite")


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "it is empty")
    return text


_Text = Annotated[str, AfterValidator(_not_blank), Field(json_schema_extra={"pattern": NOT_BLANK})]


class RatedQuoteJson(WireModel):
    """A citation of the answer; its other fields may be sent, and are ignored."""

    model_config = ConfigDict(extra="ignore")

    document_id: str = Field(
        min_length=1, max_length=200, description="The document's id.", examples=["hours"]
    )
    cited_text: _Text = Field(
        max_length=_MAX_QUOTE_CHARS,
        description=f"The words that were cited: at most {_MAX_QUOTE_CHARS} characters, for no "
        "passage is longer.",
        examples=["We open at 8."],
    )
    start_char_index: StartIndex = Field(le=_MAX_OFFSET)
    end_char_index: EndIndex = Field(le=_MAX_OFFSET)

    def quote(self) -> RatedQuote:
        """Return what is stored of it."""
        return RatedQuote(
            document_id=self.document_id,
            start=self.start_char_index,
            end=self.end_char_index,
            cited_text=self.cited_text,
        )


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

    question: _Text = Field(
        max_length=MAX_QUESTION_CHARS,
        description="The question, as it was asked.",
        examples=["when do you open"],
    )
    helpful: bool = Field(description="Thumb up or down.", examples=[True])
    answered: bool | None = Field(
        default=None, description="The answer's `answered`.", examples=[True]
    )
    snapshot: str | None = Field(
        default=None,
        max_length=100,
        description="The answer's `snapshot`.",
        examples=["aade9e53c2932227"],
    )
    citations: list[RatedQuoteJson] = Field(
        default=[],
        max_length=20,
        description="The answer's `citations`: those of a helpful answer can become gold quotes.",
    )
    comment: str | None = Field(
        default=None,
        max_length=2000,
        description="For whoever runs the service.",
        examples=["On Sundays, too?"],
    )


class FeedbackJson(WireModel):
    """The feedback that was stored."""

    id: str = Field(
        description="What it is called in `pincite feedback list`.",
        examples=["18ea3e43e9627cb47c1f7249"],
    )
    created: str = Field(
        description="When it came, ISO 8601, UTC.", examples=["2026-01-01T12:00:00.000000Z"]
    )


def add_feedback_route(app: FastAPI, store: Store) -> None:
    """Add the route that rates answers; feedback is stored in `store`."""
    folder = FeedbackFolder(store.folder)

    @app.post(
        "/v1/feedback",
        tags=["Answers"],
        summary="Rate an answer",
        status_code=HTTPStatus.CREATED,
        responses=problem_responses(*GATE, *OF_A_BODY, details={507: _FULL}),
    )
    def send_feedback(body: FeedbackBody) -> FeedbackJson:
        """Say whether an answer was of help. It is on the disk when the call returns."""
        entry = Feedback.new(
            body.question.strip(),
            helpful=body.helpful,
            answered=body.answered,
            snapshot=body.snapshot or "",
            citations=[citation.quote() for citation in body.citations],
            comment=body.comment or "",
        )
        try:
            folder.add(entry)
        except FeedbackFullError as error:
            _log.warning("%s", error)
            raise HTTPException(HTTPStatus.INSUFFICIENT_STORAGE, _FULL) from None
        except StoreError as error:
            _log.warning("Feedback was not stored: %s", error)
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE, _NOT_WRITTEN, {"Retry-After": "60"}
            ) from None
        return FeedbackJson(id=entry.id, created=entry.created)
