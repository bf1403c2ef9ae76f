"""The parameters of the routes, and where one response leads to another, for the document."""

from typing import Annotated

from fastapi import Path, Query

from index.store.jobs import JOB_ID
from index.store.uploads import UPLOAD_ID

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
        description="The `next_cursor` of the page before; without it, the first page.",
        examples=["WyJzZWVkcy9hLnR4dCIsInNlZWRzLWEtdHh0LTVmNDVkZjQ2ZGQiXQ"],
        json_schema_extra={"pattern": "^[A-Za-z0-9_-]*$"},
    ),
]
UploadId = Annotated[
    str,
    Path(
        description="Lower-case letters, digits and hyphens between them, 120 at most.",
        examples=["clinic-hours"],
        json_schema_extra={"pattern": f"^{UPLOAD_ID.pattern}$"},
    ),
]
Wait = Annotated[
    bool,
    Query(
        description="`false`: do not wait until it is done; a job to poll is returned.",
        examples=[True],
    ),
]
JobId = Annotated[
    str,
    Path(
        description="The id of a job, as a 202 has it.",
        examples=["18ea3e43e9627cb47c1f7249"],
        json_schema_extra={"pattern": f"^{JOB_ID.pattern}$"},
    ),
]

NEXT_PAGE = {
    "next_page": {
        "operationId": "list_documents",
        "parameters": {"cursor": "$response.body#/next_cursor"},
        "description": "The next page, unless `next_cursor` is null.",
    }
}
JOB_LINKS = {
    "job": {
        "operationId": "get_job",
        "parameters": {"job_id": "$response.body#/id"},
        "description": "What becomes of it.",
    }
}
DOCUMENT_LINKS = {
    name: {
        "operationId": f"{name}_document",
        "parameters": {"document_id": "$request.path.document_id"},
        "description": told,
    }
    for name, told in (("get", "The document with its text."), ("delete", "Remove it again."))
}
