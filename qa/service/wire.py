"""The JSON forms of documents, and of how the service is."""

from typing import Any

from pydantic import Field

from index.records import Document, MetadataValue
from qa.formats.fields import DocumentSha256, DocumentTitle, Source, TextSha256, WireModel


class DocumentSummaryJson(WireModel):
    """A document without its text."""

    id: str = Field(
        description="What it is called here, made of its source or given with the upload.",
        examples=["seeds-002-cd3ae78a834cc04f-txt-7f355ea8ae"],
    )
    title: DocumentTitle
    source: Source
    media_type: str = Field(description="What kind of file it was.", examples=["text/plain"])
    reader: str = Field(
        description="What made text of it, with the reader's version.", examples=["text/2"]
    )
    characters: int = Field(
        ge=0, description="How many Unicode code points its text has.", examples=[6972]
    )
    document_sha256: DocumentSha256
    text_sha256: TextSha256
    metadata: dict[str, MetadataValue] = Field(
        description="What is said of it, by name; `filters` can ask for it.",
        examples=[{"author": "Jane", "year": 2024, "tags": ["skin", "care"]}],
    )
    modified: str = Field(
        description='When the file was last changed or uploaded, ISO 8601, UTC; "" if unknown.',
        examples=["2026-11-22T10:30:00Z"],
    )
    pages: int | None = Field(
        description="How many there are; null where there are none.", examples=[12, None]
    )
    remarks: list[str] = Field(
        description="What there was to say when it was read, a line each.", examples=[[]]
    )

    @classmethod
    def fields_of(cls, document: Document) -> dict[str, Any]:
        """Return the fields of `document` by their JSON names."""
        return {
            "id": document.id,
            "title": document.display_title,
            "source": document.source,
            "media_type": document.media_type,
            "reader": document.reader,
            "characters": len(document.text),
            "document_sha256": document.document_sha256,
            "text_sha256": document.text_sha256,
            "metadata": dict(document.metadata),
            "modified": document.modified,
            "pages": len(document.layout.pages) or None if document.layout else None,
            "remarks": list(document.remarks),
        }


class DocumentJson(DocumentSummaryJson):
    """A document with its text, which all offsets count in."""

    text: str = Field(
        description="All of it, exactly as offsets count.", examples=["The clinic opens at 8 am."]
    )


class DocumentsJson(WireModel):
    """A page of the list of documents."""

    documents: list[DocumentSummaryJson] = Field(
        description="The documents of this page, in the order of their sources and ids."
    )
    next_cursor: str | None = Field(
        description="Give it as `cursor` for the next page; null on the last one.",
        examples=["WyJzZWVkcy9hLnR4dCIsInNlZWRzLWEtdHh0LTVmNDVkZjQ2ZGQiXQ", None],
    )


class StatusJson(WireModel):
    """A short word on how the service is."""

    status: str = Field(description="`ok` or `ready`.", examples=["ready"])
