"""What the tools are called with."""

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from qa.engine import MAX_TOP_K
from qa.formats.fields import WireModel
from qa.question.query import MAX_QUESTION_CHARS
from qa.service.ask_wire import MAX_CITATIONS
from qa.verify.answer_json import GivenCitation

MAX_CONTEXT = 2000


def _decoded(value: Any) -> Any:
    """Return what a text says in JSON: some clients send objects and lists so."""
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
        le=MAX_CONTEXT,
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
