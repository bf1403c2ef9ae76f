"""`POST /v1/chat/completions` and `GET /v1/models`, for clients that are made for OpenAI's."""

import time
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.responses import Response

from qa.formats.marked_text import cited_text
from qa.service.asking import Asking
from qa.service.chat import streaming
from qa.service.chat.completion import ChatCompletion, ModelJson, ModelsJson
from qa.service.chat.errors import chat_problem_responses
from qa.service.chat.request import MODEL, ChatBody
from qa.service.direct import JSON, worked_off_by
from qa.service.openapi import answered_with
from qa.service.problems import GATE
from qa.service.work_queue import WorkQueue

_TOP_K = 5
ModelName = Annotated[str, Path(description="The model's name.", examples=[MODEL])]


def add_chat_routes(app: FastAPI, asking: Asking, queue: WorkQueue) -> None:
    """Let clients that are made for OpenAI's interface ask; they are answered in turn.

    Their errors are told as `chat.errors.ChatErrors` does.
    """
    model = ModelJson(id=MODEL, created=int(time.time()))

    router = worked_off_by(queue)

    @router.post(
        "/v1/chat/completions",
        tags=["Chat"],
        summary="Answer a chat",
        response_model=ChatCompletion,
        responses={200: _answered(), **chat_problem_responses(*GATE, 408, 413)},
    )
    def create_chat_completion(body: ChatBody, request: Request) -> Response:
        """Answer the last question of a conversation with quotes and their sources, or abstain.

        The question is taken as it stands: what was said before is not read.
        """
        answer = asking.ask(body.question, body.top_k or _TOP_K, filters=body.filters)
        written = cited_text(answer)
        base_url = str(request.base_url)
        tokenizer = asking.live.latest.tokenizer
        found = ChatCompletion.of(answer, written, body.model, base_url, tokenizer)
        if not body.stream:
            return Response(found.model_dump_json(), media_type=JSON)
        usage = bool(body.stream_options and body.stream_options.include_usage)
        told = streaming.events(found, written.pieces, include_usage=usage)
        return Response(told, media_type=streaming.MEDIA_TYPE)

    app.router.routes += router.routes

    @app.get(
        "/v1/models",
        tags=["Chat"],
        summary="List the models",
        responses={200: answered_with("There is one.", "models"), **chat_problem_responses(*GATE)},
    )
    async def list_models() -> ModelsJson:
        """List what can be asked: one model, which stands for the documents."""
        return ModelsJson(data=[model])

    @app.get(
        "/v1/models/{name}",
        tags=["Chat"],
        summary="Tell of a model",
        responses=chat_problem_responses(*GATE, 404),
    )
    async def get_model(name: ModelName) -> ModelJson:
        """Tell of a model. A completion takes any name, for there is but one."""
        if name != MODEL:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"There is one model: {MODEL}.")
        return model


def _answered() -> dict[str, Any]:
    told = answered_with("The answer, or that there is none; streamed, in events.", "completion")
    told["content"][streaming.MEDIA_TYPE] = {
        "schema": streaming.EVENT,
        "example": {"data": "[DONE]"},
    }
    return told
