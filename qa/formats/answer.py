"""An answer's JSON form: one definition for the command line, the service and its OpenAPI page."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import Field

from index.records import Document, Span
from qa.formats.fields import (
    DocumentId,
    DocumentSha256,
    DocumentTitle,
    EndIndex,
    EndPage,
    HeadingPath,
    RowNumber,
    SnapshotId,
    Source,
    StartIndex,
    StartPage,
    TextSha256,
    WireModel,
    Words,
)
from qa.records import MOST_PLACES, Answer, AnswerSpan, Citation, Hit, Place


class PlaceJson(WireModel):
    """Where near-duplicate text stands."""

    document_id: DocumentId
    document_title: DocumentTitle
    source: Source
    start_page_number: StartPage = None
    end_page_number: EndPage = None
    row_number: RowNumber = None
    start_char_index: StartIndex
    end_char_index: EndIndex
    cited_text: Words

    @classmethod
    def of(cls, place: Place) -> "PlaceJson":
        """Return the JSON form of `place`."""
        return cls(**_place_fields(place.document, place.span), cited_text=place.text)


def _place_fields(document: Document, span: Span) -> dict[str, Any]:
    """Return the fields that say where something stands."""
    first_page, last_page = document.pages_of(span) or (None, None)
    return {
        "document_id": document.id,
        "document_title": document.display_title,
        "source": document.source,
        "start_page_number": first_page,
        "end_page_number": last_page,
        "row_number": document.row_number,
        "start_char_index": span.start,
        "end_char_index": span.end,
    }


def _listed(places: Sequence[Place]) -> list[PlaceJson]:
    return [PlaceJson.of(place) for place in places[:MOST_PLACES]]


class CitationJson(WireModel):
    """The exact place that a part of the answer was taken from."""

    number: int = Field(ge=1, description="From 1; what `spans` refer to.", examples=[1])
    document_id: DocumentId
    document_title: DocumentTitle
    source: Source
    heading_path: HeadingPath
    cited_text: Words
    start_char_index: StartIndex
    end_char_index: EndIndex
    start_page_number: StartPage = None
    end_page_number: EndPage = None
    row_number: RowNumber = None
    document_sha256: DocumentSha256
    text_sha256: TextSha256
    also_in: list[PlaceJson] = Field(description="Other places that say the same, 20 at most.")
    also_in_count: int = Field(
        ge=0, description="How many such places were found in all.", examples=[0]
    )
    agreeing_documents: int = Field(
        ge=1, description="How many documents say this, the cited one among them.", examples=[1]
    )

    @classmethod
    def of(cls, citation: Citation) -> "CitationJson":
        """Return the JSON form of `citation`."""
        return cls(
            **_place_fields(citation.document, citation.span),
            number=citation.number,
            heading_path=list(citation.heading_path),
            cited_text=citation.cited_text,
            document_sha256=citation.document.document_sha256,
            text_sha256=citation.document.text_sha256,
            also_in=_listed(citation.also_in),
            also_in_count=len(citation.also_in),
            agreeing_documents=citation.agreeing,
        )


class HighlightJson(WireModel):
    """A stretch of a passage's own text."""

    start: int = Field(ge=0, description="Code points from the passage's start.", examples=[0])
    end: int = Field(ge=0, description="End, exclusive.", examples=[100])


class PassageJson(WireModel):
    """A retrieved passage."""

    rank: int = Field(ge=1, description="From 1, the best.", examples=[1])
    passage_id: str = Field(
        description="Its document's id and its place in the text.",
        examples=["seeds-002-cd3ae78a834cc04f-txt-7f355ea8ae:2235-2625"],
    )
    document_id: DocumentId
    document_title: DocumentTitle
    source: Source
    heading_path: HeadingPath
    text: Words
    start_char_index: StartIndex
    end_char_index: EndIndex
    start_page_number: StartPage = None
    end_page_number: EndPage = None
    row_number: RowNumber = None
    score: float = Field(
        ge=0, le=1, description="How near it is to answering; no probability.", examples=[0.413]
    )
    highlights: list[HighlightJson] = Field(
        description="The parts of its text that answer best; none where nothing is answered."
    )
    also_in: list[PlaceJson] = Field(
        description="Near-duplicates that are not listed as passages, 20 at most."
    )
    also_in_count: int = Field(
        ge=0, description="How many near-duplicates were found in all.", examples=[0]
    )

    @classmethod
    def of(cls, rank: int, hit: Hit) -> "PassageJson":
        """Return the JSON form of `hit`."""
        passage = hit.passage
        return cls(
            **_place_fields(hit.document, passage.span),
            rank=rank,
            passage_id=passage.id,
            heading_path=list(passage.heading_path),
            text=passage.span.of(hit.document.text),
            score=hit.score,
            highlights=[
                HighlightJson(start=span.start - passage.start, end=span.end - passage.start)
                for span in hit.highlights
            ],
            also_in=_listed(hit.also_in),
            also_in_count=len(hit.also_in),
        )


class AnswerSpanJson(WireModel):
    """A stretch of the answer's text and the citations it rests on."""

    start: int = Field(ge=0, description="Code points from the answer's start.", examples=[0])
    end: int = Field(ge=0, description="End, exclusive.", examples=[100])
    citations: list[int] = Field(
        description="The numbers of the citations that say this.", examples=[[1]]
    )


class AnswerTextJson(WireModel):
    """The answer: verbatim text of the documents, each span cited."""

    text: str = Field(
        description="Words of the documents, letter for letter. The parts of one quote, such as "
        "the header of a table and a row of it, have a line end between them, and quotes a blank.",
        examples=["One of the most frequently reported side effects is temporary redness."],
    )
    spans: list[AnswerSpanJson] = Field(description="What of the text is cited from where.")

    @classmethod
    def of(cls, text: str, spans: Iterable[AnswerSpan]) -> "AnswerTextJson":
        """Return the JSON form of an answer's text."""
        return cls(
            text=text,
            spans=[
                AnswerSpanJson(start=span.start, end=span.end, citations=list(span.citations))
                for span in spans
            ],
        )


_PROMISE = (
    "With 95 % confidence, at most 10 % of unanswerable questions like the 30 near-miss and "
    "30 far-off ones of mine.jsonl are answered."
)


class CalibrationJson(WireModel):
    """The calibration that the confidence rests on."""

    id: str = Field(description="Which calibration it is.", examples=["5b0c6f1d2e3a4b7c"])
    promise: str | None = Field(
        description="What holds of answers; null where the documents changed since, or where "
        "the threshold was set by hand: then nothing is promised.",
        examples=[_PROMISE, None],
    )
    max_false_answers: float = Field(
        description="The share of unanswerable questions it allows to be answered.",
        examples=[0.1],
    )
    confidence_level: float = Field(
        description="How sure it is that no more are answered.", examples=[0.95]
    )
    threshold: float = Field(description="Answered from this confidence on.", examples=[0.62])
    stale: bool = Field(
        description="Whether the documents changed since it was made.", examples=[False]
    )


class CorrectionJson(WireModel):
    """A word of the question that was read as one which the documents hold."""

    written: str = Field(description="As the question has it.", examples=["pimpels"])
    read: str = Field(description="As it was read.", examples=["pimples"])


class ReaderJson(WireModel):
    """The reader that chose what is quoted."""

    name: str = Field(
        description="As the setting `reader` names it; `bundled` is the one that comes with "
        "Pincite.",
        examples=["bundled"],
    )
    digest: str = Field(
        description="SHA-256 of all that its scores depend on: another one scores otherwise.",
        examples=["fb1d5e43867092dd5dd548f1610f38cf10fdbb30c0565d970324e46e209f9218"],
    )


class AnswerJson(WireModel):
    """The outcome of a question."""

    question: str = Field(
        description="The question, without blanks around it.",
        examples=["what are the side effects of microneedling"],
    )
    answered: bool = Field(
        description="False where the documents do not seem to hold an answer.", examples=[True]
    )
    confidence: float = Field(
        ge=0,
        le=1,
        description="The probability that what is cited, or would be, answers the question. It "
        "was fitted on public questions or, where `calibration` is not null, on your own.",
        examples=[0.886],
    )
    answer: AnswerTextJson | None = Field(description="Null where nothing is answered.")
    citations: list[CitationJson] = Field(
        description="Where the answer stands, in the order of their numbers; empty without one."
    )
    passages: list[PassageJson] = Field(
        description="The nearest passages, the best first, whether they answer or not."
    )
    snapshot: SnapshotId
    model: str = Field(description="The embedding model.", examples=["all-MiniLM-L6-v2"])
    reader: ReaderJson | None = Field(
        default=None, description="What read the passages; null where no reader did."
    )
    calibration: CalibrationJson | None = Field(
        default=None, description="Null: the confidence promises nothing."
    )
    corrections: list[CorrectionJson] = Field(
        default=[], description="Words of the question that were read as others."
    )
    unknown_words: list[str] = Field(
        default=[],
        description="Words of the question that no document holds.",
        examples=[["football", "1998"]],
    )
    missing_names: list[str] = Field(
        default=[],
        description="Names in the question that no document found has. With one of them, the "
        "question is not answered.",
        examples=[["AMD"]],
    )
    took_ms: float = Field(ge=0, description="How long it took, in milliseconds.", examples=[17.39])
    explain: dict[str, Any] | None = Field(
        default=None,
        description="What each stage found, by its name, and how it was decided, where that was "
        "asked for; else null. For people: names and numbers may change.",
        examples=[None],
    )

    @classmethod
    def of(cls, answer: Answer) -> "AnswerJson":
        """Return the JSON form of `answer`."""
        return cls(
            question=answer.question,
            answered=answer.answered,
            confidence=answer.confidence,
            answer=AnswerTextJson.of(answer.text, answer.spans) if answer.text else None,
            citations=[CitationJson.of(citation) for citation in answer.citations],
            passages=[PassageJson.of(rank, hit) for rank, hit in enumerate(answer.hits, 1)],
            snapshot=answer.snapshot,
            model=answer.model,
            reader=ReaderJson(**asdict(answer.reader)) if answer.reader else None,
            calibration=CalibrationJson(**asdict(answer.calibration))
            if answer.calibration
            else None,
            corrections=[CorrectionJson(**asdict(each)) for each in answer.corrections],
            unknown_words=list(answer.unknown_words),
            missing_names=list(answer.missing_names),
            took_ms=round(answer.took_ms, 3),
            explain=dict(answer.explain) if answer.explain is not None else None,
        )


def answer_json(answer: Answer) -> bytes:
    """Return an answer as JSON."""
    return AnswerJson.of(answer).model_dump_json().encode()
