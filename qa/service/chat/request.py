"""What a chat client asks. What quotes cannot honour is refused; the rest has no effect."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from qa.engine import MAX_TOP_K
from qa.errors import QuestionError
from qa.formats.fields import Whole, WireModel
from qa.question.query import MAX_QUESTION_CHARS
from qa.service.ask_wire import NOT_BLANK, Filters

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
        raise PydanticCustomError("not_had", "it cannot be had; leave it out")
    return wanted


# Bounds stand within the type: beside None, the schema would lose them.
_One = Annotated[int, Field(ge=1, le=1), Whole]
_TopK = Annotated[int, Field(ge=1, le=MAX_TOP_K), Whole]
_No = Annotated[bool, AfterValidator(_no), WithJsonSchema({"const": False})]


class LenientModel(WireModel):
    """Base of what chat clients send, which is more than what means anything here."""

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

    type: Literal["text"] = Field(
        description="Answers are quotes: no JSON can be had of them.", examples=["text"]
    )


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
        default=MODEL,
        max_length=200,
        description="Any name; it is given back.",
        examples=[MODEL],
    )
    stream: bool | None = Field(
        default=None, description="Whether to answer in chunks, as events.", examples=[False]
    )
    stream_options: StreamOptions | None = Field(default=None, description="How to stream.")
    n: _One | None = Field(default=None, description="There is one answer.", examples=[1])
    tool_choice: Literal["auto", "none"] | None = Field(
        default=None, description="That a tool is called cannot be required.", examples=["auto"]
    )
    response_format: TextFormat | None = Field(default=None, description="Text is all there is.")
    logprobs: _No | None = Field(default=None, description="Quotes have none.", examples=[False])
    filters: Filters | None = Field(
        default=None,
        description="Answer only from documents that match, as in `/v1/ask`.",
        examples=[{}],
    )
    top_k: _TopK | None = Field(
        default=None,
        description="How many passages to return, 5 by default.",
        examples=[5],
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
