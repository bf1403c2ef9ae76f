"""`/v1/documents`: the list of documents, and one document with its text."""

import base64
import binascii
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any, Self

import orjson
from fastapi import FastAPI, HTTPException, Path, Query
from fastapi.responses import Response
from pydantic import Field

from index.records import Document, MetadataValue
from index.store.protocols import Snapshot
from qa.formats.fields import DocumentSha256, DocumentTitle, JsonModel, Source, TextSha256
from qa.live import LiveEngine
from qa.service.openapi import answered_with
from qa.service.problems import problem_responses
from qa.service.work_queue import WorkQueue

_NO_CURSOR = "cursor: not one that this service gave out; leave it out for the first page."
_NO_DOCUMENT = "There is no document of that id."

AnyDocumentId = Annotated[
    str,
    Path(
        description="The id of a document, as answers and the list have it.",
        examples=["clinic-hours"],
        json_schema_extra={"pattern": "^[a-z0-9-]+$"},
    ),
]
Limit = Annotated[
    int, Query(ge=1, le=200, description="How many documents a page has.", examples=[50])
]
Cursor = Annotated[
    str,
    Query(
        max_length=4096,
        description="The `next_cursor` of the page before; leave it out for the first page.",
        examples=["WyJzZWVkcy9hLnR4dCIsInNlZWRzLWEtdHh0LTVmNDVkZjQ2ZGQiXQ"],
        json_schema_extra={"pattern": "^[A-Za-z0-9_-]*$"},
    ),
]
_NEXT_PAGE = {
    "next_page": {
        "operationId": "list_documents",
        "parameters": {"cursor": "$response.body#/next_cursor"},
        "description": "The next page, unless `next_cursor` is null.",
    }
}


class DocumentSummaryJson(JsonModel):
    """A document without its text."""

    id: str = Field(description="Its id: made from its source, or given with the upload.")
    title: DocumentTitle
    source: Source
    media_type: str = Field(description="What kind of file it was.")
    reader: str = Field(description="What read the file, with its version.")
    characters: int = Field(ge=0, description="How many Unicode code points its text has.")
    document_sha256: DocumentSha256
    text_sha256: TextSha256
    metadata: dict[str, MetadataValue] = Field(
        description="Its metadata; `filters` can ask for it."
    )
    modified: str = Field(
        description='When the file was last changed or uploaded, ISO 8601, UTC; "" if unknown.'
    )
    pages: int | None = Field(description="How many pages it has; null without pages.")
    remarks: list[str] = Field(description="What the reader noticed, a line each.")

    @classmethod
    def of(cls, document: Document, **more: Any) -> Self:
        """Return the JSON form of `document`; `more` are further fields."""
        return cls(
            id=document.id,
            title=document.display_title,
            source=document.source,
            media_type=document.media_type,
            reader=document.reader,
            characters=len(document.text),
            document_sha256=document.document_sha256,
            text_sha256=document.text_sha256,
            metadata=dict(document.metadata),
            modified=document.modified,
            pages=len(document.layout.pages) or None if document.layout else None,
            remarks=list(document.remarks),
            **more,
        )


class DocumentJson(DocumentSummaryJson):
    """A document with its text, which all offsets count in."""

    text: str = Field(description="All of it, exactly as offsets count.")


class DocumentsJson(JsonModel):
    """A page of the list of documents."""

    documents: list[DocumentSummaryJson] = Field(
        description="The documents of this page, in the order of their sources and ids."
    )
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last.")


def add_document_routes(app: FastAPI, live: LiveEngine, questions: WorkQueue) -> None:
    """Add the routes that read documents; they take turns in `questions`."""

    @app.get(
        "/v1/documents",
        tags=["Documents"],
        summary="List the documents",
        response_model=DocumentsJson,
        responses={
            200: answered_with("A page of the list.", "documents", links=_NEXT_PAGE),
            **problem_responses({422: _NO_CURSOR}),
        },
    )
    async def list_documents(limit: Limit = 50, cursor: Cursor = "") -> Response:
        """List the documents, a page at a time, in the order of their sources and ids."""
        return await questions.run(_page, live, limit, cursor)

    @app.get(
        "/v1/documents/{document_id}",
        tags=["Documents"],
        summary="Read a document",
        response_model=DocumentJson,
        responses={
            200: answered_with("The document.", "document"),
            **problem_responses({404: _NO_DOCUMENT}),
        },
    )
    async def get_document(document_id: AnyDocumentId) -> Response:
        """Return a document with its text, which all offsets count in."""
        return await questions.run(_document, live, document_id)


def _page(live: LiveEngine, limit: int, cursor: str) -> Response:
    after = _decode_cursor(cursor) if cursor else ("", "")
    rest = live.current().snapshot.documents(after)
    page = [chunked.document for chunked in islice(rest, limit + 1)]
    more, page = len(page) > limit, page[:limit]
    body = DocumentsJson(
        documents=[DocumentSummaryJson.of(document) for document in page],
        next_cursor=_encode_cursor(page[-1]) if more else None,
    )
    return Response(body.model_dump_json(), media_type="application/json")


def _document(live: LiveEngine, document_id: str) -> Response:
    document = document_of(live.current().snapshot, document_id)
    body = DocumentJson.of(document, text=document.text)
    return Response(body.model_dump_json(), media_type="application/json")


def document_of(snapshot: Snapshot, document_id: str) -> Document:
    """Return a document. Raises HTTPException 404 if there is none of that id."""
    chunked = snapshot.chunked(document_id)
    if chunked is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, _NO_DOCUMENT)
    return chunked.document


def _encode_cursor(last: Document) -> str:
    after = orjson.dumps([last.source, last.id])
    return base64.urlsafe_b64encode(after).decode().rstrip("=")


def _decode_cursor(cursor: str) -> tuple[str, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        source, name = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        return f"{source}", f"{name}"
    except (binascii.Error, ValueError, TypeError):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, _NO_CURSOR) from None
