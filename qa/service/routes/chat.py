"""`/v1/chat/completions` and `/v1/models`, for clients made for OpenAI's interface.

What quotes cannot honour is refused; other fields of that interface have no effect. A stream is
complete before its first event is sent. So a request that cannot be answered gets an HTTP status,
never an event, and a stream that has begun ends well.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any, Literal, Self

import orjson
from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.responses import Response
from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from index.chunking.tokens import Tokenizer
from qa.engine import MAX_TOP_K
from qa.errors import QuestionError
from qa.formats.answer import AnswerJson
from qa.formats.fields import JsonModel, Whole
from qa.formats.marked_text import CitedText, Quoted, cited_text
from qa.question.follow_up import MOST_EARLIER
from qa.question.query import MAX_QUESTION_CHARS, checked
from qa.records import Answer
from qa.service.answerer import Answerer
from qa.service.openapi import NOT_BLANK, answered_with, asked_with
from qa.service.problems import problem_responses
from qa.service.routes.answers import Filters
from qa.service.work_queue import WorkQueue

MODEL = "pincite"
_NO_MODEL = f"There is one model: {MODEL}."
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
    model: str = Field(default=MODEL, max_length=200, description="Any name; it is given back.")
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


class UrlCitation(JsonModel):
    """Where a quote stands in the message, and the document it comes from."""

    start_index: int = Field(ge=0, description="Code points from the start of the content.")
    end_index: int = Field(ge=0, description="End, exclusive.")
    title: str = Field(description="The document's title, else its file's name.")
    url: str = Field(description="Where this service's page shows the words in the document.")


class Annotation(JsonModel):
    """A citation."""

    type: Literal["url_citation"] = Field(default="url_citation", description="The type of all.")
    url_citation: UrlCitation = Field(description="What is cited, and from where.")

    @classmethod
    def of(cls, quoted: Quoted, base_url: str) -> Self:
        """Return the JSON form of a quote; `base_url` is that of the page, with a slash."""
        citation, document = quoted.citation, quoted.citation.document
        place = f"{citation.start}-{citation.end}"
        return cls(
            url_citation=UrlCitation(
                start_index=quoted.start,
                end_index=quoted.end,
                title=document.display_title,
                url=f"{base_url}?at={document.id}.{place}.{document.text_sha256[:12]}",
            )
        )


class AssistantMessage(JsonModel):
    """The answer."""

    role: Literal["assistant"] = Field(default="assistant", description="Who speaks.")
    content: str = Field(description="Quotes with markers like [1], and a list of the sources.")
    refusal: None = Field(default=None, description="Always null.")
    annotations: list[Annotation] = Field(description="The citations, in order.")


class Choice(JsonModel):
    """The one answer."""

    index: Literal[0] = Field(default=0, description="There is only one.")
    message: AssistantMessage = Field(description="The answer.")
    finish_reason: Literal["stop"] = Field(default="stop", description="Answers are never cut off.")
    logprobs: None = Field(default=None, description="Quotes have none.")


class Usage(JsonModel):
    """How much was read and written, in tokens of the encoder."""

    prompt_tokens: int = Field(ge=0, description="Of the question as it was searched.")
    completion_tokens: int = Field(ge=0, description="Of the message's content.")
    total_tokens: int = Field(ge=0, description="Both.")

    @classmethod
    def of(cls, question: str, content: str, tokenizer: Tokenizer) -> Self:
        """Count the tokens of a question and of its answer."""
        read, written = len(tokenizer.tokens(question)), len(tokenizer.tokens(content))
        return cls(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


class ChatCompletion(JsonModel):
    """An answer from the documents, or that there is none."""

    id: str = Field(description="A name for this completion, different each time.")
    object: Literal["chat.completion"] = Field(default="chat.completion", description="What it is.")
    created: int = Field(description="When, in seconds since 1970.")
    model: str = Field(description="The name that was asked for.")
    choices: list[Choice] = Field(description="The one answer.")
    usage: Usage = Field(description="How much was read and written.")
    system_fingerprint: str = Field(description="The snapshot that was answered from.")
    pincite: AnswerJson = Field(description="The answer as `/v1/ask` gives it.")

    @classmethod
    def of(
        cls, answer: Answer, written: CitedText, model: str, base_url: str, tokenizer: Tokenizer
    ) -> Self:
        """Return an answer, and its text with markers, in the form of a completion."""
        message = AssistantMessage(
            content=written.text,
            annotations=[Annotation.of(quoted, base_url) for quoted in written.quoted],
        )
        return cls(
            id=f"chatcmpl-{secrets.token_hex(12)}",
            created=int(time.time()),
            model=model,
            choices=[Choice(message=message)],
            usage=Usage.of(answer.whole_question, written.text, tokenizer),
            system_fingerprint=answer.snapshot,
            pincite=AnswerJson.of(answer),
        )


class ModelJson(JsonModel):
    """A model to ask."""

    id: str = Field(description="Its name.")
    object: Literal["model"] = Field(default="model", description="What it is.")
    created: int = Field(description="When the service started, in seconds since 1970.")
    owned_by: str = Field(default=MODEL, description="Who owns it.")


class ModelsJson(JsonModel):
    """The models to ask."""

    object: Literal["list"] = Field(default="list", description="What it is.")
    data: list[ModelJson] = Field(description="The one model, which stands for the documents.")


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
        responses={200: _COMPLETED},
    )
    async def create_chat_completion(body: ChatBody, request: Request) -> Response:
        """Answer the last question of a conversation with quotes and their sources, or abstain.

        What the question leaves out is taken from earlier messages of the user. The answer says
        what was searched then.
        """
        page = f"{request.base_url}{getattr(request.app.state, 'page', '')}"  # of a collection
        return await questions.run(_complete, answerer, body, page)

    @app.get(
        "/v1/models",
        tags=["Chat"],
        summary="List the models",
        responses={200: answered_with("There is one.", "models")},
    )
    async def list_models() -> ModelsJson:
        """List the models: there is one, which stands for the documents."""
        return ModelsJson(data=[model])

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
        """Describe a model. A completion takes any name, for there is only one."""
        if name != MODEL:
            raise HTTPException(HTTPStatus.NOT_FOUND, _NO_MODEL)
        return model


def _complete(answerer: Answerer, body: ChatBody, base_url: str) -> Response:
    engine = answerer.live.latest
    history = [
        checked(text, engine.tokenizer, engine.model.max_tokens, place)
        for place, text in body.earlier.items()
    ]
    answer = answerer.ask(
        body.question, body.top_k or _TOP_K, filters=body.filters, history=history
    )
    written = cited_text(answer)
    completion = ChatCompletion.of(answer, written, body.model, base_url, engine.tokenizer)
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
