"""What an answer is made of, and the stages of retrieval that can be left out.

Offsets are code points into the document's text, end exclusive; those of an `AnswerSpan` are
offsets into the answer's own text.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal, get_args

from index.errors import SettingsError
from index.records import Document, Passage, Span

MOST_PLACES = 20
"""How many places of an `also_in` are shown; a text may be repeated in hundreds of files."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a document: `document.text[span.start:span.end]`."""

    document: Document
    span: Span

    @property
    def text(self) -> str:
        """The words that stand there."""
        return self.span.of(self.document.text)


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. `score` lies in 0..1; `highlights` are offsets into the document.

    They mark what answers, or nearly answers. `also_in` are near-duplicates, the best first.
    """

    document: Document
    passage: Passage
    score: float
    highlights: tuple[Span, ...]
    also_in: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a part of the answer stands, word for word; `also_in` are other places that say it."""

    number: int
    document: Document
    heading_path: tuple[str, ...]
    start: int
    end: int
    also_in: tuple[Place, ...] = ()

    @property
    def span(self) -> Span:
        """Where the words stand in the document."""
        return Span(self.start, self.end)

    @property
    def cited_text(self) -> str:
        """The cited words."""
        return self.document.text[self.start : self.end]

    @property
    def pages(self) -> tuple[int, int] | None:
        """The first and the last page, from 1, that the words stand on; None without pages."""
        return self.document.pages_of(self.span)

    @property
    def agreeing(self) -> int:
        """How many documents say this, the cited one among them."""
        return len({self.document.id, *(place.document.id for place in self.also_in)})


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """A stretch `[start, end)` of the answer's text and the numbers of its citations."""

    start: int
    end: int
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of the question as it was written, and as it was read."""

    written: str
    read: str


@dataclass(frozen=True, slots=True)
class ReaderUsed:
    """The reader that chose the answer: its name in settings, and its SHA-256."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class AppliedCalibration:
    """The calibration behind an answer.

    `promise` is None where the documents have changed since (`stale`), or the threshold was set by
    hand. `threshold` is the one that decided, in units of confidence.
    """

    id: str
    promise: str | None
    max_false_answers: float
    confidence_level: float
    threshold: float
    stale: bool


@dataclass(frozen=True, slots=True)
class ListedQuote:
    """One of all quotes that answer. `confidence`, in 0..1, is how likely it answers by itself."""

    citation: Citation
    confidence: float


@dataclass(frozen=True, slots=True)
class Listing:
    """All quotes that were found to answer, file by file, in the order of each.

    The files come by their best quote. `bounds` tells why there may be more, without any it is
    complete, and `remarks` how the question was taken; a sentence each.
    """

    quotes: tuple[ListedQuote, ...]
    bounds: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def documents(self) -> Iterator[tuple[Document, tuple[ListedQuote, ...]]]:
        """The documents, each with its quotes."""
        for _, quotes in groupby(self.quotes, lambda quote: quote.citation.document.id):
            listed = tuple(quotes)
            yield listed[0].citation.document, listed


CheckName = Literal["source", "quotation", "link", "number", "date", "name", "negation", "support"]
"""What a written sentence is checked for: docs/written.md."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a written sentence: what is wrong, in words for a person, or "" if it passed."""

    name: CheckName
    fault: str = ""


@dataclass(frozen=True, slots=True)
class WrittenSentence:
    """A sentence that a language model wrote, without its marks, and that passed every check.

    `citations` are what it rests on, numbered through the whole written answer. `support`, in 0..1,
    is how likely they say it.
    """

    text: str
    citations: tuple[Citation, ...]
    support: float


@dataclass(frozen=True, slots=True)
class DroppedSentence:
    """A sentence that failed a check, and so is not part of the answer."""

    text: str
    check: Check


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """What a language model made of an answer: the sentences that passed every check, in order.

    Without sentences the extractive answer stands in. `ended` tells why the model did not write to
    the end, such as that its server went away; "" if it did. `declined` tells that it said that the
    passages do not answer. `first_sentence_ms`, None without sentences, counts from when the model
    was asked.
    """

    model: str
    sentences: tuple[WrittenSentence, ...] = ()
    dropped: tuple[DroppedSentence, ...] = ()
    ended: str = ""
    declined: bool = False
    first_sentence_ms: float | None = None
    took_ms: float = 0.0

    @property
    def text(self) -> str | None:
        """The sentences with blanks between them; None if there are none."""
        return " ".join(sentence.text for sentence in self.sentences) or None

    @property
    def spans(self) -> tuple[AnswerSpan, ...]:
        """Where each sentence stands in `text`, and what it cites."""
        spans: list[AnswerSpan] = []
        start = 0
        for sentence in self.sentences:
            end = start + len(sentence.text)
            numbers = tuple(citation.number for citation in sentence.citations)
            spans.append(AnswerSpan(start, end, numbers))
            start = end + 1
        return tuple(spans)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All that is cited, by number."""
        cited = {c.number: c for sentence in self.sentences for c in sentence.citations}
        return tuple(cited[number] for number in sorted(cited))


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a question.

    Where `answered` is false, `text` is None and `citations` is empty; `hits` are still the nearest
    passages. `confidence`, in 0..1, is the probability that what is cited answers the question,
    fitted on public questions, or on the user's own where there is a `calibration`.

    `corrections` are words of the question that were read as words of the documents, and
    `unknown_words` those that no document holds. `missing_names` are proper names that no document
    found holds: with one of these the question is not answered. Where the question leans on an
    earlier one, `searched` is what was searched in its place, with the terms `carried_over`.
    `explain` holds each stage's ranks and scores, and `listing` all quotes that answer, if they
    were asked for; else `more` tells whether the question wants a list, and more than is cited
    answers. `written` is what a language model wrote, if it was asked to. `stage_ms` holds the
    milliseconds of each stage.
    """

    question: str
    answered: bool
    confidence: float
    text: str | None
    spans: tuple[AnswerSpan, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    snapshot: str
    model: str
    took_ms: float
    calibration: AppliedCalibration | None = None
    more: bool = False
    corrections: tuple[Correction, ...] = ()
    unknown_words: tuple[str, ...] = ()
    missing_names: tuple[str, ...] = ()
    searched: str | None = None
    carried_over: tuple[str, ...] = ()
    reader: ReaderUsed | None = None
    explain: Mapping[str, Any] | None = None
    listing: Listing | None = None
    written: WrittenAnswer | None = None
    stage_ms: Mapping[str, float] = field(default_factory=dict[str, float], compare=False)

    @property
    def whole_question(self) -> str:
        """The question, with what it leaves out."""
        return self.searched or self.question


Stage = Literal["lexical", "documents", "spelling", "codes"]
"""`lexical` searches by words beside vectors; `documents` also counts how well the whole document
matches by words; `spelling` corrects words that no document holds; `codes` searches very many
passages by codes of their vectors."""

STAGES: tuple[Stage, ...] = get_args(Stage)


def stages_without(names: Iterable[str]) -> frozenset[Stage]:
    """Return the stages in force without `names`. Raises SettingsError for an unknown name."""
    unwanted = set(names)
    if unknown := sorted(unwanted.difference(STAGES)):
        raise SettingsError(
            f"There is no stage {unknown[0]!r} to leave out; there are {', '.join(STAGES)}."
        )
    return frozenset(STAGES) - unwanted


def left_out(stages: frozenset[Stage]) -> tuple[Stage, ...]:
    """Return the stages that are not in force."""
    return tuple(stage for stage in STAGES if stage not in stages)
