"""Routes that work: a body comes in, a thread works, bytes go out.

FastAPI describes such a route, and could serve it, too, but would visit other threads three times
for a question, and check the answer once more: longer than some questions take to be answered.
"""

import json
from collections.abc import Callable
from email.message import Message
from http import HTTPStatus
from typing import Any, get_type_hints

from fastapi import APIRouter, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from qa.service.openapi import name_of
from qa.service.work_queue import WorkQueue

JSON = "application/json"
_UNREADABLE = "There was an error parsing the body."


def worked_off_by(queue: WorkQueue) -> APIRouter:
    """Return a router whose routes do their work in a thread of `queue`, when it is their turn.

    A route's function takes `body`, a model, and then the request if it wants to; it returns the
    response. The routes are to be added to those of an app.
    """

    class Direct(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Any]:
            work: Callable[..., Response] = self.endpoint
            hints = get_type_hints(work)
            takes_request = hints.get("request") is Request
            model: type[BaseModel] = hints["body"]

            async def answer(request: Request) -> Response:
                body = _read(await request.body(), request.headers.get("content-type"), model)
                return await queue.run(work, body, *([request] if takes_request else []))

            return answer

    return APIRouter(route_class=Direct, generate_unique_id_function=name_of)


def _read(content: bytes, media_type: str | None, model: type[BaseModel]) -> BaseModel:
    """Return the body that is meant. Raises what FastAPI raises, for the same things."""
    if not content or not _is_json(media_type):
        raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "missing"}])
    try:
        found = json.loads(content)
    except json.JSONDecodeError as error:
        told = {"type": "json_invalid", "loc": ("body", error.pos), "msg": error.msg}
        raise RequestValidationError([told]) from error
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, _UNREADABLE) from error
    try:
        return model.model_validate(found)
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        raise RequestValidationError(
            [{**each, "loc": ("body", *each["loc"])} for each in wrong]
        ) from error


def _is_json(media_type: str | None) -> bool:
    if media_type == JSON:
        return True
    message = Message()
    message["content-type"] = media_type or ""
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (
        subtype == "json" or subtype.endswith("+json")
    )
