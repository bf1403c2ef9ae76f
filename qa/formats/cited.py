"""The JSON form of what an answer cites and finds: places, citations, passages and their tables."""

from collections.abc import Collection, Iterable, Sequence
from typing import Annotated, Any, Self

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
    Source,
    StartIndex,
    StartPage,
    TextSha256,
    Words,
)
from qa.formats.labels import label
from qa.formats.links import link
from qa.formats.tables import table_of
from qa.records import MOST_PLACES, Citation, Hit, Place


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

    @classmethod
    def of(cls, document: Document, spans: Iterable[Span], question: str) -> "TableJson | None":
        """Return the table that spans of a document quote; None if they quote none."""
        table = table_of(document, spans, question)
        if table is None:
            return None
        return cls(
            columns=list(table.columns) if table.columns else None,
            rows=list(map(list, table.rows)),
            unit=table.unit or None,
            cell=CellJson(row=table.cell[0], column=table.cell[1]) if table.cell else None,
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

    @classmethod
    def of(cls, citation: Citation, question: str, shared: Collection[str], **further: Any) -> Self:
        """Return the JSON form of a citation; `shared` are titles of several documents."""
        document, span = citation.document, citation.span
        return cls(
            **_place_fields(document, span),
            **_also_in(citation.also_in),
            **further,
            number=citation.number,
            label=label(document, span, citation.heading_path, shared),
            url=link(document, span),
            table=TableJson.of(document, [span], question),
            heading_path=list(citation.heading_path),
            cited_text=citation.cited_text,
            document_sha256=document.document_sha256,
            text_sha256=document.text_sha256,
            agreeing_documents=citation.agreeing,
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

    @classmethod
    def of(cls, rank: int, hit: Hit, question: str, shared: Collection[str]) -> Self:
        """Return the JSON form of what was found at a rank; `shared` as for citations."""
        document, passage = hit.document, hit.passage
        return cls(
            **_place_fields(document, passage.span),
            **_also_in(hit.also_in),
            rank=rank,
            label=label(document, passage.span, passage.heading_path, shared),
            table=TableJson.of(document, hit.highlights, question),
            passage_id=passage.id,
            heading_path=list(passage.heading_path),
            text=passage.span.of(document.text),
            score=hit.score,
            highlights=[
                HighlightJson(start=span.start - passage.start, end=span.end - passage.start)
                for span in hit.highlights
            ],
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
