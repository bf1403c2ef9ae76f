"""The JSON of an answer, read to be checked: only what can be checked is read of it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from qa.errors import CitationFormatError
from qa.formats.answer import AnswerSpanJson
from qa.formats.fields import EndIndex, EndPage, StartIndex, StartPage, WholeNumber

Words = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100_000,
        description="The words that are said to stand between the two offsets.",
    ),
]


def _if_given(description: str) -> Any:
    return Field(default=None, description=f"{description}; null: not checked.")


class GivenModel(BaseModel):
    """Base of all that is given: no text is taken for a number, no number for a truth value."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class GivenPlace(GivenModel):
    """The claim that certain words stand at a place of a document, and what the document is."""

    document_id: str = Field(
        min_length=1, max_length=200, description="The document that is said to have the words."
    )
    cited_text: Words
    start_char_index: StartIndex
    end_char_index: EndIndex
    source: str | None = _if_given("What its file is said to be called")
    document_title: str | None = _if_given("What it is said to be called")
    document_sha256: str | None = _if_given("The SHA-256 that its file is said to have")
    text_sha256: str | None = _if_given("The SHA-256 that its text is said to have")

    @model_validator(mode="after")
    def _in_order(self) -> "GivenPlace":
        if self.end_char_index < self.start_char_index:
            raise ValueError("end_char_index lies before start_char_index")
        return self


class GivenQuote(GivenPlace):
    """A place, and others that are said to say the same."""

    also_in: list[GivenPlace] = Field(
        default=[], description="Other places that are said to say the same."
    )
    also_in_count: WholeNumber | None = Field(
        default=None, description="How many such places are said to be."
    )


class GivenCitation(GivenQuote):
    """A citation; `number` is None if citations are given without an answer."""

    number: WholeNumber | None = Field(
        default=None, description="What the answer's spans refer to."
    )
    heading_path: list[str] = Field(
        default=[], description="The headings that it is said to stand under."
    )
    start_page_number: StartPage = None
    end_page_number: EndPage = None


class GivenRange(GivenModel):
    """A stretch `[start, end)` of a passage's own text."""

    start: WholeNumber = Field(description="Its first code point.")
    end: WholeNumber = Field(description="The one after its last.")


class GivenPassage(GivenQuote):
    """A passage: a place whose words are called `text`."""

    cited_text: Words = Field(alias="text")
    highlights: list[GivenRange] = Field(
        default=[], description="Stretches of its text that are highlighted."
    )


class GivenSpan(GivenRange):
    """A stretch of the answer's text, and the numbers of what it cites."""

    citations: list[WholeNumber] = Field(description="The citations' numbers.")


class GivenText(GivenModel):
    """The answer's text, and which of it is cited from where."""

    text: str = Field(description="What is said.")
    spans: list[GivenSpan] = Field(description="Which of it is cited from where.")


class GivenWritten(GivenModel):
    """What a language model is said to have written, and what it rests on."""

    text: str | None = Field(default=None, description="What is said; null if nothing is left.")
    spans: list[GivenSpan] = Field(default=[], description="Its sentences, and what each cites.")
    citations: list[GivenCitation] = Field(
        default=[], max_length=1000, description="What the sentences are said to rest on."
    )


class GivenListedDocument(GivenModel):
    """A document, and what was listed of it."""

    quotes: list[GivenCitation] = Field(max_length=1000, description="What is said to answer.")


class GivenListing(GivenModel):
    """All that is said to answer."""

    documents: list[GivenListedDocument] = Field(
        max_length=1000, description="The documents with their quotes."
    )


class GivenAnswer(GivenModel):
    """An answer, or citations by themselves: then `answered` is None."""

    citations: list[GivenCitation] = Field(description="What is said to stand where.")
    answered: bool | None = Field(
        default=None, description="Null if these are citations by themselves."
    )
    answer: GivenText | None = Field(
        default=None, description="Null if nothing was answered, or there are just citations."
    )
    passages: list[GivenPassage] = Field(
        default=[], description="The passages that were shown with it."
    )
    all: GivenListing | None = Field(
        default=None, description="All that was listed; null if it was not asked for."
    )
    written: GivenWritten | None = Field(
        default=None, description="What a language model wrote; null if it was not asked to."
    )

    @property
    def listed(self) -> list[GivenCitation]:
        """All quotes that were listed, in order."""
        documents = self.all.documents if self.all else []
        return [quote for document in documents for quote in document.quotes]


def read_answer(content: bytes) -> GivenAnswer:
    """Read an answer's JSON. Raises CitationFormatError if it has no citations to read."""
    try:
        return GivenAnswer.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CitationFormatError(
            f"This is not an answer to verify: {place}: {first['msg']}. "
            "Give the output of `pincite ask … --json`."
        ) from error


def faults(answer: GivenAnswer) -> Iterator[str]:
    """Yield what contradicts itself in an answer, a line each: where, and what is wrong."""
    written = answer.written or GivenWritten()
    yield from _answer_faults(answer)
    yield from _written_faults(written)
    quoted: tuple[tuple[str, Sequence[GivenQuote]], ...] = (
        ("citation", answer.citations),
        ("listed", answer.listed),
        ("written citation", written.citations),
        ("passage", answer.passages),
    )
    for what, quotes in quoted:
        for number, quote in enumerate(quotes, 1):
            if quote.also_in_count is not None and quote.also_in_count < len(quote.also_in):
                yield f"{what} {number}: also_in_count is less than the places in also_in"
    for rank, passage in enumerate(answer.passages, 1):
        for mark in passage.highlights:
            if not 0 <= mark.start < mark.end <= len(passage.cited_text):
                yield f"passage {rank}: highlight {mark.start}-{mark.end} is not in it"


def _answer_faults(answer: GivenAnswer) -> Iterator[str]:
    yield from _repeated(answer.citations, "citation")
    if answer.answered is False and (answer.answer or answer.citations or answer.written):
        yield "answered: false, but there is an answer or a citation"
    if answer.answered and not answer.citations:
        yield "answered: true, but there are no citations"
    if answer.answered and not answer.answer:
        yield "answered: true, but there is no answer"
    if answer.answer:
        yield from _text_faults(answer.answer, answer.citations)


def _text_faults(answer: GivenText, citations: Sequence[GivenCitation]) -> Iterator[str]:
    words = {cited.number: cited.cited_text for cited in citations if cited.number is not None}
    for what, fault in span_faults(answer.text, answer.spans, words):
        if fault:
            yield f"{what}: {fault}"
    yield from _unused(citations, answer.spans, "citation", "the answer")


def _written_faults(written: GivenWritten) -> Iterator[str]:
    """Yield what contradicts itself in what a language model wrote: in words of its own."""
    numbers = {cited.number: None for cited in written.citations if cited.number is not None}
    for what, fault in span_faults(written.text or "", written.spans, numbers, "written"):
        if fault:
            yield f"{what}: {fault}"
    yield from _repeated(written.citations, "written citation")
    yield from _unused(written.citations, written.spans, "written citation", "what is written")


def _repeated(citations: Sequence[GivenCitation], what: str) -> Iterator[str]:
    for number, count in Counter(citation.number for citation in citations).items():
        if number is not None and count > 1:
            yield f"{what} {number}: more than one has this number"


def _unused(
    citations: Sequence[GivenCitation], spans: Sequence[GivenSpan], what: str, where: str
) -> Iterator[str]:
    used = {number for span in spans for number in span.citations}
    for citation in citations:
        if citation.number not in used:
            yield f"{what} {citation.number}: nothing in {where} rests on it"


def span_faults(
    text: str,
    spans: Sequence[GivenSpan | AnswerSpanJson],
    cited: Mapping[int, str | None],
    name: str = "answer",
) -> Iterator[tuple[str, str]]:
    """Yield each stretch of an answer's text with what is wrong with it, "" if nothing.

    Each span must equal all that it cites (`cited`, words by number), but for what has no words
    there. Between spans there may be nothing but blanks. `name` is what the text is called.
    """
    end = 0
    for span in spans:
        what = f"{name} {span.start}-{span.end}"
        if text[end : span.start].strip():
            yield what, "there are words before it that nothing is cited for"
        else:
            yield what, _span_fault(text, end, span, cited)
        end = max(end, span.end)
    yield f"{name} after {end}", "nothing is cited for it" if text[end:].strip() else ""


def _span_fault(
    text: str, end: int, span: GivenSpan | AnswerSpanJson, cited: Mapping[int, str | None]
) -> str:
    if not end <= span.start < span.end <= len(text):
        return "it is not a stretch of the text after the one before"
    if not span.citations:
        return "it cites nothing"
    for number in span.citations:
        if number not in cited:
            return f"there is no citation {number}"
        words = cited[number]
        if words is not None and text[span.start : span.end] != words:
            return f"its words are not those of citation {number}"
    return ""
