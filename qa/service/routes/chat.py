"""`/v1/chat/completions` and `/v1/models`, for clients made for OpenAI's interface.

What quotes cannot honour is refused; other fields of that interface have no effect. The quotes are
complete before the first event of a stream is sent. So a request that cannot be answered gets an
HTTP status, never an event, and a stream that has begun ends well. What a language model writes
comes sentence by sentence.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any, Literal

import orjson
from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.responses import Response
from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from index.chunking.tokens import Tokenizer
from qa.engine import MAX_TOP_K
from qa.errors import QuestionError
from qa.formats.completion import (
    ChatCompletion,
    Chunk,
    chunk_head,
    content_chunk,
    first_chunk,
    last_chunks,
)
from qa.formats.fields import JsonModel, Whole
from qa.formats.marked_text import CitedText, cited_text, sentence_piece
from qa.question.follow_up import MOST_EARLIER
from qa.question.query import MAX_QUESTION_CHARS, checked
from qa.records import Answer, WrittenAnswer, WrittenSentence
from qa.service.answerer import Answerer
from qa.service.openapi import NOT_BLANK, answered_with, asked_with
from qa.service.problems import problem_responses
from qa.service.routes.answers import Filters
from qa.service.work_queue import WorkQueue
from qa.service.written_answers import (
    EVENT_STREAM,
    EventStream,
    WritingTurn,
    WrittenAnswers,
    with_passages,
)
from qa.written.sources import MOST_SOURCES

MODEL, WRITTEN_MODEL = "pincite", "pincite-written"
_NO_MODEL = f"There is no such model. GET /v1/models lists them; {MODEL} is one."
_TEXT = {
    "type": "string",
    "description": "The question.",
    "pattern": NOT_BLANK,
    "maxLength": MAX_QUESTION_CHARS,
}
_PART = {
    "type": "object",
    "properties": {
        "type": {"const": "text", "description": "Only parts with text are read."},
        "text": _TEXT,
    },
    "required": ["type", "text"],
}
# Earlier turns are not read: they may hold images, or nothing at all.
_Content = Annotated[
    Any, WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _PART, "minItems": 1}]})
]


def _refuse_true(wanted: bool) -> bool:  # noqa: FBT001 (a field's value)
    if wanted:
        raise PydanticCustomError("not_supported", "it is not supported; leave it out")
    return wanted


# Bounds stand within the type: beside None, the schema would lose them.
_One = Annotated[int, Field(ge=1, le=1), Whole]
_TopK = Annotated[int, Field(ge=1, le=MAX_TOP_K), Whole]
_False = Annotated[bool, AfterValidator(_refuse_true), WithJsonSchema({"const": False})]


class LenientModel(JsonModel):
    """Base of what chat clients send: unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")


def _require_content(schema: JsonDict) -> None:
    """Describe what is useful: a message without content is accepted, but asks nothing."""
    schema["required"] = ["role", "content"]


class Message(LenientModel):
    """A turn of the conversation."""

    model_config = ConfigDict(json_schema_extra=_require_content)

    role: str = Field(max_length=64, description="Who speaks; `user` asks.")
    content: _Content = Field(default=None, description="Text, or a list of text parts.")


class StreamOptions(LenientModel):
    """How to stream."""

    include_usage: bool | None = Field(
        default=None, description="Whether a last chunk tells the usage."
    )


class TextFormat(LenientModel):
    """The only format of an answer."""

    type: Literal["text"] = Field(description="Answers are quotes, never JSON.")


class ChatBody(LenientModel):
    """A conversation. Its last question is answered with quotes.

    What the question leaves out is taken from those before it.

    The other fields of OpenAI's interface (`temperature`, `max_tokens`, `stop`, `seed`, `user` and
    so on) are accepted and have no effect. You may give `tools`; none is called.
    """

    messages: list[Message] = Field(
        min_length=1,
        max_length=2000,
        description="The last message with the role `user` is answered. What it leaves out is "
        f"taken from the {MOST_EARLIER} messages of the user before it that have text, which must "
        "be as short as a question; others are not read.",
        json_schema_extra={
            "contains": {"properties": {"role": {"const": "user"}}, "required": ["role"]}
        },
    )
    model: str = Field(
        default=MODEL,
        max_length=200,
        description=f"`{WRITTEN_MODEL}` has a language model write the answer, if the service has "
        "one; any other name gets quotes. The name is given back.",
    )
    stream: bool | None = Field(default=None, description="Whether to answer in chunks, as events.")
    stream_options: StreamOptions | None = Field(default=None, description="How to stream.")
    n: _One | None = Field(default=None, description="There is one answer.")
    tool_choice: Literal["auto", "none"] | None = Field(
        default=None, description="No tool is called."
    )
    response_format: TextFormat | None = Field(default=None, description="Answers are text.")
    logprobs: _False | None = Field(default=None, description="Quotes have none.")
    filters: Filters | None = Field(
        default=None, description="Answer only from documents that match, as in `/v1/ask`."
    )
    top_k: _TopK | None = Field(default=None, description="How many passages to return (5).")

    @property
    def question(self) -> str:
        """What the user said last. Raises QuestionError if that is nothing, or no text."""
        asked = [message.content for message in self.messages if message.role == "user"]
        if not asked:
            raise QuestionError("No message has the role user: there is no question.")
        return _text_in(asked[-1])

    @property
    def earlier(self) -> dict[str, str]:
        """What the user said before that, oldest first, by its place; without what is no text."""
        asked = [(i, each) for i, each in enumerate(self.messages) if each.role == "user"]
        earlier: dict[str, str] = {}
        for i, message in asked[:-1][-MOST_EARLIER:]:
            with suppress(QuestionError):
                if (text := _text_in(message.content)).strip():
                    earlier[f"messages[{i}]"] = text
        return earlier


def _text_in(content: Any) -> str:
    """Return the text of a message. Raises QuestionError if it is none."""
    if isinstance(content, list):
        return "\n".join(map(_text_of, content))
    if not isinstance(content, str):
        raise QuestionError("The question must be text, or a list of text parts.")
    return content


def _text_of(part: Any) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind != "text" or not isinstance(part.get("text"), str):
        named = f"is of the type {kind!r:.80}" if isinstance(kind, str) else "has no type"
        raise QuestionError(
            f"Pincite reads text only, and a part of the question {named}: leave it out."
        )
    return str(part["text"])


class ModelJson(JsonModel):
    """A model to ask."""

    id: str = Field(description="Its name.")
    object: Literal["model"] = Field(default="model", description="What it is.")
    created: int = Field(description="When the service started, in seconds since 1970.")
    owned_by: str = Field(default=MODEL, description="Who owns it.")


class ModelsJson(JsonModel):
    """The models to ask."""

    object: Literal["list"] = Field(default="list", description="What it is.")
    data: list[ModelJson] = Field(
        description=f"`{MODEL}` quotes; `{WRITTEN_MODEL}` is there if the service has a language "
        "model that writes."
    )


_TOP_K = 5
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
_COMPLETED["content"][EVENT_STREAM] = {"schema": _EVENT, "example": {"data": "[DONE]"}}

ModelName = Annotated[str, Path(description="The model's name.", examples=[MODEL])]


def add_chat_routes(
    app: FastAPI, answerer: Answerer, questions: WorkQueue, written: WrittenAnswers
) -> None:
    """Add the routes for chat clients; completions take turns in `questions`.

    What a language model writes takes turns in `written`.
    """
    names = (MODEL, WRITTEN_MODEL) if written.can_write else (MODEL,)
    models = {name: ModelJson(id=name, created=int(time.time())) for name in names}

    @app.post(
        "/v1/chat/completions",
        tags=["Chat"],
        summary="Answer a chat",
        response_model=ChatCompletion,
        openapi_extra=asked_with("chat"),
        responses={200: _COMPLETED},
    )
    async def create_chat_completion(body: ChatBody, request: Request) -> Response:
        """Answer the last question of a conversation with quotes and their sources, or abstain.

        What the question leaves out is taken from earlier messages of the user. The answer says
        what was searched then. Where the service has a language model, `pincite-written` has it
        write the answer: each sentence is checked against what it cites.
        """
        page = f"{request.base_url}{getattr(request.app.state, 'page', '')}"  # of a collection
        if body.model != WRITTEN_MODEL:
            return await questions.run(_complete, answerer, body, page)
        with ExitStack() as opened:
            turn = opened.enter_context(written.turn())
            asked = await questions.run(_ask, answerer, body, page)
            if body.stream and asked.answer.answered:
                opened.pop_all()  # the response closes the turn
                return EventStream(_written_events(answerer, asked, turn), turn)
            if asked.answer.answered:
                answer = await turn.whole(request, asked.answer, asked.history)
                asked = replace(asked, answer=answer)
        if asked.answer.written:
            answerer.note_written(asked.answer.written)
        return await asyncio.to_thread(_completed, asked)

    @app.get(
        "/v1/models",
        tags=["Chat"],
        summary="List the models",
        responses={200: answered_with("There are one or two.", "models")},
    )
    async def list_models() -> ModelsJson:
        """List the models: one that quotes, and one that writes if the service has such."""
        return ModelsJson(data=list(models.values()))

    @app.get(
        "/v1/models/{name}",
        tags=["Chat"],
        summary="Describe a model",
        responses={
            200: answered_with("The model.", "model"),
            **problem_responses({404: _NO_MODEL}),
        },
    )
    async def get_model(name: ModelName) -> ModelJson:
        """Describe a model. A completion takes other names, too, and quotes."""
        if name not in models:
            raise HTTPException(HTTPStatus.NOT_FOUND, _NO_MODEL)
        return models[name]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The question of a conversation, and its answer; `base_url` is that of the page."""

    body: ChatBody
    history: Sequence[str]
    answer: Answer
    base_url: str
    tokenizer: Tokenizer

    def completion(self, marked: CitedText) -> ChatCompletion:
        """Return the answer, whose text with markers is `marked`, as a completion."""
        answer = with_passages(self.answer, self.body.top_k or _TOP_K)
        return ChatCompletion.of(answer, marked, self.body.model, self.base_url, self.tokenizer)

    def head(self) -> Chunk:
        """Return what all chunks of a stream begin with."""
        options = self.body.stream_options
        usage = bool(options and options.include_usage)
        return chunk_head(self.body.model, self.answer.snapshot, include_usage=usage)


def _ask(answerer: Answerer, body: ChatBody, base_url: str) -> _Asked:
    engine = answerer.live.latest
    history = [
        checked(text, engine.tokenizer, engine.model.max_tokens, place)
        for place, text in body.earlier.items()
    ]
    top_k = body.top_k or _TOP_K
    if body.model == WRITTEN_MODEL:
        top_k = max(top_k, MOST_SOURCES)
    answer = answerer.ask(body.question, top_k, filters=body.filters, history=history)
    return _Asked(body, history, answer, base_url, engine.tokenizer)


_DONE = b"data: [DONE]\n\n"


def _complete(answerer: Answerer, body: ChatBody, base_url: str) -> Response:
    return _completed(_ask(answerer, body, base_url))


def _completed(asked: _Asked) -> Response:
    marked = cited_text(asked.answer)
    completion = asked.completion(marked)
    if not asked.body.stream:
        return Response(completion.model_dump_json(), media_type="application/json")
    head = asked.head()
    chunks = (first_chunk(head), *last_chunks(head, completion, marked.pieces))
    return Response(b"".join((*map(_event, chunks), _DONE)), media_type=EVENT_STREAM)


async def _written_events(
    answerer: Answerer, asked: _Asked, turn: WritingTurn
) -> AsyncIterator[bytes]:
    """Yield the chunks of an answer as it is written; the quotes follow if no sentence is left."""
    head = asked.head()
    yield _event(first_chunk(head))
    sentences = 0
    async for event in turn.events(asked.answer, asked.history):
        if isinstance(event, WrittenSentence):
            yield _event(content_chunk(head, sentence_piece(event, first=not sentences)))
            sentences += 1
        elif isinstance(event, WrittenAnswer):
            answerer.note_written(event)
            asked = replace(asked, answer=replace(asked.answer, written=event))
    yield await asyncio.to_thread(_last_events, head, asked, sentences)


def _last_events(head: Chunk, asked: _Asked, sentences: int) -> bytes:
    """Return the events behind those of so many sentences."""
    marked = cited_text(asked.answer)
    chunks = last_chunks(head, asked.completion(marked), marked.pieces[sentences:])
    return b"".join((*map(_event, chunks), _DONE))


def _event(chunk: Chunk) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(chunk)
