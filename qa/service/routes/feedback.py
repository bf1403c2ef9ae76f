"""`/v1/feedback`: whether an answer helped, stored for the operator of the service."""

import logging
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, HTTPException
from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from index.chunking.chunker import MAX_PASSAGE_CHARS
from index.errors import StoreError, StoreMissingError
from index.store.protocols import Store
from index.store.records import Feedback, FeedbackFullError, RatedQuote
from qa.formats.fields import EndIndex, JsonModel, StartIndex
from qa.question.query import MAX_QUESTION_CHARS
from qa.service.openapi import NOT_BLANK, answered_with, asked_with
from qa.service.problems import not_now, problem_responses

_MAX_OFFSET = 2**31 - 1
_FULL = "No more feedback is taken until whoever runs this service has looked through it."
_NOT_WRITTEN = "The feedback cannot be stored just now; the service's log tells why."

_log = logging.getLogger("pincite")


def _refuse_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "it is empty")
    return text


_Text = Annotated[
    str, AfterValidator(_refuse_blank), Field(json_schema_extra={"pattern": NOT_BLANK})
]


class RatedQuoteJson(JsonModel):
    """A citation of the answer. You may send its other fields, too; they are ignored."""

    model_config = ConfigDict(extra="ignore")

    document_id: str = Field(min_length=1, max_length=200, description="The document's id.")
    # A citation lies within one passage.
    cited_text: _Text = Field(max_length=MAX_PASSAGE_CHARS, description="The words cited.")
    start_char_index: StartIndex = Field(le=_MAX_OFFSET)
    end_char_index: EndIndex = Field(le=_MAX_OFFSET)


class FeedbackBody(JsonModel):
    """What somebody says of an answer, or of an abstention."""

    question: _Text = Field(
        max_length=MAX_QUESTION_CHARS, description="The question, as it was asked."
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
        default=None, max_length=2000, description="A note for the operator of the service."
    )


class FeedbackJson(JsonModel):
    """The feedback that was stored."""

    id: str = Field(description="Its name in `pincite feedback list`.")
    created: str = Field(description="When it came, ISO 8601, UTC.")


def add_feedback_route(app: FastAPI, store: Store) -> None:
    """Add the route that rates answers; feedback is stored in `store`."""

    @app.post(
        "/v1/feedback",
        tags=["Answers"],
        summary="Rate an answer",
        status_code=HTTPStatus.CREATED,
        openapi_extra=asked_with("feedback"),
        responses={
            201: answered_with("It is stored.", "stored_feedback"),
            **problem_responses({507: _FULL}),
        },
    )
    def send_feedback(body: FeedbackBody) -> FeedbackJson:
        """Say whether an answer helped. The feedback is on the disk when the call returns."""
        entry = Feedback.new(
            body.question.strip(),
            helpful=body.helpful,
            answered=body.answered,
            snapshot=body.snapshot or "",
            citations=[
                RatedQuote(
                    document_id=citation.document_id,
                    start=citation.start_char_index,
                    end=citation.end_char_index,
                    cited_text=citation.cited_text,
                )
                for citation in body.citations
            ],
            comment=body.comment or "",
        )
        try:
            store.feedback.add(entry)
        except FeedbackFullError as error:
            _log.warning("%s", error)
            raise HTTPException(HTTPStatus.INSUFFICIENT_STORAGE, _FULL) from None
        except StoreMissingError:
            raise  # its collection was removed
        except StoreError as error:
            _log.warning("Feedback was not stored: %s", error)
            raise not_now(_NOT_WRITTEN, 60) from None
        return FeedbackJson(id=entry.id, created=entry.created)
