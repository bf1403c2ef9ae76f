"""The JSON forms of what somebody says of an answer."""

from pydantic import ConfigDict, Field, field_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from index.chunking.chunker import MAX_PASSAGE_CHARS
from index.store.feedback import RatedQuote
from qa.formats.fields import EndIndex, StartIndex, WireModel
from qa.question.query import MAX_QUESTION_CHARS
from qa.service.ask_wire import NOT_BLANK

MAX_QUOTE_CHARS = MAX_PASSAGE_CHARS
"""A citation lies within one passage."""

MAX_OFFSET = 2**31 - 1


class RatedQuoteJson(WireModel):
    """A citation of the answer; its further fields may be given, and are passed over."""

    model_config = ConfigDict(extra="ignore")

    document_id: str = Field(
        min_length=1, max_length=200, description="The document's id.", examples=["hours"]
    )
    cited_text: str = Field(
        max_length=MAX_QUOTE_CHARS,
        description=f"The words that were cited: at most {MAX_QUOTE_CHARS} characters, for no "
        "passage is longer.",
        examples=["We open at 8."],
        json_schema_extra={"pattern": NOT_BLANK},
    )
    start_char_index: StartIndex = Field(le=MAX_OFFSET)
    end_char_index: EndIndex = Field(le=MAX_OFFSET)

    @field_validator("cited_text")
    @classmethod
    def _is_not_blank(cls, cited: str) -> str:
        if not cited.strip():
            raise PydanticCustomError("blank", "it is empty; give the words that were cited")
        return cited

    def quote(self) -> RatedQuote:
        """Return what is kept of it."""
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

    question: str = Field(
        max_length=MAX_QUESTION_CHARS,
        description="The question, as it was asked.",
        examples=["when do you open"],
        json_schema_extra={"pattern": NOT_BLANK},
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

    @field_validator("question")
    @classmethod
    def _is_not_blank(cls, question: str) -> str:
        if not question.strip():
            raise PydanticCustomError("blank", "it is empty; give the question that was asked")
        return question


class FeedbackJson(WireModel):
    """That it was kept."""

    id: str = Field(
        description="What it is called in `pincite feedback list`.",
        examples=["18ea3e43e9627cb47c1f7249"],
    )
    created: str = Field(
        description="When it came, ISO 8601, UTC.", examples=["2026-01-01T12:00:00.000000Z"]
    )
