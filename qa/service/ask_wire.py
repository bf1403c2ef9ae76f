"""The JSON forms of what is asked and of what is to be verified."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema

from qa.engine import MAX_TOP_K
from qa.formats.fields import WholeNumber, WireModel
from qa.question.filters import MOST_CONDITIONS, MOST_VALUES
from qa.question.query import MAX_QUESTION_CHARS
from qa.verify.answer_json import GivenAnswer, GivenCitation, GivenPassage

NOT_BLANK = r"[^\s\x1c-\x1f\x85]"
"""Matches a text that is more than blanks."""

MAX_CITATIONS = 1000
_FILTERS = (
    "Answer only from documents that match: an object of conditions, all of which must hold. "
    '`{"author": "Jane"}`: the field is just that, letter for letter; a number equals a number '
    "(1 is 1.0), true and false only themselves. "
    '`{"author": {"in": ["Jane", "Bob"]}}`: it is one of these. '
    '`{"year": {"gte": 2020, "lt": 2024}}`: `gt`, `gte`, `lt`, `lte` compare numbers with numbers '
    "and texts with texts, character by character, so that ISO 8601 dates compare right. "
    '`{"path": {"prefix": "notes/2024/"}}`: the text starts so. '
    "Several operators of a field must all hold. Of a list, one word has to. Fields are a "
    "document's metadata and its own `id`, `source`, `path` (the same), `title`, `media_type` and "
    "`modified`; metadata of one of these names is `metadata.title` and so on. A document without "
    "the field does not match; a field that no document has is an error. At most 20 conditions, "
    "and 1000 values in an `in`. Words that no document holds, spelling and how much a word "
    "weighs are told from all documents."
)
_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_VALUE = {"type": ["string", "number", "boolean"]}


def _operators(bound: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field's operators; all its bounds are of one kind."""
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "in": {
                "description": "It is one of these.",
                "type": "array",
                "items": _VALUE,
                "minItems": 1,
                "maxItems": MOST_VALUES,
                "examples": [["Jane", "Bob"]],
            },
            "gt": {"description": "It is greater.", **bound},
            "gte": {"description": "It is greater or equal.", **bound},
            "lt": {"description": "It is less.", **bound},
            "lte": {"description": "It is less or equal.", **bound},
            "prefix": {
                "description": "It is a text that starts so.",
                **_TEXT,
                "examples": ["notes/2024/"],
            },
        },
    }


_FILTERS_SCHEMA = {
    "type": "object",
    "maxProperties": MOST_CONDITIONS,
    "additionalProperties": {
        "description": "The value that a document's field has to have, or what it has to be like.",
        "anyOf": [
            _VALUE,
            _operators({**_NUMBER, "examples": [2020]}),
            _operators({**_TEXT, "examples": ["2024-03"]}),
        ],
    },
}


Filters = Annotated[dict[str, Any], WithJsonSchema(_FILTERS_SCHEMA)]
"""The JSON form of a filter; `qa.question.filters.Filter` reads it and says what is wrong."""


class AskBody(WireModel):
    """A question."""

    question: str = Field(
        description=f"At most {MAX_QUESTION_CHARS} characters, and as many tokens as the model "
        "reads (254 with the default one, about 200 words of English).",
        examples=["why do I get pimples after microneedling"],
        json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION_CHARS, "pattern": NOT_BLANK},
    )
    top_k: WholeNumber = Field(
        default=5,
        ge=1,
        le=MAX_TOP_K,
        description="How many passages to return. The answer is the same whatever it is.",
        examples=[5],
    )
    explain: bool = Field(
        default=False, description="Return each stage's ranks and scores.", examples=[False]
    )
    filters: Filters = Field(
        default={}, description=_FILTERS, examples=[{}, {"path": {"prefix": "seeds/"}}]
    )


NotLookedAt = Annotated[
    Any,
    Field(
        description="Not looked at: it may be there, so that an answer can be sent as it came.",
        examples=[None],
    ),
]


class VerifyBody(GivenAnswer):
    """An answer as /v1/ask gives it, or citations by themselves."""

    model_config = ConfigDict(extra="forbid")

    citations: list[GivenCitation] = Field(
        max_length=MAX_CITATIONS, description="What is said to stand where."
    )
    passages: list[GivenPassage] = Field(
        default=[], max_length=MAX_CITATIONS, description="The passages that were shown with it."
    )
    question: NotLookedAt = None
    confidence: NotLookedAt = None
    snapshot: NotLookedAt = None
    model: NotLookedAt = None
    reader: NotLookedAt = None
    calibration: NotLookedAt = None
    took_ms: NotLookedAt = None
    explain: NotLookedAt = None
    corrections: NotLookedAt = None
    unknown_words: NotLookedAt = None
    missing_names: NotLookedAt = None
