"""What chat clients send and get.

What quotes cannot honour is refused; all else has no effect. What clients get is the answer as
text with its sources, and as `/v1/ask` gives it.
"""

import secrets
import time
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from index.chunking.tokens import Tokenizer
from qa.engine import MAX_TOP_K
from qa.errors import QuestionError
from qa.formats.answer import AnswerJson
from qa.formats.fields import Whole, WireModel
from qa.formats.marked_text import CitedText, Quoted
from qa.question.query import MAX_QUESTION_CHARS
from qa.records import Answer
from qa.service.openapi import NOT_BLANK
from qa.service.routes.answers import Filters

MODEL = "pincite"
_MAX_MESSAGES = 2000
_TEXT = {
    "type": "string",
    "description": "What is asked.",
    "pattern": NOT_BLANK,
    "maxLength": MAX_QUESTION_CHARS,
    "examples": ["when do you open"],
}
_KIND = {"const": "text", "description": "No other part is read.", "examples": ["text"]}
_PART = {
    "type": "object",
    "properties": {"type": _KIND, "text": _TEXT},
    "required": ["type", "text"],
}
# Earlier turns are not read: they may hold images, or nothing at all.
_Content = Annotated[
    Any, WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _PART, "minItems": 1}]})
]


def _no(wanted: bool) -> bool:  # noqa: FBT001 (a field's value)
    if wanted:
        raise PydanticCustomError("not_supported", "it is not supported; leave it out")
    return wanted


# Bounds stand within the type: beside None, the schema would lose them.
_One = Annotated[int, Field(ge=1, le=1), Whole]
_TopK = Annotated[int, Field(ge=1, le=MAX_TOP_K), Whole]
_No = Annotated[bool, AfterValidator(_no), WithJsonSchema({"const": False})]


def _constant(value: Any, description: str) -> Any:
    """Return the field of a value that is always the same."""
    return Field(default=value, description=description, examples=[value])


class LenientModel(WireModel):
    """Base of what chat clients send: fields that mean nothing here are ignored."""

    model_config = ConfigDict(extra="ignore")


def _with_content(schema: JsonDict) -> None:
    """Describe what is of use: a message without content may be there, and says nothing."""
    schema["required"] = ["role", "content"]


class Message(LenientModel):
    """A turn of the conversation."""

    model_config = ConfigDict(json_schema_extra=_with_content)

    role: str = Field(
        max_length=64,
        description="The last message of the role `user` is asked.",
        examples=["user"],
    )
    content: _Content = Field(
        default=None,
        description="Text, or a list of text parts. Only that of the user's last message is read.",
        examples=["why do I get pimples after microneedling"],
    )


class StreamOptions(LenientModel):
    """How to stream."""

    include_usage: bool | None = Field(
        default=None,
        description="Whether to send a last chunk that tells the usage.",
        examples=[True],
    )


class TextFormat(LenientModel):
    """The only form of an answer there is."""

    type: Literal["text"] = Field(description="Answers are quotes, never JSON.", examples=["text"])


class ChatBody(LenientModel):
    """A conversation, of which the last question is answered.

    The answer is made of quotes. What else this interface knows (`temperature`, `top_p`,
    `max_tokens`, `max_completion_tokens`, `stop`, `seed`, `user`, penalties and so on) is accepted
    and has no effect. `tools` may be given, and none is called.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": MODEL,
                    "messages": [
                        {"role": "user", "content": "why do I get pimples after microneedling"}
                    ],
                }
            ]
        }
    )

    messages: list[Message] = Field(
        min_length=1,
        max_length=_MAX_MESSAGES,
        description="One at least of the role `user`: the last of these is answered as it stands, "
        "without what was said before.",
        json_schema_extra={
            "contains": {"properties": {"role": {"const": "user"}}, "required": ["role"]}
        },
    )
    model: str = Field(
        default=MODEL, max_length=200, description="Any name; it is given back.", examples=[MODEL]
    )
    stream: bool | None = Field(
        default=None, description="Whether to answer in chunks, as events.", examples=[False]
    )
    stream_options: StreamOptions | None = Field(default=None, description="How to stream.")
    n: _One | None = Field(default=None, description="There is one answer.", examples=[1])
    tool_choice: Literal["auto", "none"] | None = Field(
        default=None, description="No tool is called.", examples=["auto"]
    )
    response_format: TextFormat | None = Field(default=None, description="Text is all there is.")
    logprobs: _No | None = Field(default=None, description="Quotes have none.", examples=[False])
    filters: Filters | None = Field(
        default=None,
        description="Answer only from documents that match, as in `/v1/ask`.",
        examples=[{}],
    )
    top_k: _TopK | None = Field(
        default=None, description="How many passages to return, 5 by default.", examples=[5]
    )

    @property
    def question(self) -> str:
        """What the user said last. Raises QuestionError if that is nothing, or no text."""
        asked = [message.content for message in self.messages if message.role == "user"]
        if not asked:
            raise QuestionError("No message has the role user: there is no question.")
        content = asked[-1]
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


class UrlCitation(WireModel):
    """Where a quote stands in the message, and the document it is from."""

    start_index: int = Field(
        ge=0, description="Code points from the start of the message's content.", examples=[0]
    )
    end_index: int = Field(ge=0, description="End, exclusive.", examples=[122])
    title: str = Field(
        description="The document's title, else its file's name.",
        examples=["000_6552478e434a9112.txt"],
    )
    url: str = Field(
        description="Where this service's page shows the words in the document.",
        examples=["http://127.0.0.1:8000/?at=clinic-hours.0-24.0d79377aabf6"],
    )


class Annotation(WireModel):
    """A citation."""

    type: Literal["url_citation"] = _constant("url_citation", "All are of this type.")
    url_citation: UrlCitation = Field(description="What is cited, and from where.")

    @classmethod
    def of(cls, quoted: Quoted, base_url: str) -> Self:
        """Return the JSON form of a quote; `base_url` is this service's, with a slash."""
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


class AssistantMessage(WireModel):
    """The answer."""

    role: Literal["assistant"] = _constant("assistant", "Whose turn it is.")
    content: str = Field(
        description="Quotes with markers like [1], and a list of the sources.",
        examples=["We open at 8. [1]\n\nSources:\n- [1] notes/hours.txt, characters 0-13"],
    )
    refusal: None = _constant(None, "Always null: `content` says if there is no answer.")
    annotations: list[Annotation] = Field(description="The citations, in order.")


class Choice(WireModel):
    """The one answer."""

    index: Literal[0] = _constant(0, "There is one only.")
    message: AssistantMessage = Field(description="The answer.")
    finish_reason: Literal["stop"] = _constant("stop", "Answers are never cut off.")
    logprobs: None = _constant(None, "Quotes have none.")


class Usage(WireModel):
    """How much was read and written, in tokens of the encoder. Nothing is charged for."""

    prompt_tokens: int = Field(
        ge=0, description="Of the question; nothing else is read.", examples=[10]
    )
    completion_tokens: int = Field(ge=0, description="Of the message's content.", examples=[91])
    total_tokens: int = Field(ge=0, description="Both.", examples=[101])

    @classmethod
    def of(cls, question: str, content: str, tokenizer: Tokenizer) -> Self:
        """Count the tokens of a question and of what was answered."""
        read, written = len(tokenizer.tokens(question)), len(tokenizer.tokens(content))
        return cls(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


class ChatCompletion(WireModel):
    """An answer from the documents, or that there is none."""

    id: str = Field(
        description="A name for this completion, made up anew each time.",
        examples=["chatcmpl-0b2f4c6d8e0a1b3c5d7e9f01"],
    )
    object: Literal["chat.completion"] = _constant("chat.completion", "What it is.")
    created: int = Field(description="When, in seconds since 1970.", examples=[1767225600])
    model: str = Field(description="The name that was asked for.", examples=[MODEL])
    choices: list[Choice] = Field(description="The answer, one.")
    usage: Usage = Field(description="How much was read and written.")
    system_fingerprint: str = Field(
        description="The snapshot that was answered from.", examples=["aade9e53c2932227"]
    )
    pincite: AnswerJson = Field(description="The answer as `/v1/ask` gives it.")

    @classmethod
    def of(
        cls, answer: Answer, written: CitedText, model: str, base_url: str, tokenizer: Tokenizer
    ) -> Self:
        """Return an answer, as it was written down, in the form of a completion."""
        message = AssistantMessage(
            content=written.text,
            annotations=[Annotation.of(quoted, base_url) for quoted in written.quoted],
        )
        return cls(
            id=f"chatcmpl-{secrets.token_hex(12)}",
            created=int(time.time()),
            model=model,
            choices=[Choice(message=message)],
            usage=Usage.of(answer.question, written.text, tokenizer),
            system_fingerprint=answer.snapshot,
            pincite=AnswerJson.of(answer),
        )


class ModelJson(WireModel):
    """What is asked."""

    id: str = Field(description="Its name.", examples=[MODEL])
    object: Literal["model"] = _constant("model", "What it is.")
    created: int = Field(
        description="When the service started, in seconds since 1970.", examples=[1767225600]
    )
    owned_by: str = _constant(MODEL, "Whose it is.")


class ModelsJson(WireModel):
    """What can be asked."""

    object: Literal["list"] = _constant("list", "What it is.")
    data: list[ModelJson] = Field(description="One: the documents, whatever embeds them.")
