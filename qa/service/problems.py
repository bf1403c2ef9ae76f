"""Errors as RFC 9457 problem details: what is wrong and what to do, never a path or a traceback.

The problems of the chat routes also have an `error`, which clients for OpenAI's interface read.
"""

import difflib
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Self

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from index.errors import PartitionAwayError, StoreAwayError, StoreMissingError
from qa.errors import FilterError, QuestionError
from qa.formats.fields import JsonModel
from qa.service.addresses import split_path

MEDIA_TYPE = "application/problem+json"
_MAX_DETAIL_CHARS = 500
NO_COLLECTION = "There is no collection of that name, or it was removed."
_NOT_FOUND = HTTPStatus.NOT_FOUND.phrase

_log = logging.getLogger("pincite")

Responses = dict[int | str, dict[str, Any]]
"""The `responses` of a route: what FastAPI adds to the document, by status."""

_DESCRIPTIONS = {
    400: "The request cannot be read, or names a host that the service does not answer under.",
    401: "The request has no API key, or one that is not valid.",
    403: "Another site's page sent the request, or its key does not have the right, or opens other "
    "collections only.",
    404: "There is nothing with that name.",
    408: "The body took too long to come.",
    409: "The id belongs to a document that was not uploaded under it.",
    410: "The file that the document was read from is gone or was changed.",
    413: "The body is too large.",
    415: "Pincite cannot read this kind of body, or of file in the form.",
    422: "The request cannot be done; `detail` says what to change.",
    429: "Too many requests; come again later.",
    500: "Something unforeseen went wrong.",
    503: "Not possible for the moment; come again later.",
    507: "There is no room for more.",
}
_EXAMPLES = {
    400: "This service does not answer under that host name.",
    401: "This service asks for an API key: send the header `Authorization: Bearer KEY`.",
    403: "Requests from another site's pages are not answered.",
    404: NO_COLLECTION,
    408: "The body did not come in time; send it again.",
    413: "The body is larger than 1024 KiB; send less.",
    422: "The question is empty: say what you want to know.",
    429: "Too many requests; the next one is answered in 5 s.",
    500: "Something went wrong here; see the service's log.",
    503: "More is asked for than can be answered just now; try again in a second.",
}
_RETRY_AFTER = {
    "description": "After how many seconds to try again.",
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


class Problem(JsonModel):
    """The body of every error (RFC 9457)."""

    type: str = Field(default="about:blank", description="Always about:blank.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(max_length=_MAX_DETAIL_CHARS, description="What is wrong and what to do.")


class ProblemResponse(Response):
    """An error. Of the chat routes, it has the form that their clients read."""

    media_type = MEDIA_TYPE

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None) -> None:
        super().__init__(problem.model_dump_json(), problem.status, headers)
        self._problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if split_path(scope["path"])[1].startswith(_CHAT_PATHS):
            for_chat = ChatProblem.of(self._problem)
            self.status_code, self.body = for_chat.status, for_chat.model_dump_json().encode()
            self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> ProblemResponse:
    """Return an error response. `detail` may quote what was sent, which may be anything."""
    detail = detail[:_MAX_DETAIL_CHARS].encode(errors="replace").decode()
    told = Problem(title=HTTPStatus(status).phrase, status=int(status), detail=detail)
    return ProblemResponse(told, headers)


def problem_of(error: HTTPException) -> ProblemResponse:
    """Return the response for an error."""
    return problem(error.status_code, error.detail, error.headers)


def not_now(detail: str, wait_s: int) -> HTTPException:
    """Return an error that asks to come again in `wait_s` seconds."""
    return HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": str(wait_s)})


STORE_AWAY = not_now(
    "The server that has the documents cannot be reached just now; try again in a few seconds.", 2
)


def problem_responses(details: Mapping[int, str]) -> Responses:
    """Describe errors of a route, each with an example of its `detail`."""
    return {status: _described(status, detail) for status, detail in details.items()}


def usual_problem(status: int) -> dict[str, Any]:
    """Describe an error with its usual example."""
    return _described(status, _EXAMPLES[status])


def _described(status: int, detail: str) -> dict[str, Any]:
    example = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail).model_dump()
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": _DESCRIPTIONS[status],
        "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
        **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
    }


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of `app` a problem, except unforeseen ones, which Guard answers."""

    @app.exception_handler(QuestionError)
    @app.exception_handler(FilterError)
    async def question(_: Request, error: QuestionError | FilterError) -> Response:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    @app.exception_handler(StoreMissingError)
    async def missing(_: Request, __: StoreMissingError) -> Response:
        return problem(HTTPStatus.NOT_FOUND, NO_COLLECTION)

    @app.exception_handler(StoreAwayError)
    async def away(_: Request, error: StoreAwayError) -> Response:
        if isinstance(error, PartitionAwayError):  # nobody watches those servers
            _log.warning("%s", error)
        return problem_of(STORE_AWAY)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, _first_message(error))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ", ".join(_methods_of(request))
            detail = f"{request.method} is not possible here; possible are {allowed}."
            return problem(error.status_code, detail, {"Allow": allowed})
        if error.status_code == HTTPStatus.NOT_FOUND and error.detail == _NOT_FOUND:
            return problem(error.status_code, _no_route(request))
        return problem_of(error)


def _no_route(request: Request) -> str:
    """Say what to do about a path without a route, in place of Starlette's "Not Found"."""
    described = (route for route in request.app.routes if isinstance(route, APIRoute))
    paths = [route.path for route in described if route.include_in_schema]
    nearest = difflib.get_close_matches(request.url.path, paths, n=1)
    prefix = getattr(request.app.state, "prefix", "/v1/")  # of a collection
    hint = f" Did you mean {nearest[0].replace('/v1/', prefix, 1)}?" if nearest else ""
    return f"There is nothing at this path.{hint} /docs describes all routes."


def _methods_of(request: Request) -> list[str]:
    """Return the methods of all routes at a request's path; Starlette knows those of the first."""
    methods: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            # A mount of static files has no methods.
            methods |= getattr(route, "methods", None) or {"GET"}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


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


_CHAT_PATHS = ("/v1/chat/", "/v1/models")
_CHAT_ERRORS = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


class ChatError(JsonModel):
    """What is wrong, where OpenAI's clients look for it."""

    message: str = Field(description="What is wrong and what to do.")
    type: str = Field(description="The kind of error.")
    param: None = Field(default=None, description="Always null.")
    code: None = Field(default=None, description="Always null.")


class ChatProblem(Problem):
    """The body of every error of these routes."""

    error: ChatError = Field(description="The same for OpenAI's clients.")

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Return a problem with `error`. A bad request is 400, not 422, as these clients expect."""
        bad = problem.status == HTTPStatus.UNPROCESSABLE_ENTITY
        status = HTTPStatus.BAD_REQUEST if bad else HTTPStatus(problem.status)
        other = "server_error" if status >= 500 else "invalid_request_error"
        error = ChatError(message=problem.detail, type=_CHAT_ERRORS.get(status, other))
        return cls(title=status.phrase, status=status.value, detail=problem.detail, error=error)


def describe_chat_problem(response: dict[str, Any]) -> None:
    """Add `error` to the description of a problem."""
    content = response["content"][MEDIA_TYPE]
    content["schema"] = {"$ref": "#/components/schemas/ChatProblem"}
    content["example"] = ChatProblem.of(Problem(**content["example"])).model_dump()
