"""The JSON of what a language model wrote: whole, and a sentence at a time as each is checked."""

from collections.abc import Collection, Iterator
from typing import Annotated, Any, get_args

from pydantic import Field

from qa.formats.cited import CitationJson
from qa.formats.fields import JsonModel
from qa.formats.labels import shared_titles
from qa.records import (
    Answer,
    AnswerSpan,
    CheckName,
    Citation,
    DroppedSentence,
    WrittenAnswer,
    WrittenSentence,
)

Support = Annotated[
    float,
    Field(
        ge=0, le=1, description="How likely what it cites says it, as the checking network has it."
    ),
]


class WrittenSpanJson(JsonModel):
    """A sentence of the text, and what it rests on."""

    start: int = Field(ge=0, description="Code points from the text's start.")
    end: int = Field(ge=0, description="End, exclusive.")
    citations: list[int] = Field(description="The numbers of the citations that say this.")
    support: Support


class DroppedSentenceJson(JsonModel):
    """A sentence that failed a check. It is no part of the answer."""

    text: str = Field(description="What the model wrote.")
    check: CheckName = Field(description="The check that it failed.")
    reason: str = Field(description="What is wrong with it.")

    @classmethod
    def of(cls, sentence: DroppedSentence) -> "DroppedSentenceJson":
        """Return the JSON form of a dropped sentence."""
        return cls(text=sentence.text, check=sentence.check.name, reason=sentence.check.fault)


class WrittenSentenceJson(WrittenSpanJson):
    """A sentence that passed every check."""

    text: str = Field(description="What the model wrote, without its marks.")
    cited: list[CitationJson] = Field(
        description="Those of its citations that no sentence before it has."
    )


class WrittenJson(JsonModel):
    """What a language model wrote from the passages; each sentence passed every check."""

    text: str | None = Field(
        description="The sentences with blanks between them; null if none is left: then `answer` "
        "stands in."
    )
    spans: list[WrittenSpanJson] = Field(description="The sentences, in order; all are cited.")
    citations: list[CitationJson] = Field(
        description="What the sentences rest on, by number. These numbers are not those of "
        "`answer`."
    )
    dropped: int = Field(ge=0, description="How many sentences failed a check.")
    dropped_sentences: list[DroppedSentenceJson] | None = Field(
        default=None, description="These sentences, with `explain`; else null."
    )
    ended: str | None = Field(description="Why the model did not write to the end; null if it did.")
    declined: bool = Field(
        description="Whether the model said that the passages do not answer the question."
    )
    model: str = Field(description="The language model.")
    first_sentence_ms: float | None = Field(
        ge=0,
        description="After how many milliseconds the first sentence was checked; null if none is "
        "left.",
    )
    took_ms: float = Field(ge=0, description="How long writing and checking took, in milliseconds.")

    @classmethod
    def of(cls, written: WrittenAnswer, answer: Answer, *, explain: bool) -> "WrittenJson":
        """Return the JSON form of what was `written` of an answer; `explain` lists what failed."""
        shared, first_ms = _shared(answer), written.first_sentence_ms
        return cls(
            text=written.text,
            spans=[
                _span(span, sentence)
                for span, sentence in zip(written.spans, written.sentences, strict=True)
            ],
            citations=[
                CitationJson.of(citation, answer.whole_question, shared)
                for citation in written.citations
            ],
            dropped=len(written.dropped),
            dropped_sentences=list(map(DroppedSentenceJson.of, written.dropped))
            if explain
            else None,
            ended=written.ended or None,
            declined=written.declined,
            model=written.model,
            first_sentence_ms=None if first_ms is None else round(first_ms, 3),
            took_ms=round(written.took_ms, 3),
        )


class SentenceForms:
    """The JSON forms of sentences of one text, one after another."""

    def __init__(self, answer: Answer) -> None:
        self._question = answer.whole_question
        self._shared = _shared(answer)
        self._start = 0
        self._told = set[int]()

    def next(self, sentence: WrittenSentence) -> WrittenSentenceJson:
        """Return the form of the next sentence, with the citations that are new."""
        end = self._start + len(sentence.text)
        numbers = tuple(citation.number for citation in sentence.citations)
        span = _span(AnswerSpan(self._start, end, numbers), sentence)
        cited = [
            CitationJson.of(each, self._question, self._shared) for each in self._new(sentence)
        ]
        self._start = end + 1
        return WrittenSentenceJson(**span.model_dump(), text=sentence.text, cited=cited)

    def _new(self, sentence: WrittenSentence) -> Iterator[Citation]:
        for citation in sentence.citations:
            if citation.number not in self._told:
                self._told.add(citation.number)
                yield citation


def checks_of(written: WrittenAnswer) -> dict[str, Any]:
    """Return what `explain` has: each sentence shown with its support, each dropped with why."""
    return {
        "checks": list(get_args(CheckName)),
        "shown": [
            {"text": each.text, "support": round(each.support, 6)} for each in written.sentences
        ],
        "dropped": [DroppedSentenceJson.of(each).model_dump() for each in written.dropped],
    }


def _span(span: AnswerSpan, sentence: WrittenSentence) -> WrittenSpanJson:
    return WrittenSpanJson(
        start=span.start,
        end=span.end,
        citations=list(span.citations),
        support=round(sentence.support, 6),
    )


def _shared(answer: Answer) -> Collection[str]:
    cited = (citation.document for citation in answer.citations)
    return shared_titles([*cited, *(hit.document for hit in answer.hits)])
