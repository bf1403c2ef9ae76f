"""`/v1/ask`, `/v1/verify`, and `/v1/examples`: questions to begin with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field, WithJsonSchema, create_model

from qa.engine import MAX_TOP_K
from qa.examples import examples
from qa.formats.answer import AnswerJson, answer_json
from qa.formats.fields import JsonModel, WholeNumber
from qa.formats.listing import csv_of
from qa.formats.verdicts import VerificationJson
from qa.formats.written import DroppedSentenceJson, SentenceForms, WrittenJson
from qa.live import LiveEngine
from qa.question.filters import MOST_CONDITIONS, MOST_VALUES, OPERATORS, OWN_FIELDS
from qa.question.follow_up import MOST_EARLIER
from qa.question.query import MAX_QUESTION_CHARS
from qa.records import Answer, DroppedSentence, WrittenAnswer, WrittenSentence
from qa.service.answerer import Answerer
from qa.service.openapi import NOT_BLANK, answered_with, asked_with
from qa.service.problems import problem_responses
from qa.service.work_queue import WorkQueue
from qa.service.written_answers import (
    EVENT_STREAM,
    EventStream,
    WritingTurn,
    WrittenAnswers,
    with_passages,
)
from qa.verify import checking
from qa.verify.answer_json import GivenAnswer, GivenCitation, GivenPassage
from qa.verify.relocation import SnapshotDocuments
from qa.written.sources import MOST_SOURCES

MAX_CITATIONS = 1000
_CSV = "text/csv"
_CSV_EXAMPLE = (
    "document_id,source,title,sheet,page,row,start,end,confidence,text\r\n"
    "notes-hours-txt-465e2125d5,notes/hours.txt,hours.txt,,,,0,37,0.6120,"
    "The clinic opens at 8 am on weekdays.\r\n"
)
COMPLETE = "X-Pincite-Complete"
_COMPLETE_HEADER = {
    "description": "Only with CSV: `no` where a bound was met, and more may answer.",
    "schema": {"enum": ["yes", "no"]},
    "example": "yes",
}

_EVENTS_EXAMPLE = (
    'event: answer\ndata: {"question": "When does the clinic open?", "answered": true, …}\n\n'
    'event: sentence\ndata: {"text": "The clinic opens at 8 am.", "start": 0, "end": 25, …}\n\n'
    'event: dropped\ndata: {"text": "It is closed on Sundays.", "check": "support", …}\n\n'
    'event: written\ndata: {"text": "The clinic opens at 8 am.", "dropped": 1, …}\n\n'
    "event: done\ndata: {}\n\n"
)
_NOT_BOTH = "Ask for `all` or for `write`, not for both: a written answer does not list all places."

_VALUE = {"type": ["string", "number", "boolean"]}


def _operators(bound: str) -> dict[str, Any]:
    """Return the schema of a field's operators, whose bounds are of the type `bound`."""
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
            },
            "gt": {"description": "It is greater.", "type": bound},
            "gte": {"description": "It is greater or equal.", "type": bound},
            "lt": {"description": "It is less.", "type": bound},
            "lte": {"description": "It is less or equal.", "type": bound},
            "prefix": {"description": "It is a text that starts so.", "type": "string"},
        },
    }


_FILTERS_SCHEMA = {
    "type": "object",
    "maxProperties": MOST_CONDITIONS,
    "additionalProperties": {
        "description": "The value that the field must have, or operators that must all hold.",
        "anyOf": [_VALUE, _operators("number"), _operators("string")],
    },
}
Filters = Annotated[dict[str, Any], WithJsonSchema(_FILTERS_SCHEMA)]
"""The JSON form of a filter; `qa.question.filters.Filter` reads it and says what is wrong."""


EarlierQuestion = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": MAX_QUESTION_CHARS, "pattern": NOT_BLANK}
    ),
]


class AskBody(JsonModel):
    """A question."""

    question: str = Field(
        description=f"At most {MAX_QUESTION_CHARS} characters, and as many tokens as the model "
        "reads (254 with the default one, about 200 words of English).",
        json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION_CHARS, "pattern": NOT_BLANK},
    )
    top_k: WholeNumber = Field(
        default=5, ge=1, le=MAX_TOP_K, description="How many passages to return."
    )
    explain: bool = Field(default=False, description="Whether to return ranks and scores.")
    all: bool = Field(
        default=False,
        description="Whether to list every sentence and row that answers, too. With `Accept: "
        "text/csv` these are returned alone, as CSV.",
    )
    write: bool = Field(
        default=False,
        description="Whether a language model writes an answer from the passages, too, each "
        "sentence checked against what it cites. Only if the service has one, and not with `all`. "
        "With `Accept: text/event-stream` it comes sentence by sentence.",
    )
    filters: Filters = Field(
        default={},
        description='Answer only from documents that match, such as `{"author": "Jane", "year": '
        '{"gte": 2020}, "path": {"prefix": "notes/"}}`. All conditions must hold; of a list, one '
        f"element must match. Operators are {', '.join(OPERATORS)}. Fields are the documents' "
        f"metadata and {', '.join(OWN_FIELDS)}. At most {MOST_CONDITIONS} conditions, and "
        f"{MOST_VALUES} values in an `in`.",
    )
    history: list[EarlierQuestion] = Field(
        default=[],
        max_length=MOST_EARLIER,
        description="Earlier questions, oldest first. What the question leaves out is taken from "
        "them: `searched` in the answer tells how. Leave them out to ask a question by itself.",
    )


_NotRead = Annotated[Any, Field(description="Not read: you can send an answer as it came.")]
_UNREAD: dict[str, Any] = {
    name: (_NotRead, None)
    for name in AnswerJson.model_fields
    if name not in GivenAnswer.model_fields
}
_WholeAnswer = create_model("_WholeAnswer", __base__=GivenAnswer, **_UNREAD)


class VerifyBody(_WholeAnswer):
    """An answer as /v1/ask gives it, or citations by themselves."""

    model_config = ConfigDict(extra="forbid")

    citations: list[GivenCitation] = Field(
        max_length=MAX_CITATIONS, description="The citations to check."
    )
    passages: list[GivenPassage] = Field(
        default=[], max_length=MAX_CITATIONS, description="The passages shown with the answer."
    )


class ExamplesJson(JsonModel):
    """Questions to begin with."""

    questions: list[str] = Field(
        description="At most six; the document that holds a question answers it. May be empty."
    )


def add_answer_routes(
    app: FastAPI, answerer: Answerer, questions: WorkQueue, written: WrittenAnswers
) -> None:
    """Add `/v1/ask` and `/v1/verify`, which take turns in `questions`, and `/v1/examples`.

    What a language model writes takes turns in `written`. A body is read before its turn, so that
    a slow sender holds up nobody.
    """
    cache = _ExampleCache(answerer.live)

    @app.post(
        "/v1/ask",
        tags=["Answers"],
        summary="Ask a question",
        response_model=AnswerJson,
        openapi_extra=asked_with("question", "filtered_question", "follow_up", "written_question"),
        responses={
            200: answered_with(
                "The answer, or that there is none.",
                "answer",
                "abstention",
                "written_answer",
                also={_CSV: _CSV_EXAMPLE, EVENT_STREAM: _EVENTS_EXAMPLE},
                headers={COMPLETE: _COMPLETE_HEADER},
            )
        },
    )
    async def ask(body: AskBody, request: Request) -> Response:
        """Answer a question from the documents, or abstain.

        The answer is made of sentences of the documents, each cited with its place. Where the
        documents do not seem to hold one, `answered` is false and `answer` null. The nearest
        passages are returned in any case. The same question, with the same `history`, gets the
        same answer until the documents change (`snapshot`).

        With `write`, a language model writes an answer, too: `written`. With `Accept:
        text/event-stream` the events are `answer`, the JSON as without `write`; then for each
        sentence as it was checked `sentence` or `dropped`; then `written`, if the question is
        answered; then `done`. What ends without `done` broke off.
        """
        accept = request.headers.get("accept", "")
        if not body.write:
            as_csv = body.all and _accepts(accept, _CSV)
            return await questions.run(_answer, answerer, body, as_csv)
        if body.all:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, _NOT_BOTH)
        with ExitStack() as opened:
            turn = opened.enter_context(written.turn())
            answer = await questions.run(_ask, answerer, body)
            if _accepts(accept, EVENT_STREAM):
                opened.pop_all()  # the response closes the turn
                return EventStream(_events(answerer, answer, turn, body), turn)
            if answer.answered:
                answer = await turn.whole(request, answer, body.history)
        if answer.written:
            answerer.note_written(answer.written)
        content = await asyncio.to_thread(answer_json, with_passages(answer, body.top_k))
        return Response(content, media_type="application/json")

    @app.post(
        "/v1/verify",
        tags=["Answers"],
        summary="Verify an answer",
        response_model=VerificationJson,
        openapi_extra=asked_with("answer", "citations"),
        responses={
            200: answered_with("What holds, and what does not.", "verification"),
            **problem_responses({422: "body.citations.0.cited_text: Field required."}),
        },
    )
    async def verify(body: VerifyBody) -> Response:
        """Tell whether an answer holds in the documents that the service answers from.

        Send an answer as it came from `/v1/ask`, or `citations` by themselves. All words are looked
        up again. If some are gone, the result tells what is there now.
        """
        return await questions.run(_verify, answerer, body)

    @app.get(
        "/v1/examples",
        tags=["Answers"],
        summary="Questions to begin with",
        responses={200: answered_with("The questions.", "examples")},
    )
    async def example_questions() -> ExamplesJson:
        """List questions that stand in the documents and are answered by them."""
        return ExamplesJson(questions=list(await cache.questions()))


def _accepts(accept: str, media_type: str) -> bool:
    """Tell whether an `Accept` header (RFC 9110) names a type, and not with the weight 0."""
    ranges = (each.replace(" ", "").lower().split(";") for each in accept.split(","))
    weights = [part for name, *parts in ranges if name == media_type for part in (*parts, "q=1")]
    named = next((part for part in weights if part.startswith("q=")), "q=0")
    return named.removeprefix("q=").strip("0.") != ""


def _ask(answerer: Answerer, body: AskBody) -> Answer:
    return answerer.ask(
        body.question,
        max(body.top_k, MOST_SOURCES) if body.write else body.top_k,
        explain=body.explain,
        filters=body.filters,
        list_all=body.all,
        history=body.history,
    )


def _answer(answerer: Answerer, body: AskBody, as_csv: bool) -> Response:  # noqa: FBT001
    answer = _ask(answerer, body)
    if as_csv and answer.listing:
        told = {COMPLETE: "no" if answer.listing.bounds else "yes"}
        return Response(csv_of(answer.listing), media_type=_CSV, headers=told)
    return Response(answer_json(answer), media_type="application/json")


async def _events(
    answerer: Answerer, answer: Answer, turn: WritingTurn, body: AskBody
) -> AsyncIterator[bytes]:
    """Yield the events of an answer that is being written."""
    quoted = with_passages(answer, body.top_k)
    yield _event("answer", await asyncio.to_thread(answer_json, quoted))
    if answer.answered:
        sentences = SentenceForms(answer)
        async for event in turn.events(answer, body.history):
            match event:
                case WrittenSentence():
                    yield _event("sentence", _bytes(sentences.next(event)))
                case DroppedSentence():
                    yield _event("dropped", _bytes(DroppedSentenceJson.of(event)))
                case WrittenAnswer():
                    answerer.note_written(event)
                    explain = answer.explain is not None
                    yield _event("written", _bytes(WrittenJson.of(event, answer, explain=explain)))
    yield _event("done", b"{}")


def _event(name: str, data: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def _bytes(form: JsonModel) -> bytes:
    return form.model_dump_json().encode()


def _verify(answerer: Answerer, body: VerifyBody) -> Response:
    snapshot = answerer.live.current().snapshot
    verified = checking.verify(body, SnapshotDocuments(snapshot))
    content = VerificationJson.of(verified).model_dump_json()
    return Response(content, media_type="application/json")


class _ExampleCache:
    """The questions of the live snapshot. A thread finds them once, when somebody asks."""

    def __init__(self, live: LiveEngine) -> None:
        self._live = live
        self._found: tuple[str, asyncio.Task[tuple[str, ...]]] | None = None

    async def questions(self) -> tuple[str, ...]:
        engine = await asyncio.to_thread(self._live.current)
        if self._found is None or self._found[0] != engine.snapshot.id:
            finding = asyncio.create_task(asyncio.to_thread(examples, engine))
            self._found = engine.snapshot.id, finding
        try:
            # A caller that goes away must not cancel what others wait for.
            return await asyncio.shield(self._found[1])
        except Exception:
            self._found = None
            raise
