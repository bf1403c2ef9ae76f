"""`POST /v1/chat/completions` and `GET /v1/models`, for clients that are made for OpenAI's."""

import time
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.responses import Response

from qa.cited_text import cited_text
from qa.service.asking import Asking
from qa.service.chat import streaming
from qa.service.chat.completion import ChatCompletion, ModelJson, ModelsJson
from qa.service.chat.errors import chat_problem_responses
from qa.service.chat.request import MODEL, ChatBody
from qa.service.openapi import answered_with
from qa.service.problems import GATE

_TOP_K = 5
_EMPTY = "The question is empty: say what you want to know."
_NO_MODEL = f"There is one model: {MODEL}."
_ANSWERED: dict[int | str, dict[str, Any]] = {
    200: answered_with(
        "The answer, or that there is none; with `stream`, events of chunks of it.", "completion"
    )
}
_ANSWERED[200]["content"][streaming.MEDIA_TYPE] = {
    "schema": streaming.EVENT,
    "example": {"data": "[DONE]"},
}


ModelName = Annotated[str, Path(description="The model's name.", examples=[MODEL])]


def add_chat_routes(app: FastAPI, asking: Asking, turn: Any) -> None:
    """Let clients that are made for OpenAI's interface ask, when it is their `turn`.

    Their errors are told as `chat.errors.ChatErrors` does.
    """
    model = ModelJson(id=MODEL, created=int(time.time()))

    @app.post(
        "/v1/chat/completions",
        tags=["Chat"],
        summary="Answer a chat",
        response_model=ChatCompletion,
        responses=_ANSWERED | chat_problem_responses(*GATE, 408, 413, details={400: _EMPTY}),
        dependencies=[turn],
    )
    def create_chat_completion(body: ChatBody, request: Request) -> ChatCompletion | Response:
        """Answer the last question of a conversation with quotes and their sources, or abstain.

        The question is taken as it stands: what was said before is not read.
        """
        answer = asking.ask(body.question, body.top_k or _TOP_K, filters=body.filters)
        written = cited_text(answer)
        base_url = str(request.base_url)
        tokenizer = asking.live.latest.tokenizer
        found = ChatCompletion.of(answer, written, body.model, base_url, tokenizer)
        if not body.stream:
            return found
        usage = bool(body.stream_options and body.stream_options.include_usage)
        told = streaming.events(found, written.pieces, include_usage=usage)
        return Response(told, media_type=streaming.MEDIA_TYPE)

    @app.get(
        "/v1/models",
        tags=["Chat"],
        summary="List the models",
        responses={200: answered_with("The models.", "models"), **chat_problem_responses(*GATE)},
    )
    async def list_models() -> ModelsJson:
        """List what can be asked: one model, which stands for the documents."""
        return ModelsJson(data=[model])

    @app.get(
        "/v1/models/{name}",
        tags=["Chat"],
        summary="Tell of a model",
        responses={
            200: answered_with("The model.", "model"),
            **chat_problem_responses(*GATE, details={404: _NO_MODEL}),
        },
    )
    async def get_model(name: ModelName) -> ModelJson:
        """Tell of a model. A completion takes any name, for there is but one."""
        if name != MODEL:
            raise HTTPException(HTTPStatus.NOT_FOUND, _NO_MODEL)
        return model
