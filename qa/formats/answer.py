"""An answer's JSON form: one definition for the command line, the service and its OpenAPI page."""

from dataclasses import asdict
from typing import Any

from pydantic import Field

from qa.formats.cited import CitationJson, PassageJson
from qa.formats.fields import DocumentId, DocumentTitle, JsonModel, SnapshotId, Source
from qa.formats.labels import shared_titles
from qa.formats.written import WrittenJson, checks_of
from qa.records import Answer, Listing


class AnswerSpanJson(JsonModel):
    """A stretch of the answer's text and the citations it rests on."""

    start: int = Field(ge=0, description="Code points from the answer's start.")
    end: int = Field(ge=0, description="End, exclusive.")
    citations: list[int] = Field(description="The numbers of the citations that say this.")


class AnswerTextJson(JsonModel):
    """The answer: verbatim text of the documents, each span cited."""

    text: str = Field(
        description="Words of the documents, letter for letter. A line end separates the parts of "
        "one quote, such as a table's header and a row; a blank separates quotes."
    )
    spans: list[AnswerSpanJson] = Field(description="Which of the text is cited from where.")


class CalibrationJson(JsonModel):
    """The calibration that the confidence rests on."""

    id: str = Field(description="Which calibration it is.")
    promise: str | None = Field(
        description="What holds of answers; null if the documents changed since, or if the "
        "threshold was set by hand: then nothing is promised."
    )
    max_false_answers: float = Field(
        description="The share of unanswerable questions that may be answered."
    )
    confidence_level: float = Field(description="How sure it is that no more are answered.")
    threshold: float = Field(description="Questions are answered from this confidence on.")
    stale: bool = Field(description="Whether the documents changed since it was made.")


class CorrectionJson(JsonModel):
    """A word of the question that was read as one which the documents hold."""

    written: str = Field(description="As the question has it.")
    read: str = Field(description="As it was read.")


class ReaderJson(JsonModel):
    """The reader that chose what is quoted."""

    name: str = Field(description="As the setting `reader` names it; `bundled` comes with Pincite.")
    digest: str = Field(description="SHA-256 of all that its scores depend on.")


class ListedQuoteJson(CitationJson):
    """One of all quotes that answer; `number` counts them from 1."""

    confidence: float = Field(ge=0, le=1, description="How likely it answers by itself.")


class ListedDocumentJson(JsonModel):
    """A document with its quotes, in the order of its text."""

    document_id: DocumentId
    document_title: DocumentTitle
    source: Source
    quotes: list[ListedQuoteJson] = Field(description="What answers in it.")


class ListingJson(JsonModel):
    """All that answers, the document of the best quote first."""

    count: int = Field(ge=0, description="How many quotes are listed.")
    complete: bool = Field(description="False if there may be more.")
    bounds: list[str] = Field(description="Why there may be more, a sentence each.")
    remarks: list[str] = Field(description="How words of the question were taken for columns.")
    documents: list[ListedDocumentJson] = Field(description="Those that have a quote.")

    @classmethod
    def of(cls, listing: Listing, question: str) -> "ListingJson":
        """Return the JSON form of the `listing` of a question."""
        shared = shared_titles(document for document, _ in listing.documents)
        return cls(
            count=len(listing.quotes),
            complete=not listing.bounds,
            bounds=list(listing.bounds),
            remarks=list(listing.remarks),
            documents=[
                ListedDocumentJson(
                    document_id=document.id,
                    document_title=document.display_title,
                    source=document.source,
                    quotes=[
                        ListedQuoteJson.of(
                            quote.citation, question, shared, confidence=quote.confidence
                        )
                        for quote in quotes
                    ],
                )
                for document, quotes in listing.documents
            ],
        )


class AnswerJson(JsonModel):
    """The outcome of a question."""

    question: str = Field(description="The question, without blanks around it.")
    answered: bool = Field(description="False if the documents do not seem to hold an answer.")
    confidence: float = Field(
        ge=0,
        le=1,
        description="The probability that what is cited, or would be, answers the question. It "
        "was fitted on public questions or, if `calibration` is not null, on your own.",
    )
    answer: AnswerTextJson | None = Field(description="Null if nothing is answered.")
    citations: list[CitationJson] = Field(
        description="Where the answer stands, by number; empty without an answer."
    )
    passages: list[PassageJson] = Field(
        description="The nearest passages, the best first, whether they answer or not."
    )
    snapshot: SnapshotId
    model: str = Field(description="The embedding model.")
    reader: ReaderJson | None = Field(
        default=None, description="What read the passages; null if no reader did."
    )
    calibration: CalibrationJson | None = Field(
        default=None, description="Null: the confidence promises nothing."
    )
    corrections: list[CorrectionJson] = Field(
        default=[], description="Words of the question that were read as others."
    )
    unknown_words: list[str] = Field(
        default=[], description="Words of the question that no document holds."
    )
    missing_names: list[str] = Field(
        default=[],
        description="Names in the question that no document found has. With one of them, the "
        "question is not answered.",
    )
    searched: str | None = Field(
        default=None,
        description="The question that was searched, made whole from earlier ones; null if the "
        "question was searched as it is.",
    )
    carried_over: list[str] = Field(
        default=[], description="The terms that `searched` has from earlier questions."
    )
    more: bool = Field(
        description="Whether the question asks for a list, and more than is cited answers: ask "
        "with `all`."
    )
    all: ListingJson | None = Field(
        default=None, description="All that answers, if it was asked for."
    )
    written: WrittenJson | None = Field(
        default=None,
        description="What a language model wrote from the passages, if it was asked to and the "
        "question is answered.",
    )
    took_ms: float = Field(
        ge=0, description="How long it took, in milliseconds, without what `written` took."
    )
    explain: dict[str, Any] | None = Field(
        default=None,
        description="If asked for: what each stage found, by its name, and how it was decided. "
        "For people: names and numbers may change.",
    )

    @classmethod
    def of(cls, answer: Answer) -> "AnswerJson":
        """Return the JSON form of `answer`."""
        reader, calibration, written = answer.reader, answer.calibration, answer.written
        cited, found = answer.citations, answer.hits
        shared = shared_titles([*(c.document for c in cited), *(hit.document for hit in found)])
        return cls(
            question=answer.question,
            answered=answer.answered,
            confidence=answer.confidence,
            answer=_answer_text(answer) if answer.text else None,
            citations=[
                CitationJson.of(each, answer.whole_question, shared) for each in answer.citations
            ],
            passages=[
                PassageJson.of(rank, hit, answer.whole_question, shared)
                for rank, hit in enumerate(answer.hits, 1)
            ],
            snapshot=answer.snapshot,
            model=answer.model,
            reader=ReaderJson(**asdict(reader)) if reader else None,
            calibration=CalibrationJson(**asdict(calibration)) if calibration else None,
            corrections=[CorrectionJson(**asdict(word)) for word in answer.corrections],
            unknown_words=list(answer.unknown_words),
            missing_names=list(answer.missing_names),
            more=answer.more,
            all=ListingJson.of(answer.listing, answer.whole_question) if answer.listing else None,
            searched=answer.searched,
            carried_over=list(answer.carried_over),
            written=WrittenJson.of(written, answer, explain=answer.explain is not None)
            if written
            else None,
            took_ms=round(answer.took_ms, 3),
            explain=_explain(answer),
        )


def answer_json(answer: Answer) -> bytes:
    """Return an answer as JSON."""
    return AnswerJson.of(answer).model_dump_json().encode()


def _explain(answer: Answer) -> dict[str, Any] | None:
    if answer.explain is None:
        return None
    written = {"written": checks_of(answer.written)} if answer.written else {}
    return {**answer.explain, **written}


def _answer_text(answer: Answer) -> AnswerTextJson:
    spans = [
        AnswerSpanJson(start=span.start, end=span.end, citations=list(span.citations))
        for span in answer.spans
    ]
    return AnswerTextJson(text=answer.text or "", spans=spans)
