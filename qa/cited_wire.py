"""The JSON forms of what is cited and found in documents.

`fields_of` gives the fields of a form in its order, as they are: what the service sends is made of
them without a detour over models, which takes a hundred times as long.
"""

from typing import Any, Self

from pydantic import Field

from qa.records import MOST_PLACES, Citation, Hit, Place
from qa.wire_fields import (
    DocumentId,
    DocumentSha256,
    DocumentTitle,
    EndIndex,
    EndPage,
    HeadingPath,
    RowNumber,
    Source,
    StartIndex,
    StartPage,
    TextSha256,
    WireModel,
    Words,
)


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
