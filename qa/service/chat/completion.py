"""What a chat client gets: the answer as text with its sources, and as `/v1/ask` gives it."""

import secrets
import time
from typing import Literal, Self

from pydantic import Field

from index.chunking.tokens import Tokenizer
from qa.formats.answer import AnswerJson
from qa.formats.fields import WireModel
from qa.formats.marked_text import CitedText, Quoted
from qa.records import Answer
from qa.service.chat.request import MODEL


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

    type: Literal["url_citation"] = Field(
        default="url_citation",
        description="All are of this type.",
        examples=["url_citation"],
    )
    url_citation: UrlCitation = Field(description="What is cited, and from where.")

    @classmethod
    def of(cls, quoted: Quoted, base_url: str) -> Self:
        """Return the JSON form of a quote; `base_url` is this service's, with a slash."""
        citation, document = quoted.citation, quoted.citation.document
        return cls(
            url_citation=UrlCitation(
                start_index=quoted.start,
                end_index=quoted.end,
                title=document.display_title,
                url=f"{base_url}?at={document.id}.{citation.start}-{citation.end}"
                f".{document.text_sha256[:12]}",
            )
        )


class AssistantMessage(WireModel):
    """The answer."""

    role: Literal["assistant"] = Field(
        default="assistant", description="Whose turn it is.", examples=["assistant"]
    )
    content: str = Field(
        description="Quotes with markers like [1], and a list of the sources.",
        examples=["We open at 8. [1]\n\nSources:\n- [1] notes/hours.txt, characters 0-13"],
    )
    refusal: None = Field(
        default=None,
        description="Always null: that there is no answer is told in `content`.",
        examples=[None],
    )
    annotations: list[Annotation] = Field(description="The citations, in order.")


class Choice(WireModel):
    """The one answer."""

    index: Literal[0] = Field(default=0, description="There is one only.", examples=[0])
    message: AssistantMessage = Field(description="The answer.")
    finish_reason: Literal["stop"] = Field(
        default="stop", description="Answers are never cut off.", examples=["stop"]
    )
    logprobs: None = Field(default=None, description="Quotes have none.", examples=[None])


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
    object: Literal["chat.completion"] = Field(
        default="chat.completion", description="What it is.", examples=["chat.completion"]
    )
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
            annotations=[Annotation.of(each, base_url) for each in written.quoted],
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
    object: Literal["model"] = Field(default="model", description="What it is.", examples=["model"])
    created: int = Field(
        description="When the service started, in seconds since 1970.", examples=[1767225600]
    )
    owned_by: str = Field(default=MODEL, description="Whose it is.", examples=[MODEL])


class ModelsJson(WireModel):
    """What can be asked."""

    object: Literal["list"] = Field(default="list", description="What it is.", examples=["list"])
    data: list[ModelJson] = Field(description="One: the documents, whatever embeds them.")
