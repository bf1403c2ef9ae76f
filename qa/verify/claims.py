"""What an answer's JSON claims, read to be checked.

Only what can be checked is read; further fields are passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from qa.errors import CitationFormatError
from qa.formats.fields import EndIndex, EndPage, StartIndex, StartPage, WholeNumber

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


class CitingSpan(Protocol):
    """A stretch `[start, end)` of an answer's text, and the numbers of what it cites."""

    @property
    def start(self) -> int:
        """Its first code point."""

    @property
    def end(self) -> int:
        """The one after its last."""

    @property
    def citations(self) -> Sequence[int]:
        """What it cites."""


def span_faults(
    text: str, spans: Sequence[CitingSpan], cited: Mapping[int, str]
) -> Iterator[tuple[str, str]]:
    """Yield what of an answer's text was looked at, and what is wrong with it, "" if nothing.

    Each span has to equal all that it cites (`cited`, words by number), in order, with
    nothing but blanks before, between and after.
    """
    end = 0
    for span in spans:
        what = f"answer {span.start}-{span.end}"
        if text[end : span.start].strip():
            yield what, "there are words before it that nothing is cited for"
        else:
            yield what, _span_fault(text, end, span, cited)
        end = max(end, span.end)
    yield f"answer after {end}", "nothing is cited for it" if text[end:].strip() else ""


def faults(claims: AnswerClaims) -> list[str]:
    """Return what does not fit together in an answer, a line each: where, and what is wrong."""
    found = [*_answer_faults(claims)]
    for number, citation in enumerate(claims.citations, 1):
        found += _count_faults(f"citation {number}", citation)
    for rank, passage in enumerate(claims.passages, 1):
        found += _count_faults(f"passage {rank}", passage)
        for mark in passage.highlights:
            if not 0 <= mark.start < mark.end <= len(passage.cited_text):
                found.append(f"passage {rank}: highlight {mark.start}-{mark.end} is not in it")
    return found


def _answer_faults(claims: AnswerClaims) -> Iterator[str]:
    numbers = [each.number for each in claims.citations if each.number is not None]
    yield from (
        f"citation {number}: more than one has this number"
        for number in dict.fromkeys(numbers)
        if numbers.count(number) > 1
    )
    if claims.answered is False and (claims.answer or claims.citations):
        yield "answered: false, but there is an answer or a citation"
    if claims.answered and not claims.citations:
        yield "answered: true, but there are no citations"
    if claims.answered and not claims.answer:
        yield "answered: true, but there is no answer"
    if claims.answer:
        cited = {each.number: each.cited_text for each in claims.citations if each.number}
        looked_at = span_faults(claims.answer.text, claims.answer.spans, cited)
        yield from (f"{what}: {fault}" for what, fault in looked_at if fault)
        used = {number for span in claims.answer.spans for number in span.citations}
        yield from (
            f"citation {each.number}: nothing in the answer rests on it"
            for each in claims.citations
            if each.number not in used
        )


def _count_faults(what: str, claim: CitedSpan | PassageClaim) -> Iterator[str]:
    if claim.also_in_count is not None and claim.also_in_count < len(claim.also_in):
        yield f"{what}: also_in_count is less than the places in also_in"


def _span_fault(text: str, end: int, span: CitingSpan, cited: Mapping[int, str]) -> str:
    if not end <= span.start < span.end <= len(text):
        return "it is not a stretch of the answer's text after the one before"
    if not span.citations:
        return "it cites nothing"
    for number in span.citations:
        if number not in cited:
            return f"there is no citation {number}"
        if text[span.start : span.end] != cited[number]:
            return f"its words are not those of citation {number}"
    return ""
