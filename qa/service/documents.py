"""The routes that list documents and show one."""

import base64
import binascii
from http import HTTPStatus
from itertools import islice
from typing import Any

import orjson
from fastapi import FastAPI, HTTPException

from index.records import Document
from qa.live import LiveEngine
from qa.service.openapi import answered_with
from qa.service.parameters import NEXT_PAGE, AnyDocumentId, Cursor, Limit
from qa.service.problems import GATE, problem_responses
from qa.service.wire import DocumentJson, DocumentsJson, DocumentSummaryJson

_NO_CURSOR = "cursor: not one that this service gave out; leave it out for the first page."


def add_document_routes(app: FastAPI, live: LiveEngine, turn: Any) -> None:
    """Add `/v1/documents`, which wait their `turn`."""

    @app.get(
        "/v1/documents",
        tags=["Documents"],
        summary="List the documents",
        operation_id="list_documents",
        responses={
            200: answered_with("A page of the list.", "documents", links=NEXT_PAGE),
            **problem_responses(*GATE, details={422: _NO_CURSOR}),
        },
        dependencies=[turn],
    )
    def documents(limit: Limit = 50, cursor: Cursor = "") -> DocumentsJson:
        """List the documents, a page at a time, in the order of their sources and ids."""
        after = _decode_cursor(cursor) if cursor else ("", "")
        rest = live.current().snapshot.chunked.after(*after)
        page = list(islice(rest, limit + 1))
        more, page = len(page) > limit, page[:limit]
        return DocumentsJson(
            documents=[DocumentSummaryJson(**DocumentJson.fields_of(each)) for each in page],
            next_cursor=_encode_cursor(page[-1]) if more else None,
        )

    @app.get(
        "/v1/documents/{document_id}",
        tags=["Documents"],
        summary="Read a document",
        operation_id="get_document",
        responses={
            200: answered_with("The document.", "document"),
            **problem_responses(*GATE, 404),
        },
        dependencies=[turn],
    )
    def document(document_id: AnyDocumentId) -> DocumentJson:
        """Return a document with its text, which all offsets count in."""
        chunked = live.current().snapshot.chunked.get(document_id)
        if chunked is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no document of that id.")
        fields = DocumentJson.fields_of(chunked.document)
        return DocumentJson(**fields, text=chunked.document.text)


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
