"""What an answer's JSON claims, read to be checked.

Only what can be checked is read; further fields are passed over.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from qa.errors import CitationFormatError
from qa.wire_fields import EndIndex, EndPage, StartIndex, StartPage, WholeNumber

Words = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100_000,
        description="The words that are said to stand between the two offsets.",
        examples=["One of the most frequently reported side effects is temporary redness."],
    ),
]
AlsoIn = Annotated[
    "list[PlaceClaim]", Field(description="Other places that are said to say the same.")
]
AlsoInCount = Annotated[
    WholeNumber | None, Field(description="How many such places are said to be.", examples=[0])
]


class ClaimModel(BaseModel):
    """Base of all claims: no text is taken for a number, no number for a truth value."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class PlaceClaim(ClaimModel):
    """That certain words stand at a place of a document, and what the document is."""

    document_id: str = Field(
        min_length=1,
        max_length=200,
        description="The document that is said to have the words.",
        examples=["seeds-002-cd3ae78a834cc04f-txt-7f355ea8ae"],
    )
    cited_text: Words
    start_char_index: StartIndex
    end_char_index: EndIndex
    source: str | None = Field(
        default=None,
        description="What its file is said to be called; null: not looked at.",
        examples=["seeds/002_cd3ae78a834cc04f.txt"],
    )
    document_title: str | None = Field(
        default=None,
        description="What it is said to be called; null: not looked at.",
        examples=["002_cd3ae78a834cc04f.txt"],
    )
    document_sha256: str | None = Field(
        default=None,
        description="The SHA-256 that its file is said to have; null: not looked at.",
        examples=["0d79377aabf69e41dc17fa68a72bf4bc125ca0bcc66fddae3025b3fd1535e2ca"],
    )
    text_sha256: str | None = Field(
        default=None,
        description="The SHA-256 that its text is said to have; null: not looked at.",
        examples=["0d79377aabf69e41dc17fa68a72bf4bc125ca0bcc66fddae3025b3fd1535e2ca"],
    )

    @model_validator(mode="after")
    def _in_order(self) -> "PlaceClaim":
        if self.end_char_index < self.start_char_index:
            raise ValueError("end_char_index lies before start_char_index")
        return self


class CitedSpan(PlaceClaim):
    """A citation; `number` is None where citations are given without an answer."""

    number: WholeNumber | None = Field(
        default=None, description="What the answer's spans refer to.", examples=[1]
    )
    start_page_number: StartPage = None
    end_page_number: EndPage = None
    also_in: AlsoIn = []
    also_in_count: AlsoInCount = None


class RangeClaim(ClaimModel):
    """A stretch `[start, end)` of a passage's own text."""

    start: WholeNumber = Field(description="Its first code point.", examples=[0])
    end: WholeNumber = Field(description="The one after its last.", examples=[100])


class PassageClaim(PlaceClaim):
    """A passage: a place whose words are called `text`."""

    cited_text: Words = Field(alias="text")
    highlights: list[RangeClaim] = Field(
        default=[], description="Stretches of its text that are highlighted."
    )
    also_in: AlsoIn = []
    also_in_count: AlsoInCount = None


class SpanClaim(RangeClaim):
    """A stretch of the answer's text, and the numbers of what it cites."""

    citations: list[WholeNumber] = Field(description="The citations' numbers.", examples=[[1]])


class TextClaim(ClaimModel):
    """The answer's text, and which of it is cited from where."""

    text: str = Field(
        description="What is said.",
        examples=["One of the most frequently reported side effects is temporary redness."],
    )
    spans: list[SpanClaim] = Field(description="Which of it is cited from where.")


class AnswerClaims(ClaimModel):
    """An answer, or citations by themselves: then `answered` is None."""

    citations: list[CitedSpan] = Field(description="What is said to stand where.")
    answered: bool | None = Field(
        default=None, description="Null where these are citations by themselves.", examples=[True]
    )
    answer: TextClaim | None = Field(
        default=None, description="Null where nothing was answered, or there are just citations."
    )
    passages: list[PassageClaim] = Field(
        default=[], description="The passages that were shown with it."
    )


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
