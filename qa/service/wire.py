"""The JSON form of documents."""

from typing import Any

from pydantic import Field

from index.records import Document, MetadataValue
from qa.wire import WireModel


class DocumentSummaryJson(WireModel):
    """A document without its text."""

    id: str
    title: str
    source: str
    media_type: str
    reader: str
    characters: int
    document_sha256: str
    text_sha256: str
    metadata: dict[str, MetadataValue]
    modified: str = Field(description='When the file was last changed, ISO 8601; "" if unknown.')
    pages: int | None = Field(description="How many there are; null where there are none.")
    remarks: list[str] = Field(description="What there was to say when it was read, a line each.")

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

    text: str
