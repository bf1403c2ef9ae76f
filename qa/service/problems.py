"""Errors as RFC 9457 problem details: what is wrong and what to do, never a path or a traceback."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from qa.errors import FilterError, QuestionError
from qa.formats.fields import WireModel

MEDIA_TYPE = "application/problem+json"
_MAX_DETAIL_CHARS = 500

Responses = dict[int | str, dict[str, Any]]
"""What a route's `responses` takes: by status, what FastAPI adds to the document."""

EVERYWHERE = (400, 403, 500)
"""The errors that any route can give, for they come about before or around it."""

GATE = (401, 429, 503)
"""The errors of a route that not everybody may use, or not without end: keys, limits, the queue."""

OF_A_BODY = (408, 413, 422)
"""The errors of a route that takes a body."""

_TOLD: Mapping[int, tuple[str, str]] = {
    400: (
        "The request cannot be read, or names a host that the service does not answer under.",
        "This service does not answer under that host name.",
    ),
    401: (
        "The service asks for keys, and there is none with the request, or none that it knows.",
        "This service asks for an API key: send the header `Authorization: Bearer KEY`.",
    ),
    403: (
        "Another site's page sent the request, or its key has no right to it.",
        "Requests from another site's pages are not answered.",
    ),
    404: ("There is nothing of that name.", "There is no document of that id."),
    408: ("The body took too long to come.", "The body did not come in time; send it again."),
    409: (
        "The id belongs to a document that was not uploaded under it.",
        "That id is a document's in a file of a SOURCE: change the file, or choose another id.",
    ),
    413: ("The body is too large.", "The body is larger than 1024 KiB; send less."),
    415: (
        "The body, or the file in the form, is of a kind that nothing here reads.",
        "Send JSON with a text, a form with a file, or one of: text/plain, text/markdown.",
    ),
    422: (
        "What was sent is understood and cannot be done; `detail` says what to change.",
        "The question is empty: say what you want to know.",
    ),
    429: (
        "Too many requests; come again later.",
        "Too many requests; the next one is answered in 5 s.",
    ),
    500: (
        "Something went wrong that nobody foresaw.",
        "Something went wrong here; see the service's log.",
    ),
    507: ("There is no room for more of it.", "10000 entries of feedback are kept already."),
    503: (
        "Not possible for the moment; come again later.",
        "More is asked for than can be answered just now; try again in a second.",
    ),
}
_RETRY_AFTER = {
    "description": "After how many seconds it may be possible.",
    "required": True,
    "schema": {"type": "integer", "minimum": 0},
    "example": 5,
}
_HEADERS: Mapping[int, dict[str, Any]] = {
    401: {
        "WWW-Authenticate": {
            "description": "How to send a key.",
            "required": True,
            "schema": {"type": "string"},
            "example": "Bearer",
        }
    },
    429: {"Retry-After": _RETRY_AFTER},
    503: {"Retry-After": _RETRY_AFTER},
}


class Problem(WireModel):
    """The body of every error (RFC 9457)."""

    type: str = Field(
        default="about:blank",
        description="Always about:blank: there is no more to know than the status says.",
        examples=["about:blank"],
    )
    title: str = Field(description="The status in words.", examples=["Unprocessable Content"])
    status: int = Field(description="The HTTP status.", ge=400, le=599, examples=[422])
    detail: str = Field(
        max_length=_MAX_DETAIL_CHARS,
        description="What is wrong and what to do.",
        examples=["The question is empty: say what you want to know."],
    )


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Return an error response. `detail` may quote what was sent, which may be anything."""
    detail = detail[:_MAX_DETAIL_CHARS].encode(errors="replace").decode()
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": int(status), "detail": detail}
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def problem_responses(*statuses: int, details: Mapping[int, str] | None = None) -> Responses:
    """Describe the errors of a route: those of `statuses` and `details`, and those EVERYWHERE.

    `details` has an example of what is said where the usual one does not fit.
    """
    told = details or {}
    return {
        status: _problem_response(status, told.get(status, _TOLD[status][1]))
        for status in sorted({*EVERYWHERE, *statuses, *told})
    }


def _problem_response(status: int, detail: str) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    example = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    response: dict[str, Any] = {
        "description": _TOLD[status][0],
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }
    if status in _HEADERS:
        response["headers"] = _HEADERS[status]
    return response


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of `app` a problem, but for the unforeseen ones, which Guard answers."""

    @app.exception_handler(QuestionError)
    @app.exception_handler(FilterError)
    async def question(_: Request, error: QuestionError | FilterError) -> Response:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, _first_message(error))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers) if error.headers else None
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ", ".join(_methods_of(request))
            detail = f"{request.method} is not done here; there is {allowed}."
            return problem(error.status_code, detail, {"Allow": allowed})
        return problem(error.status_code, str(error.detail), headers)


def _methods_of(request: Request) -> list[str]:
    """Return what can be done at a request's path: a framework tells of its first route only."""
    found: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or {"GET"}  # a mount of static files has none
    return sorted(found | {"HEAD"} if "GET" in found else found)


def _first_message(error: RequestValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "json_invalid":
        return "The body is not valid JSON."
    if first["loc"] == ("body",):
        return "The body must be a JSON object, sent with Content-Type: application/json."
    if first["type"] == "extra_forbidden":
        return f"{place}: unknown field; leave it out."
    reason = str(first["ctx"]["error"]) if first["type"] == "value_error" else first["msg"]
    return f"{place}: {reason}."
