"""`/v1/chat/completions` and `/v1/models`, for clients made for OpenAI's interface.

A stream is complete before its first event is sent. So a request that cannot be answered gets an
HTTP status, never an event, and a stream that has begun ends well.
"""

import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.responses import Response

from qa.formats.marked_text import cited_text
from qa.service.answerer import Answerer
from qa.service.openapi import answered_with, asked_with
from qa.service.problems import GATE, chat_problem_responses
from qa.service.routes.chat_schemas import MODEL, ChatBody, ChatCompletion, ModelJson, ModelsJson
from qa.service.work_queue import WorkQueue

_TOP_K = 5
_EVENT_STREAM = "text/event-stream"
_EVENT = {
    "type": "object",
    "description": "An event.",
    "properties": {
        "data": {
            "type": "string",
            "description": "A chunk in JSON; of the last event, `[DONE]`.",
        }
    },
    "required": ["data"],
}
_COMPLETED = answered_with("The answer, or that there is none; streamed, in events.", "completion")
_COMPLETED["content"][_EVENT_STREAM] = {"schema": _EVENT, "example": {"data": "[DONE]"}}

ModelName = Annotated[str, Path(description="The model's name.", examples=[MODEL])]


def add_chat_routes(app: FastAPI, answerer: Answerer, questions: WorkQueue) -> None:
    """Add the routes for chat clients; completions take turns in `questions`."""
    model = ModelJson(id=MODEL, created=int(time.time()))

    @app.post(
        "/v1/chat/completions",
        tags=["Chat"],
        summary="Answer a chat",
        response_model=ChatCompletion,
        openapi_extra=asked_with("chat"),
        responses={200: _COMPLETED, **chat_problem_responses(*GATE, 408, 413)},
    )
    async def create_chat_completion(body: ChatBody, request: Request) -> Response:
        """Answer the last question of a conversation with quotes and their sources, or abstain.

        The question is taken as it stands: earlier messages are not read.
        """
        return await questions.run(_complete, answerer, body, str(request.base_url))

    @app.get(
        "/v1/models",
        tags=["Chat"],
        summary="List the models",
        responses={200: answered_with("There is one.", "models"), **chat_problem_responses(*GATE)},
    )
    async def list_models() -> ModelsJson:
        """List the models: there is one, which stands for the documents."""
        return ModelsJson(data=[model])

    @app.get(
        "/v1/models/{name}",
        tags=["Chat"],
        summary="Describe a model",
        responses={200: answered_with("The model.", "model"), **chat_problem_responses(*GATE, 404)},
    )
    async def get_model(name: ModelName) -> ModelJson:
        """Describe a model. A completion takes any name, for there is only one."""
        if name != MODEL:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"There is one model: {MODEL}.")
        return model


def _complete(answerer: Answerer, body: ChatBody, base_url: str) -> Response:
    answer = answerer.ask(body.question, body.top_k or _TOP_K, filters=body.filters)
    written = cited_text(answer)
    tokenizer = answerer.live.latest.tokenizer
    completion = ChatCompletion.of(answer, written, body.model, base_url, tokenizer)
    if not body.stream:
        return Response(completion.model_dump_json(), media_type="application/json")
    usage = bool(body.stream_options and body.stream_options.include_usage)
    chunks = map(orjson.dumps, _chunks(completion, written.pieces, include_usage=usage))
    events = b"".join(b"data: %b\n\n" % data for data in (*chunks, b"[DONE]"))
    return Response(events, media_type=_EVENT_STREAM)


def _chunks(
    completion: ChatCompletion, pieces: Sequence[str], *, include_usage: bool
) -> Iterator[dict[str, Any]]:
    """Yield a completion in chunks; its content comes in `pieces`.

    The last chunk with a choice has the annotations and `pincite`. With `include_usage`, one more
    chunk follows, which has the usage and no choice.
    """
    whole = completion.model_dump(mode="json")
    head = {name: whole[name] for name in ("id", "created", "model", "system_fingerprint")}
    head |= {"object": "chat.completion.chunk"} | ({"usage": None} if include_usage else {})
    message = whole["choices"][0]["message"]
    yield head | _choice({"role": message["role"], "content": ""})
    for piece in pieces:
        yield head | _choice({"content": piece})
    end = _choice({"annotations": message["annotations"]}, completion.choices[0].finish_reason)
    yield head | end | {"pincite": whole["pincite"]}
    if include_usage:
        yield head | {"choices": [], "usage": whole["usage"]}


def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return {"choices": [choice]}
