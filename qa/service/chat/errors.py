"""Errors that chat clients can read, too: problem details that also have OpenAI's `error`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.formats.fields import WireModel
from qa.service.problems import MEDIA_TYPE, Problem, Responses, problem_responses

PATHS = ("/v1/chat/", "/v1/models")


class ChatError(WireModel):
    """What is wrong, where OpenAI's clients look for it."""

    message: str = Field(
        description="What is wrong and what to do.",
        examples=["The question is empty: say what you want to know."],
    )
    type: str = Field(description="The kind of error.", examples=["invalid_request_error"])
    param: None = Field(default=None, description="Told in the message.", examples=[None])
    code: None = Field(
        default=None, description="The HTTP status is all there is.", examples=[None]
    )


class ChatProblem(Problem):
    """The body of every error of these routes."""

    error: ChatError = Field(description="The same for OpenAI's clients.")


def chat_problem_responses(*statuses: int) -> Responses:
    """Describe the errors of a route of these, which has no 422 among them."""
    responses = problem_responses(*statuses)
    for told in responses.values():
        [content] = told["content"].values()
        example = content["example"]
        content["schema"] = {"$ref": "#/components/schemas/ChatProblem"}
        content["example"] = example | {"error": _error(example).model_dump()}
    return responses


class ChatErrors:
    """ASGI middleware: adds `error` to the problems of the routes that chat clients call.

    What is wrong with a request is 400 there and not 422, as these clients expect.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; hold an error back until its body is whole."""
        if scope["type"] != "http" or not scope["path"].startswith(PATHS):
            await self._app(scope, receive, send)
            return
        held: Message | None = None
        body = b""

        async def told(message: Message) -> None:
            nonlocal held, body
            if message["type"] == "http.response.start":
                if Headers(raw=message["headers"]).get("content-type") == MEDIA_TYPE:
                    held = message
                    return
            elif held:
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                message["body"] = _rewritten(held, body)
                await send(held)
            await send(message)

        await self._app(scope, receive, told)


def _rewritten(start: Message, body: bytes) -> bytes:
    """Return the body of a problem with `error` in it; status and length in `start` follow."""
    found: dict[str, Any] = orjson.loads(body)
    if found["status"] == HTTPStatus.UNPROCESSABLE_ENTITY:
        bad = HTTPStatus.BAD_REQUEST
        found |= {"status": bad.value, "title": bad.phrase}
    content = orjson.dumps(found | {"error": _error(found).model_dump()})
    start["status"] = found["status"]
    MutableHeaders(scope=start)["Content-Length"] = str(len(content))
    return content


def _error(found: Mapping[str, Any]) -> ChatError:
    return ChatError(message=found["detail"], type=_type_of(found["status"]))


def _type_of(status: int) -> str:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    known = {
        HTTPStatus.UNAUTHORIZED: "authentication_error",
        HTTPStatus.FORBIDDEN: "permission_error",
        HTTPStatus.NOT_FOUND: "not_found_error",
        HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    }
    return known.get(HTTPStatus(status), "invalid_request_error")
