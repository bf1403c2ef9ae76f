"""An answer's JSON form: one definition for the command line, the service and its OpenAPI page."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from index.records import Document, Span
from qa.formats.fields import (
    DocumentId,
    DocumentSha256,
    DocumentTitle,
    EndIndex,
    EndPage,
    HeadingPath,
    JsonModel,
    Label,
    RowNumber,
    SnapshotId,
    Source,
    StartIndex,
    StartPage,
    TextSha256,
    Words,
)
from qa.formats.labels import label, shared_titles
from qa.formats.links import link
from qa.formats.tables import table_of
from qa.records import MOST_PLACES, Answer, Citation, Hit, Listing, Place


class PlaceJson(JsonModel):
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


class CellJson(JsonModel):
    """A cell of a table."""

    row: int = Field(ge=0, description="Its row, from 0.")
    column: int = Field(ge=0, description="Its column, from 0.")


class TableJson(JsonModel):
    """A quote of a table, as a person would read it; the words themselves are in `cited_text`."""

    columns: list[str] | None = Field(
        description="The heading of each column, that of the rows' labels first; null if the table "
        "has none. They come with the rows also where they are another citation, or none."
    )
    rows: list[list[str]] = Field(
        description="The rows, as many cells in each as there are columns. A row with only a first "
        "cell is the label that the rows below it stand under."
    )
    unit: str | None = Field(
        description='In which unit the figures are, such as "(in millions)"; null if nothing says.'
    )
    cell: CellJson | None = Field(
        description="The cell that the question asks for; null if that cannot be told."
    )


TableOrNone = Annotated[
    TableJson | None, Field(description="The quote as a table; null if it is of none.")
]


class CitationJson(JsonModel):
    """The exact place that a part of the answer was taken from."""

    number: int = Field(ge=1, description="From 1; what `spans` refer to.")
    document_id: DocumentId
    document_title: DocumentTitle
    source: Source
    label: Label
    url: str | None = Field(
        description="The web page that the document is, with a text fragment that marks the words "
        "in a browser; null if the document does not tell its address."
    )
    heading_path: HeadingPath
    cited_text: Words
    table: TableOrNone
    start_char_index: StartIndex
    end_char_index: EndIndex
    start_page_number: StartPage = None
    end_page_number: EndPage = None
    row_number: RowNumber = None
    document_sha256: DocumentSha256
    text_sha256: TextSha256
    also_in: list[PlaceJson] = Field(description="Other places that say the same, 20 at most.")
    also_in_count: int = Field(ge=0, description="How many such places were found in all.")
    agreeing_documents: int = Field(
        ge=1, description="How many documents say this, the cited one among them."
    )


class HighlightJson(JsonModel):
    """A stretch of a passage's own text."""

    start: int = Field(ge=0, description="Code points from the passage's start.")
    end: int = Field(ge=0, description="End, exclusive.")


class PassageJson(JsonModel):
    """A retrieved passage."""

    rank: int = Field(ge=1, description="From 1, the best.")
    passage_id: str = Field(description="Its document's id and its place in the text.")
    document_id: DocumentId
    document_title: DocumentTitle
    source: Source
    label: Label
    heading_path: HeadingPath
    text: Words
    table: Annotated[
        TableJson | None,
        Field(description="The rows that are highlighted; null if none is of a table."),
    ]
    start_char_index: StartIndex
    end_char_index: EndIndex
    start_page_number: StartPage = None
    end_page_number: EndPage = None
    row_number: RowNumber = None
    score: float = Field(ge=0, le=1, description="How near it is to answering; no probability.")
    highlights: list[HighlightJson] = Field(
        description="The parts of its text that answer best; none if nothing is answered."
    )
    also_in: list[PlaceJson] = Field(
        description="Near-duplicates that are not listed as passages, 20 at most."
    )
    also_in_count: int = Field(ge=0, description="How many near-duplicates were found in all.")


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
                        ListedQuoteJson(
                            **dict(_citation(quote.citation, question, shared)),
                            confidence=quote.confidence,
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
    took_ms: float = Field(ge=0, description="How long it took, in milliseconds.")
    explain: dict[str, Any] | None = Field(
        default=None,
        description="If asked for: what each stage found, by its name, and how it was decided. "
        "For people: names and numbers may change.",
    )

    @classmethod
    def of(cls, answer: Answer) -> "AnswerJson":
        """Return the JSON form of `answer`."""
        reader, calibration = answer.reader, answer.calibration
        cited, found = answer.citations, answer.hits
        shared = shared_titles([*(c.document for c in cited), *(hit.document for hit in found)])
        return cls(
            question=answer.question,
            answered=answer.answered,
            confidence=answer.confidence,
            answer=_answer_text(answer) if answer.text else None,
            citations=[_citation(each, answer.whole_question, shared) for each in answer.citations],
            passages=[
                _passage(rank, hit, answer.whole_question, shared)
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
            took_ms=round(answer.took_ms, 3),
            explain=dict(answer.explain) if answer.explain is not None else None,
        )


def answer_json(answer: Answer) -> bytes:
    """Return an answer as JSON."""
    return AnswerJson.of(answer).model_dump_json().encode()


def _answer_text(answer: Answer) -> AnswerTextJson:
    spans = [
        AnswerSpanJson(start=span.start, end=span.end, citations=list(span.citations))
        for span in answer.spans
    ]
    return AnswerTextJson(text=answer.text or "", spans=spans)


def _citation(citation: Citation, question: str, shared: Collection[str]) -> CitationJson:
    document, span = citation.document, citation.span
    return CitationJson(
        **_place_fields(document, span),
        **_also_in(citation.also_in),
        number=citation.number,
        label=label(document, span, citation.heading_path, shared),
        url=link(document, span),
        table=_table(document, [span], question),
        heading_path=list(citation.heading_path),
        cited_text=citation.cited_text,
        document_sha256=document.document_sha256,
        text_sha256=document.text_sha256,
        agreeing_documents=citation.agreeing,
    )


def _passage(rank: int, hit: Hit, question: str, shared: Collection[str]) -> PassageJson:
    passage = hit.passage
    return PassageJson(
        **_place_fields(hit.document, passage.span),
        **_also_in(hit.also_in),
        rank=rank,
        label=label(hit.document, passage.span, passage.heading_path, shared),
        table=_table(hit.document, hit.highlights, question),
        passage_id=passage.id,
        heading_path=list(passage.heading_path),
        text=passage.span.of(hit.document.text),
        score=hit.score,
        highlights=[
            HighlightJson(start=span.start - passage.start, end=span.end - passage.start)
            for span in hit.highlights
        ],
    )


def _table(document: Document, spans: Sequence[Span], question: str) -> TableJson | None:
    table = table_of(document, spans, question)
    if table is None:
        return None
    return TableJson(
        columns=list(table.columns) if table.columns else None,
        rows=list(map(list, table.rows)),
        unit=table.unit or None,
        cell=CellJson(row=table.cell[0], column=table.cell[1]) if table.cell else None,
    )


def _place_fields(document: Document, span: Span) -> dict[str, Any]:
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


def _also_in(places: Sequence[Place]) -> dict[str, Any]:
    listed = [PlaceJson.of(place) for place in places[:MOST_PLACES]]
    return {"also_in": listed, "also_in_count": len(places)}
