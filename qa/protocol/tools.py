"""The tools: what each is for, what it takes and gives, and what it does.

Nothing here knows the protocol; `qa.protocol.server` speaks it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from index.records import Document, Span
from qa.engine import MAX_TOP_K
from qa.errors import QuestionError
from qa.formats.answer import AnswerJson
from qa.formats.fields import WireModel
from qa.formats.marked_text import CLOSEST, cited_text, full_place
from qa.formats.verdicts import VerificationJson, verdict_lines
from qa.question.query import MAX_QUESTION_CHARS
from qa.records import Answer
from qa.service.answerer import Answerer
from qa.service.routes.answers import MAX_CITATIONS
from qa.verify.answer_json import GivenAnswer, GivenCitation
from qa.verify.checking import verify
from qa.verify.relocation import SnapshotDocuments

MOST_CHARACTERS = 8000
"""About 2000 of a language model's tokens: a long document comes in parts."""
_MAX_CONTEXT = 2000


@dataclass(frozen=True, slots=True)
class Reply:
    """What a tool gives: data for a program, and the same as text to read."""

    data: WireModel
    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    """Something a language model can do with the documents. None of them changes anything.

    `run` takes an instance of `arguments` and gives data of the type `result`. It raises
    QuestionError and FilterError, whose messages are for the caller.
    """

    name: str
    title: str
    description: str
    arguments: type[WireModel]
    result: type[WireModel]
    run: Callable[[Answerer, Any], Reply]


def _decoded(value: Any) -> Any:
    """Return what JSON in a string says: some clients send objects and lists so."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, dict | list) else value


class AskArguments(WireModel):
    """A question."""

    question: str = Field(
        description=f"One question in plain words, {MAX_QUESTION_CHARS} characters at most. It is "
        "taken as it stands: put into it what it is about."
    )
    top_k: int = Field(default=5, ge=1, le=MAX_TOP_K, description="How many passages to return.")
    filters: Annotated[dict[str, Any], BeforeValidator(_decoded)] = Field(
        default={},
        description="Answer only from documents whose fields match, such as "
        '{"author": "Jane", "year": {"gte": 2020}, "path": {"prefix": "notes/"}}. Operators: gt, '
        "gte, lt, lte, in, prefix. Fields: the documents' metadata, and id, source, path, title, "
        "media_type, modified.",
    )


class OpenArguments(WireModel):
    """A document, and which part of it to read."""

    document_id: str = Field(description="The `document_id` of a citation or a passage.")
    start: int = Field(
        default=0, ge=0, description="Where to begin, in characters: a `start_char_index`."
    )
    end: int | None = Field(
        default=None,
        ge=1,
        description="Where to end, exclusive: an `end_char_index`. Without it, as much as is given "
        "at once.",
    )
    context: int = Field(
        default=500,
        ge=0,
        le=_MAX_CONTEXT,
        description="How many characters to add before `start` and behind `end`, where there is an "
        "`end`.",
    )


class VerifyArguments(WireModel):
    """Citations to check."""

    citations: Annotated[list[GivenCitation], BeforeValidator(_decoded)] = Field(
        min_length=1,
        max_length=MAX_CITATIONS,
        description="Citations as `ask` gives them. What each needs is document_id, cited_text, "
        "start_char_index and end_char_index; what else is given is checked, too.",
    )


class ExcerptJson(WireModel):
    """A part of a document."""

    document_id: str = Field(description="The id that it was opened by.")
    document_title: str = Field(description="Its title, or the file's name.")
    source: str = Field(description="The file's name as the user knows it.")
    text: str = Field(description="The document's text between the two offsets.")
    start_char_index: int = Field(description="Code points from the start of the document's text.")
    end_char_index: int = Field(description="End, exclusive.")
    start_page_number: int | None = Field(
        description="From 1; null where the document has no pages."
    )
    end_page_number: int | None = Field(description="Where the text ends.")
    characters: int = Field(description="How long the whole document is.")
    next_start: int | None = Field(
        description="Give it as `start` to read on; null at the document's end."
    )
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


def _ask(answerer: Answerer, wanted: AskArguments) -> Reply:
    answer = answerer.ask(wanted.question, wanted.top_k, filters=wanted.filters)
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


def _open(answerer: Answerer, wanted: OpenArguments) -> Reply:
    """Return the part of a document that is wanted, cut off at MOST_CHARACTERS."""
    chunked = answerer.live.current().snapshot.chunked.get(wanted.document_id)
    if chunked is None:
        raise QuestionError(
            "There is no document of that id: give the document_id of a citation or a passage."
        )
    document = chunked.document
    length = len(document.text)
    start, end = wanted.start, length if wanted.end is None else min(wanted.end, length)
    if start >= end:
        raise QuestionError(
            f"start must lie before end, and both within the document's {length} characters."
        )
    if wanted.end is not None:
        start, end = max(0, start - wanted.context), min(length, end + wanted.context)
    span = Span(start, min(end, start + MOST_CHARACTERS))
    excerpt = ExcerptJson.of(document, span)
    text = f"{full_place(document, span, ids=True)}, of {length}:\n\n{excerpt.text}"
    if excerpt.next_start is not None:
        text += f"\n\n(The document goes on: open it with start={excerpt.next_start}.)"
    return Reply(excerpt, text)


def _verify(answerer: Answerer, wanted: VerifyArguments) -> Reply:
    snapshot = answerer.live.current().snapshot
    claims = GivenAnswer(citations=wanted.citations)
    found = verify(claims, SnapshotDocuments(snapshot))
    return Reply(VerificationJson.of(found), "\n".join(verdict_lines(found)))


TOOLS = (
    Tool(
        name="ask",
        title="Ask the documents",
        description="Answer a question from the user's own documents. The answer consists of "
        "sentences quoted from them word for word, each with the exact place it stands at; if the "
        "documents do not seem to hold an answer, it says so. Also returns the passages nearest to "
        "the question. Quote what is cited as it stands, name its source, and do not add to it "
        "what the documents do not say.",
        arguments=AskArguments,
        result=AnswerJson,
        run=_ask,
    ),
    Tool(
        name="open_document",
        title="Read a document",
        description="Read a document, or what stands around a citation: give the citation's "
        "document_id and its start_char_index and end_char_index as start and end. At most "
        f"{MOST_CHARACTERS} characters are returned at once; next_start says where to read on.",
        arguments=OpenArguments,
        result=ExcerptJson,
        run=_open,
    ),
    Tool(
        name="verify",
        title="Check citations",
        description="Tell whether cited words still stand where they were cited: valid, moved "
        "(with where they are now), stale (with the text most like them) or missing (with other "
        "documents that hold them).",
        arguments=VerifyArguments,
        result=VerificationJson,
        run=_verify,
    ),
)
