"""The JSON form of documents."""

from typing import Any

from index.records import Document
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
    metadata: dict[str, str]

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
        }


class DocumentJson(DocumentSummaryJson):
    """A document with its text, which all offsets count in."""

    text: str
