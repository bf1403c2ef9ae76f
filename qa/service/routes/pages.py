"""`/v1/documents/{id}/pages/{n}`: a page of a PDF as an image, and where words stand on it."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Path, Query
from fastapi.responses import Response
from pydantic import Field

from index.pages import NoPageError, OriginalLostError, Pages, PageUnreadableError
from index.parsers.pdf.page_image import LEAST_WIDTH, MOST_WIDTH, ImageFormat
from index.records import Document, Span
from index.store.protocols import Snapshot
from qa.formats.fields import JsonModel
from qa.live import LiveEngine
from qa.service.openapi import answered_with
from qa.service.problems import problem_responses
from qa.service.routes.documents import AnyDocumentId, document_of
from qa.service.work_queue import WorkQueue

_STATUSES = {
    NoPageError: HTTPStatus.NOT_FOUND,
    OriginalLostError: HTTPStatus.GONE,
    PageUnreadableError: HTTPStatus.UNPROCESSABLE_ENTITY,
}
_PROBLEMS = problem_responses(
    {
        404: "The document has no page 12; it has 9.",
        410: "The file is gone; its text is as it was indexed.",
        422: "The page cannot be shown: reading it took longer than 20 s.",
    }
)
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_IMAGE = {
    "description": "The image.",
    "content": {f"image/{name}": _BINARY for name in ("webp", "png", "jpeg")},
}
IMAGES_WAITING, IMAGES_PATIENCE_S = 32, 30.0

PageNumber = Annotated[int, Path(ge=1, le=100_000, description="From 1.", examples=[3])]
Width = Annotated[
    int,
    Query(
        ge=LEAST_WIDTH,
        le=MOST_WIDTH,
        description="In pixels. A page that would be too high is made narrower.",
        examples=[1000],
    ),
]
Format = Annotated[
    ImageFormat, Query(alias="format", description="The format of the image.", examples=["png"])
]
Start = Annotated[
    int, Query(ge=0, description="The start of a span of the document's text.", examples=[1200])
]
End = Annotated[int, Query(ge=0, description="Its end, exclusive.", examples=[1290])]


class RectangleJson(JsonModel):
    """A rectangle on a page, measured from its top left corner."""

    left: float = Field(description="Its left edge, in points.")
    top: float = Field(description="Its upper edge.")
    right: float = Field(description="Its right edge.")
    bottom: float = Field(description="Its lower edge.")


class MarksJson(JsonModel):
    """Where a span stands on a page."""

    page: int = Field(ge=1, description="The number of the page.")
    width: float = Field(description="The width of the page as it is shown, in points.")
    height: float = Field(description="Its height.")
    rectangles: list[RectangleJson] = Field(
        description="What to mark, a line each; none where less than half of it was found."
    )
    marked: float = Field(
        ge=0,
        le=1,
        description="The share of the span's letters and digits on this page that was found. "
        "Words that stand several times on the page, and cannot be told apart, are not marked.",
    )


def add_page_routes(app: FastAPI, live: LiveEngine, pages: Pages, images: WorkQueue) -> None:
    """Add the routes that show pages. They take turns in `images`, so that no question waits."""

    @app.get(
        "/v1/documents/{document_id}/pages/{number}",
        tags=["Documents"],
        summary="Show a page",
        response_class=Response,
        responses={200: _IMAGE, **_PROBLEMS},
    )
    async def get_page(
        document_id: AnyDocumentId,
        number: PageNumber,
        width: Width = 1000,
        image_format: Format = "webp",
    ) -> Response:
        """Return a page of a PDF as an image, as long as its file is what was indexed."""
        wanted = number, width, image_format
        image = await images.run(_shown, live, document_id, pages.image, *wanted)
        return Response(image, media_type=f"image/{image_format}")

    @app.get(
        "/v1/documents/{document_id}/pages/{number}/marks",
        tags=["Documents"],
        summary="Find words on a page",
        response_model=MarksJson,
        responses={200: answered_with("Where they stand.", "marks"), **_PROBLEMS},
    )
    async def get_marks(
        document_id: AnyDocumentId, number: PageNumber, start: Start, end: End
    ) -> Response:
        """Return where the part of a span that is on a page stands there, as rectangles."""
        marks = await images.run(
            _shown, live, document_id, pages.marks, number, Span(start, max(start, end))
        )
        body = MarksJson.model_validate(marks, from_attributes=True, strict=False)
        return Response(body.model_dump_json(), media_type="application/json")


def _shown(live: LiveEngine, document_id: str, show: Any, *arguments: Any) -> Any:
    """Return what `show` makes of a document. Raises HTTPException."""
    snapshot: Snapshot = live.current().snapshot
    document: Document = document_of(snapshot, document_id)
    try:
        return show(snapshot, document, *arguments)
    except tuple(_STATUSES) as error:
        raise HTTPException(_STATUSES[type(error)], str(error)) from error
