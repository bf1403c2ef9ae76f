"""A document as JSON, in the store and between processes, and back."""

from typing import Any

from index.records import Document, Heading, Layout, ScannedPage


def document_to_json(document: Document) -> dict[str, Any]:
    """Return what `document_from_json` reads; what is not known of a document is left out."""
    fields: dict[str, Any] = {
        "id": document.id,
        "source": document.source,
        "title": document.title,
        "text": document.text,
        "media_type": document.media_type,
        "reader": document.reader,
        "document_sha256": document.document_sha256,
        "text_sha256": document.text_sha256,
        "metadata": dict(document.metadata),
    }
    if document.layout:
        fields["layout"] = {
            "headings": [list(heading) for heading in document.layout.headings],
            "pages": list(document.layout.pages),
        }
        if document.layout.scans:
            fields["layout"]["scans"] = [list(page) for page in document.layout.scans]
    if document.modified:
        fields["modified"] = document.modified
    if document.remarks:
        fields["remarks"] = list(document.remarks)
    return fields


def document_from_json(fields: dict[str, Any]) -> Document:
    """Return the document that was written."""
    layout = fields.get("layout")
    metadata = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in fields["metadata"].items()
    }
    read: dict[str, Any] = {"metadata": metadata, "remarks": tuple(fields.get("remarks", ()))}
    if layout is not None:
        headings = tuple(Heading(*heading) for heading in layout["headings"])
        scans = tuple(ScannedPage(*page) for page in layout.get("scans", ()))
        read["layout"] = Layout(headings, tuple(layout["pages"]), scans)
    return Document(**fields | read)
