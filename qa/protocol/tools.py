"""The tools: what each is for, what it takes and gives, and what it does.

Nothing here knows the protocol; `qa.protocol.server` speaks it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qa.formats.answer import AnswerJson
from qa.formats.fields import WireModel
from qa.formats.marked_text import CLOSEST, cited_text, place_line
from qa.formats.verdicts import VerificationJson, verdict_lines
from qa.protocol.arguments import AskArguments, OpenArguments, VerifyArguments
from qa.protocol.excerpt import MOST_CHARACTERS, ExcerptJson, open_excerpt
from qa.records import Answer, Place
from qa.service.asking import Asking
from qa.verify.answer_json import GivenAnswer
from qa.verify.checking import verify
from qa.verify.relocation import SnapshotDocuments


@dataclass(frozen=True, slots=True)
class Reply:
    """What a tool gives: data for a program, and the same as a text to read."""

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
    run: Callable[[Asking, Any], Reply]


def _ask(asking: Asking, wanted: AskArguments) -> Reply:
    answer = asking.ask(wanted.question, wanted.top_k, filters=wanted.filters)
    told = cited_text(answer, ids=True, nearest=0).text
    return Reply(AnswerJson.of(answer), told + _passages(answer))


def _passages(answer: Answer) -> str:
    if not answer.hits:
        return ""
    parts = [f"\n\n{CLOSEST}"]
    for rank, hit in enumerate(answer.hits, 1):
        place = Place(hit.document, hit.passage.span)
        line = place_line(place, hit.passage.heading_path, ids=True)
        parts.append(f"{rank}. {line}:\n{place.text}")
    return "\n\n".join(parts)


def _open(asking: Asking, wanted: OpenArguments) -> Reply:
    excerpt = open_excerpt(asking.live.current().snapshot, wanted)
    return Reply(ExcerptJson.of(excerpt), excerpt.text)


def _verify(asking: Asking, wanted: VerifyArguments) -> Reply:
    snapshot = asking.live.current().snapshot
    found = verify(GivenAnswer(citations=wanted.citations), SnapshotDocuments(snapshot))
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
