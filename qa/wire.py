"""An answer's JSON form: one definition for the command line, the service and its OpenAPI page."""

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from index.records import Span
from qa.calibration import AppliedCalibration
from qa.records import MOST_PLACES, Answer, Citation, Hit, Place


class WireModel(BaseModel):
    """Base of all JSON forms: nothing unknown gets in, "5" is no number, nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


_ROW = "Of the file, where each row of it is a document; else null."


class PlaceJson(WireModel):
    """Where near-duplicate text stands."""

    document_id: str
    document_title: str
    source: str = Field(description="The file's name as the user knows it.")
    start_page_number: int | None = Field(default=None, description="From 1, as in citations.")
    end_page_number: int | None = None
    row_number: int | None = Field(default=None, description=_ROW)
    start_char_index: int = Field(description="Code points from the start of the document's text.")
    end_char_index: int = Field(description="End, exclusive.")
    cited_text: str

    @classmethod
    def of(cls, place: Place) -> "PlaceJson":
        """Return the JSON form of `place`."""
        first, last = place.document.pages_of(place.span) or (None, None)
        return cls(
            document_id=place.document.id,
            document_title=place.document.display_title,
            source=place.document.source,
            start_page_number=first,
            end_page_number=last,
            row_number=place.document.row_number,
            start_char_index=place.span.start,
            end_char_index=place.span.end,
            cited_text=place.text,
        )


class CitationJson(WireModel):
    """The exact place that a part of the answer was taken from."""

    number: int = Field(description="1-based; what `spans` refer to.")
    document_id: str
    document_title: str
    source: str
    heading_path: list[str]
    cited_text: str = Field(description="Equal to the document's text between the two offsets.")
    start_char_index: int
    end_char_index: int
    start_page_number: int | None = Field(default=None, description="From 1; null without pages.")
    end_page_number: int | None = Field(default=None, description="Where the words end.")
    row_number: int | None = Field(default=None, description=_ROW)
    document_sha256: str = Field(description="Of the source file's bytes.")
    text_sha256: str = Field(description="Of the document's text in UTF-8.")
    also_in: list[PlaceJson] = Field(description="Other places that say the same, 20 at most.")
    also_in_count: int = Field(description="How many such places were found in all.")
    agreeing_documents: int = Field(
        ge=1, description="How many documents say this, the cited one among them."
    )

    @classmethod
    def of(cls, citation: Citation) -> "CitationJson":
        """Return the JSON form of `citation`."""
        document = citation.document
        first, last = document.pages_of(citation.span) or (None, None)
        return cls(
            number=citation.number,
            document_id=document.id,
            document_title=document.display_title,
            source=document.source,
            heading_path=list(citation.heading_path),
            cited_text=citation.cited_text,
            start_char_index=citation.start,
            end_char_index=citation.end,
            start_page_number=first,
            end_page_number=last,
            row_number=document.row_number,
            document_sha256=document.document_sha256,
            text_sha256=document.text_sha256,
            also_in=[PlaceJson.of(place) for place in citation.also_in[:MOST_PLACES]],
            also_in_count=len(citation.also_in),
            agreeing_documents=citation.agreeing,
        )


class HighlightJson(WireModel):
    """A stretch of a passage's own text."""

    start: int
    end: int


class PassageJson(WireModel):
    """A retrieved passage."""

    rank: int
    passage_id: str
    document_id: str
    document_title: str
    source: str
    heading_path: list[str]
    text: str
    start_char_index: int
    end_char_index: int
    start_page_number: int | None = Field(default=None, description="From 1, as in citations.")
    end_page_number: int | None = None
    row_number: int | None = Field(default=None, description=_ROW)
    score: float = Field(ge=0, le=1)
    highlights: list[HighlightJson] = Field(description="Offsets into this passage's text.")
    also_in: list[PlaceJson] = Field(
        description="Near-duplicates that are not listed as passages, 20 at most."
    )
    also_in_count: int = Field(description="How many near-duplicates were found in all.")

    @classmethod
    def of(cls, rank: int, hit: Hit) -> "PassageJson":
        """Return the JSON form of `hit`."""
        passage = hit.passage
        first, last = hit.document.pages_of(passage.span) or (None, None)
        return cls(
            rank=rank,
            passage_id=passage.id,
            document_id=hit.document.id,
            document_title=hit.document.display_title,
            source=hit.document.source,
            heading_path=list(passage.heading_path),
            text=passage.span.of(hit.document.text),
            start_char_index=passage.start,
            end_char_index=passage.end,
            start_page_number=first,
            end_page_number=last,
            row_number=hit.document.row_number,
            score=hit.score,
            highlights=[_within(passage.start, span) for span in hit.highlights],
            also_in=[PlaceJson.of(place) for place in hit.also_in[:MOST_PLACES]],
            also_in_count=len(hit.also_in),
        )


class AnswerSpanJson(WireModel):
    """A stretch of the answer's text and the citations it rests on."""

    start: int
    end: int
    citations: list[int]


class AnswerTextJson(WireModel):
    """The answer: verbatim text of the documents, each span cited."""

    text: str
    spans: list[AnswerSpanJson]


class CalibrationJson(WireModel):
    """The calibration that the confidence rests on."""

    id: str
    promise: str | None = Field(
        description="What holds of answers; null where the documents changed since, or where "
        "the threshold was set by hand: then nothing is promised."
    )
    max_false_answers: float = Field(
        description="The share of unanswerable questions it allows to be answered."
    )
    confidence_level: float
    threshold: float = Field(description="Answered from this confidence on.")
    stale: bool = Field(description="Whether the documents changed since it was made.")

    @classmethod
    def of(cls, applied: AppliedCalibration) -> "CalibrationJson":
        """Return the JSON form of `applied`."""
        return cls(**asdict(applied))


class CorrectionJson(WireModel):
    """A word of the question that was read as one which the documents hold."""

    written: str
    read: str


class AnswerJson(WireModel):
    """The outcome of a question."""

    question: str
    answered: bool = Field(description="False where the documents do not seem to hold an answer.")
    confidence: float = Field(
        ge=0,
        le=1,
        description="Where `calibration` is not null: the probability that what is cited, or "
        "would be, answers the question. Else a score, not a probability.",
    )
    answer: AnswerTextJson | None
    citations: list[CitationJson]
    passages: list[PassageJson]
    snapshot: str
    model: str
    calibration: CalibrationJson | None = Field(
        default=None, description="Null: the confidence promises nothing."
    )
    corrections: list[CorrectionJson] = Field(
        default=[], description="Words of the question that were read as others."
    )
    unknown_words: list[str] = Field(
        default=[], description="Words of the question that no document holds."
    )
    took_ms: float
    explain: dict[str, Any] | None = None

    @classmethod
    def of(cls, answer: Answer) -> "AnswerJson":
        """Return the JSON form of `answer`."""
        spans = [
            AnswerSpanJson(start=span.start, end=span.end, citations=list(span.citations))
            for span in answer.spans
        ]
        return cls(
            question=answer.question,
            answered=answer.answered,
            confidence=answer.confidence,
            answer=AnswerTextJson(text=answer.text, spans=spans) if answer.text else None,
            citations=[CitationJson.of(citation) for citation in answer.citations],
            passages=[PassageJson.of(rank, hit) for rank, hit in enumerate(answer.hits, 1)],
            snapshot=answer.snapshot,
            model=answer.model,
            calibration=CalibrationJson.of(answer.calibration) if answer.calibration else None,
            corrections=[CorrectionJson(**asdict(each)) for each in answer.corrections],
            unknown_words=list(answer.unknown_words),
            took_ms=round(answer.took_ms, 3),
            explain=dict(answer.explain) if answer.explain is not None else None,
        )


def _within(start: int, span: Span) -> HighlightJson:
    return HighlightJson(start=span.start - start, end=span.end - start)
