"""An answer as a completion of OpenAI's chat interface: whole, or in chunks."""

import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Self

from pydantic import Field

from index.chunking.tokens import Tokenizer
from qa.formats.answer import AnswerJson
from qa.formats.fields import JsonModel
from qa.formats.marked_text import CitedText, Quoted
from qa.records import Answer

Chunk = dict[str, Any]


class UrlCitation(JsonModel):
    """Where a quote or a written sentence stands in the message, and the document it is from."""

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
    content: str = Field(
        description="Quotes or written sentences, with markers like [1], and the list of sources."
    )
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
        cls, answer: Answer, marked: CitedText, model: str, base_url: str, tokenizer: Tokenizer
    ) -> Self:
        """Return an answer, and its text with markers, in the form of a completion."""
        message = AssistantMessage(
            content=marked.text,
            annotations=[Annotation.of(quoted, base_url) for quoted in marked.quoted],
        )
        return cls(
            id=_new_id(),
            created=int(time.time()),
            model=model,
            choices=[Choice(message=message)],
            usage=Usage.of(answer.whole_question, marked.text, tokenizer),
            system_fingerprint=answer.snapshot,
            pincite=AnswerJson.of(answer),
        )


def _new_id() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"


def chunk_head(model: str, snapshot: str, *, include_usage: bool) -> Chunk:
    """Return what all chunks of a completion have; a `usage` if one is to tell it."""
    return {
        "id": _new_id(),
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": snapshot,
        "object": "chat.completion.chunk",
        **({"usage": None} if include_usage else {}),
    }


def first_chunk(head: Chunk) -> Chunk:
    """Return the chunk that tells who speaks."""
    return head | _choice({"role": "assistant", "content": ""})


def content_chunk(head: Chunk, piece: str) -> Chunk:
    """Return the chunk of a piece of the content."""
    return head | _choice({"content": piece})


def last_chunks(head: Chunk, completion: ChatCompletion, pieces: Sequence[str]) -> Iterator[Chunk]:
    """Yield the chunks of a completion behind the first; what is left of its content in `pieces`.

    The last chunk with a choice has the annotations and `pincite`. If the head has a `usage`, one
    more chunk follows, which tells it and has no choice.
    """
    whole = completion.model_dump(mode="json")
    for piece in pieces:
        yield content_chunk(head, piece)
    annotations = {"annotations": whole["choices"][0]["message"]["annotations"]}
    end = _choice(annotations, completion.choices[0].finish_reason)
    yield head | end | {"pincite": whole["pincite"]}
    if "usage" in head:
        yield head | {"choices": [], "usage": whole["usage"]}


def _choice(delta: Chunk, finish_reason: str | None = None) -> Chunk:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return {"choices": [choice]}
