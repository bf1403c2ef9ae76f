"""What an answer's JSON claims, read to be checked.

Only what can be checked is read; further fields are passed over.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from qa.errors import CitationFormatError

Words = Annotated[str, Field(min_length=1, max_length=100_000)]


class ClaimModel(BaseModel):
    """Base of all claims: no text is taken for a number, no number for a truth value."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class PlaceClaim(ClaimModel):
    """That certain words stand at a place of a document, and what the document is."""

    document_id: str = Field(min_length=1, max_length=200)
    cited_text: Words
    start_char_index: int = Field(ge=0)
    end_char_index: int = Field(ge=0)
    source: str | None = None
    document_title: str | None = None
    document_sha256: str | None = None
    text_sha256: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "PlaceClaim":
        if self.end_char_index < self.start_char_index:
            raise ValueError("end_char_index lies before start_char_index")
        return self


class CitedSpan(PlaceClaim):
    """A citation; `number` is None where citations are given without an answer."""

    number: int | None = None
    start_page_number: int | None = None
    end_page_number: int | None = None
    also_in: list[PlaceClaim] = []
    also_in_count: int | None = None


class RangeClaim(ClaimModel):
    """A stretch `[start, end)` of a passage's own text."""

    start: int
    end: int


class PassageClaim(PlaceClaim):
    """A passage: a place whose words are called `text`."""

    cited_text: Words = Field(alias="text")
    highlights: list[RangeClaim] = []
    also_in: list[PlaceClaim] = []
    also_in_count: int | None = None


class SpanClaim(RangeClaim):
    """A stretch of the answer's text, and the numbers of what it cites."""

    citations: list[int]


class TextClaim(ClaimModel):
    """The answer's text, and which of it is cited from where."""

    text: str
    spans: list[SpanClaim]


class AnswerClaims(ClaimModel):
    """An answer, or citations by themselves: then `answered` is None."""

    citations: list[CitedSpan]
    answered: bool | None = None
    answer: TextClaim | None = None
    passages: list[PassageClaim] = []


def read_claims(content: bytes) -> AnswerClaims:
    """Read an answer's JSON. Raises CitationFormatError if there are no citations to read in it."""
    try:
        return AnswerClaims.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CitationFormatError(
            f"This is not an answer to verify: {place}: {first['msg']}. "
            "Give the output of `pincite ask … --json`."
        ) from error
