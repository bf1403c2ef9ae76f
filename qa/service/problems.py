"""Errors as RFC 9457 problem details: what is wrong and what to do, never a path or a traceback."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from qa.errors import FilterError, QuestionError

MEDIA_TYPE = "application/problem+json"
_MAX_DETAIL_CHARS = 500


class Problem(BaseModel):
    """The body of every error."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="What is wrong and what to do.")


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an error response. `detail` may quote what was sent, which may be anything."""
    detail = detail[:_MAX_DETAIL_CHARS].encode(errors="replace").decode()
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(body.model_dump(), status, headers, media_type=MEDIA_TYPE)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe, for the OpenAPI page, the errors that a route can give."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of `app` a problem, but for the unforeseen ones, which Guard answers."""

    @app.exception_handler(QuestionError)
    @app.exception_handler(FilterError)
    async def question(_: Request, error: QuestionError | FilterError) -> JSONResponse:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, _first_message(error))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers) if error.headers else None
        return problem(error.status_code, str(error.detail), headers)


def _first_message(error: RequestValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "json_invalid":
        return "The body is not valid JSON."
    if first["loc"] == ("body",):
        return "The body must be a JSON object, sent with Content-Type: application/json."
    if first["type"] == "extra_forbidden":
        return f"{place}: unknown field; leave it out."
    return f"{place}: {first['msg']}."
