"""An answer's JSON form: one definition for the command line, the service and its OpenAPI page."""

from dataclasses import asdict
from typing import Any, Self

import orjson
from pydantic import Field

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
from qa.records import MOST_PLACES, Answer, Citation, Hit, Place


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

    @staticmethod
    def fields_of(place: Place) -> dict[str, Any]:
        """Return the fields of the JSON form of `place`."""
        document = place.document
        first, last = document.pages_of(place.span) or (None, None)
        return {
            "document_id": document.id,
            "document_title": document.display_title,
            "source": document.source,
            "start_page_number": first,
            "end_page_number": last,
            "row_number": document.row_number,
            "start_char_index": place.span.start,
            "end_char_index": place.span.end,
            "cited_text": place.text,
        }

    @classmethod
    def of(cls, place: Place) -> Self:
        """Return the JSON form of `place`."""
        return cls(**cls.fields_of(place))


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

    @staticmethod
    def fields_of(citation: Citation) -> dict[str, Any]:
        """Return the fields of the JSON form of `citation`."""
        document = citation.document
        first, last = document.pages_of(citation.span) or (None, None)
        return {
            "number": citation.number,
            "document_id": document.id,
            "document_title": document.display_title,
            "source": document.source,
            "heading_path": list(citation.heading_path),
            "cited_text": citation.cited_text,
            "start_char_index": citation.start,
            "end_char_index": citation.end,
            "start_page_number": first,
            "end_page_number": last,
            "row_number": document.row_number,
            "document_sha256": document.document_sha256,
            "text_sha256": document.text_sha256,
            "also_in": [PlaceJson.fields_of(place) for place in citation.also_in[:MOST_PLACES]],
            "also_in_count": len(citation.also_in),
            "agreeing_documents": citation.agreeing,
        }


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

    @staticmethod
    def fields_of(rank: int, hit: Hit) -> dict[str, Any]:
        """Return the fields of the JSON form of `hit`."""
        document, passage = hit.document, hit.passage
        first, last = document.pages_of(passage.span) or (None, None)
        return {
            "rank": rank,
            "passage_id": passage.id,
            "document_id": document.id,
            "document_title": document.display_title,
            "source": document.source,
            "heading_path": list(passage.heading_path),
            "text": passage.span.of(document.text),
            "start_char_index": passage.start,
            "end_char_index": passage.end,
            "start_page_number": first,
            "end_page_number": last,
            "row_number": document.row_number,
            "score": hit.score,
            "highlights": [
                {"start": span.start - passage.start, "end": span.end - passage.start}
                for span in hit.highlights
            ],
            "also_in": [PlaceJson.fields_of(place) for place in hit.also_in[:MOST_PLACES]],
            "also_in_count": len(hit.also_in),
        }


__all__ = ["AnswerJson", "CitationJson", "HighlightJson", "PassageJson", "PlaceJson", "WireModel"]

_PROMISE = (
    "With 95 % confidence, at most 10 % of unanswerable questions like the 30 near-miss and "
    "30 far-off ones of mine.jsonl are answered."
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
    def of(cls, answer: Answer) -> Self:
        """Return the JSON form of `answer`."""
        return cls.model_validate(cls.fields_of(answer))

    @staticmethod
    def fields_of(answer: Answer) -> dict[str, Any]:
        """Return the fields of the JSON form of `answer`, in its order."""
        spans = [
            {"start": span.start, "end": span.end, "citations": list(span.citations)}
            for span in answer.spans
        ]
        return {
            "question": answer.question,
            "answered": answer.answered,
            "confidence": answer.confidence,
            "answer": {"text": answer.text, "spans": spans} if answer.text else None,
            "citations": [CitationJson.fields_of(citation) for citation in answer.citations],
            "passages": [
                PassageJson.fields_of(rank, hit) for rank, hit in enumerate(answer.hits, 1)
            ],
            "snapshot": answer.snapshot,
            "model": answer.model,
            "reader": asdict(answer.reader) if answer.reader else None,
            "calibration": asdict(answer.calibration) if answer.calibration else None,
            "corrections": [asdict(each) for each in answer.corrections],
            "unknown_words": list(answer.unknown_words),
            "missing_names": list(answer.missing_names),
            "took_ms": round(answer.took_ms, 3),
            "explain": dict(answer.explain) if answer.explain is not None else None,
        }


def answer_json(answer: Answer) -> bytes:
    """Return an answer as JSON: what `AnswerJson.of(answer).model_dump_json()` is."""
    return orjson.dumps(AnswerJson.fields_of(answer), option=orjson.OPT_SERIALIZE_NUMPY)
