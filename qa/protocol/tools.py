"""The tools: what each is for, takes, returns and does."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from index.records import Document, Span
from qa.engine import MAX_TOP_K
from qa.errors import QuestionError
from qa.formats.answer import AnswerJson
from qa.formats.fields import JsonModel
from qa.formats.marked_text import CLOSEST, cited_text, full_place
from qa.formats.verdicts import VerificationJson, verdict_lines
from qa.question.follow_up import MOST_EARLIER
from qa.question.query import MAX_QUESTION_CHARS
from qa.records import Answer
from qa.service.answerer import Answerer
from qa.service.routes.answers import MAX_CITATIONS
from qa.verify.answer_json import GivenAnswer, GivenCitation
from qa.verify.checking import verify
from qa.verify.relocation import SnapshotDocuments

MOST_CHARACTERS = 8000
"""About 2000 of a language model's tokens: a long document comes in parts."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a tool returns: data for a program, and the same as text to read."""

    data: JsonModel
    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    """Something a language model can do with the documents without changing them.

    `run` takes an instance of `arguments` and returns data of the type `result`. It raises
    QuestionError and FilterError, whose messages are for the caller.
    """

    name: str
    title: str
    description: str
    arguments: type[JsonModel]
    result: type[JsonModel]
    run: Callable[[Answerer, Any], Reply]


def _decoded(value: Any) -> Any:
    """Decode an object or list that a client sent as JSON in a string."""
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            decoded = json.loads(value)
            return decoded if isinstance(decoded, dict | list) else value
    return value


class AskArguments(JsonModel):
    """A question."""

    question: str = Field(
        description=f"One question in plain words, {MAX_QUESTION_CHARS} characters at most. Name "
        "what it is about: of what was said before, only `history` is known."
    )
    top_k: int = Field(default=5, ge=1, le=MAX_TOP_K, description="How many passages to return.")
    filters: Annotated[dict[str, Any], BeforeValidator(_decoded)] = Field(
        default={},
        description="Answer only from documents whose fields match, such as "
        '{"author": "Jane", "year": {"gte": 2020}, "path": {"prefix": "notes/"}}. Operators: gt, '
        "gte, lt, lte, in, prefix. Fields: the documents' metadata, and id, source, path, title, "
        "media_type, modified.",
    )
    history: Annotated[list[str], BeforeValidator(_decoded)] = Field(
        default=[],
        max_length=MOST_EARLIER,
        description="The user's earlier questions, oldest first, if the question leans on them. "
        "`searched` in the answer tells what was made of it. A whole question needs none.",
    )


class OpenArguments(JsonModel):
    """A document, and which part of it to read."""

    document_id: str = Field(description="The `document_id` of a citation or a passage.")
    start: int = Field(default=0, ge=0, description="Where to begin: a `start_char_index`.")
    end: int | None = Field(
        default=None,
        ge=1,
        description="Where to end: an `end_char_index`. Without it, as much as fits is returned.",
    )
    context: int = Field(
        default=500,
        ge=0,
        le=2000,
        description="With `end`, how many characters to add on either side.",
    )


class VerifyArguments(JsonModel):
    """Citations to check."""

    citations: Annotated[list[GivenCitation], BeforeValidator(_decoded)] = Field(
        min_length=1,
        max_length=MAX_CITATIONS,
        description="Citations as `ask` returns them. Each needs document_id, cited_text, "
        "start_char_index and end_char_index; other fields are checked, too.",
    )


class ExcerptJson(JsonModel):
    """A part of a document."""

    document_id: str = Field(description="The document's id.")
    document_title: str = Field(description="Its title, or the file's name.")
    source: str = Field(description="The file's name as the user knows it.")
    text: str = Field(description="The document's text between the two offsets.")
    start_char_index: int = Field(description="Code points from the start of the document's text.")
    end_char_index: int = Field(description="End, exclusive.")
    start_page_number: int | None = Field(description="From 1; null without pages.")
    end_page_number: int | None = Field(description="Where the text ends.")
    characters: int = Field(description="How long the whole document is.")
    next_start: int | None = Field(description="The `start` to read on from; null at the end.")
    document_sha256: str = Field(description="Of the source file's bytes.")
    text_sha256: str = Field(description="Of the whole document's text in UTF-8.")

    @classmethod
    def of(cls, document: Document, span: Span) -> Self:
        """Return the JSON form of a part of a document."""
        first, last = document.pages_of(span) or (None, None)
        return cls(
            document_id=document.id,
            document_title=document.display_title,
            source=document.source,
            text=span.of(document.text),
            start_char_index=span.start,
            end_char_index=span.end,
            start_page_number=first,
            end_page_number=last,
            characters=len(document.text),
            next_start=span.end if span.end < len(document.text) else None,
            document_sha256=document.document_sha256,
            text_sha256=document.text_sha256,
        )


def _ask(answerer: Answerer, arguments: AskArguments) -> Reply:
    answer = answerer.ask(
        arguments.question,
        arguments.top_k,
        filters=arguments.filters,
        history=arguments.history,
    )
    text = cited_text(answer, ids=True, nearest=0).text
    return Reply(AnswerJson.of(answer), text + _passages(answer))


def _passages(answer: Answer) -> str:
    if not answer.hits:
        return ""
    parts = [f"\n\n{CLOSEST}"]
    for rank, hit in enumerate(answer.hits, 1):
        passage = hit.passage
        line = full_place(hit.document, passage.span, passage.heading_path, ids=True)
        parts.append(f"{rank}. {line}:\n{passage.span.of(hit.document.text)}")
    return "\n\n".join(parts)


def _open(answerer: Answerer, arguments: OpenArguments) -> Reply:
    """Return a part of a document, MOST_CHARACTERS at most."""
    chunked = answerer.live.current().snapshot.chunked(arguments.document_id)
    if chunked is None:
        raise QuestionError(
            "There is no document of that id: give the document_id of a citation or a passage."
        )
    document = chunked.document
    length = len(document.text)
    start, end = arguments.start, length if arguments.end is None else min(arguments.end, length)
    if start >= end:
        raise QuestionError(
            f"start must lie before end, and both within the document's {length} characters."
        )
    if arguments.end is not None:
        start, end = max(0, start - arguments.context), min(length, end + arguments.context)
    span = Span(start, min(end, start + MOST_CHARACTERS))
    excerpt = ExcerptJson.of(document, span)
    text = f"{full_place(document, span, ids=True)}, of {length}:\n\n{excerpt.text}"
    if excerpt.next_start is not None:
        text += f"\n\n(The document goes on: open it with start={excerpt.next_start}.)"
    return Reply(excerpt, text)


def _verify(answerer: Answerer, arguments: VerifyArguments) -> Reply:
    documents = SnapshotDocuments(answerer.live.current().snapshot)
    verified = verify(GivenAnswer(citations=arguments.citations), documents)
    return Reply(VerificationJson.of(verified), "\n".join(verdict_lines(verified)))


TOOLS = (
    Tool(
        name="ask",
        title="Ask the documents",
        description="Answer a question from the user's own documents. The answer consists of "
        "sentences quoted from them word for word, each with its exact place; if the documents do "
        "not seem to hold an answer, it says so. Also returns the passages nearest to the "
        "question. Quote what is cited as it stands, name its source, and do not add to it what "
        "the documents do not say.",
        arguments=AskArguments,
        result=AnswerJson,
        run=_ask,
    ),
    Tool(
        name="open_document",
        title="Read a document",
        description="Read a document, or the text around a citation: give the citation's "
        "document_id, and its start_char_index and end_char_index as start and end. At most "
        f"{MOST_CHARACTERS} characters are returned at once; next_start says where to read on.",
        arguments=OpenArguments,
        result=ExcerptJson,
        run=_open,
    ),
    Tool(
        name="verify",
        title="Check citations",
        description="Tell whether cited words still stand in their place: valid, moved "
        "(with where they are now), stale (with the text most like them) or missing (with other "
        "documents that hold them).",
        arguments=VerifyArguments,
        result=VerificationJson,
        run=_verify,
    ),
)
