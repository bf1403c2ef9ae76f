"""From ranked passages to the few sentences that answer, each quoted whole."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from index.records import Span
from qa.candidates import Candidate, Sentence
from qa.duplicates import Group, Repetitions
from qa.records import AnswerSpan, Citation, Place
from qa.wording import (
    is_complete,
    is_lead_in,
    is_list_item,
    is_question,
    leans_back,
    same_claim_words,
    says_something,
    word_count,
)

ANSWER_WORDS = 80
MAX_QUOTES = 4
HIGHLIGHT_SHARE = 0.66
ANSWER_SHARE = 0.85
FRAGMENT_SHARE = 0.8
LEAD_IN_SHARE = 0.9
MAX_ITEM_WORDS = 45
SAME_REASON_COSINE = 0.8
"""Two sentences as alike as this add little to one another, though they may not say the same."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Adjacent sentences of one passage, quoted together.

    `key` is the one that answers, `score` its score in 0..1 after what is said for or
    against it.
    """

    sentences: tuple[Sentence, ...]
    key: Sentence
    score: float

    @property
    def span(self) -> Span:
        """Where the quote stands in its document."""
        return Span(self.sentences[0].span.start, self.sentences[-1].span.end)

    @property
    def text(self) -> str:
        """The words of the quote, with what stands between its sentences."""
        return self.span.of(self.key.document.text)


Ruling = Literal["chosen", "weak", "enough", "long", "repeats"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a quote is chosen for the answer.

    It is not if its score is `weak` beside the best one's, if there are `enough` quotes, if it
    is too `long` to be added to those before it, or if it `repeats` one of them: `repeated`.
    """

    quote: Quote
    ruling: Ruling
    repeated: Quote | None = None


def highlights(
    candidate: Candidate, best: float, quoted: Iterable[Sentence] = ()
) -> tuple[Span, ...]:
    """Return the sentences of a passage that are nearly as good as the best one of all passages.

    `best` is that one's score. What a sentence points back to is highlighted with it, and with a
    lead-in the items that it announces. A passage may have none: it is among the nearest, and says
    nothing that is near enough. `quoted` are sentences to highlight whatever they score.
    """
    good = set(quoted)
    announced = False
    for block in _blocks(candidate):
        announced = announced and is_list_item(block[0].text)
        if announced:
            good.update(block)
        for number, sentence in enumerate(block):
            if sentence.score >= HIGHLIGHT_SHARE * best and not is_question(sentence.text):
                good.update(_with_antecedent(block, number))
        announced = announced or (is_lead_in(block[-1].text) and block[-1] in good)
    return tuple(sentence.span for sentence in candidate.sentences if sentence in good)


def quotes(groups: Sequence[Group]) -> list[Quote]:
    """Return what could be quoted, best first. A sentence that asks is never an answer."""
    found = [quote for group in groups for quote in _quotes_of(group.best)]
    return sorted(found, key=lambda quote: -quote.score)


def choose(ranked: Sequence[Quote], repetitions: Repetitions) -> list[Quote]:
    """Return the best quote and others nearly as good that add something, 80 words at most."""
    decisions = decide(ranked, repetitions)
    return [decision.quote for decision in decisions if decision.ruling == "chosen"]


def decide(ranked: Sequence[Quote], repetitions: Repetitions) -> Iterator[Decision]:
    """Yield for each quote in turn whether it is chosen, and if not, why."""
    chosen: list[Quote] = []
    words = 0
    for quote in ranked:
        length = word_count(quote.text)
        repeated = None
        if chosen and quote.score < ANSWER_SHARE * chosen[0].score:
            ruling: Ruling = "weak"
        elif len(chosen) == MAX_QUOTES:
            ruling = "enough"
        elif chosen and words + length > ANSWER_WORDS:
            ruling = "long"
        else:
            repeated = next((each for each in chosen if _repeats(quote, each, repetitions)), None)
            ruling = "repeats" if repeated else "chosen"
        if ruling == "chosen":
            chosen.append(quote)
            words += length
        yield Decision(quote, ruling, repeated)


def compose(
    chosen: Sequence[Quote], groups: Sequence[Group], repetitions: Repetitions
) -> tuple[str, tuple[AnswerSpan, ...], tuple[Citation, ...]]:
    """Join quotes into an answer: what is quoted from the best quote's passage comes first.

    `chosen` are best first; from one passage they are joined in document order.
    """
    rank: dict[str, int] = {}
    for quote in chosen:
        rank.setdefault(quote.key.passage_id, len(rank))
    paths = {group.best.passage.id: group.best.passage.heading_path for group in groups}
    in_order = sorted(chosen, key=lambda quote: (rank[quote.key.passage_id], quote.span))
    text = ""
    spans: list[AnswerSpan] = []
    citations: list[Citation] = []
    for number, quote in enumerate(in_order, 1):
        text += " " if text else ""
        spans.append(AnswerSpan(len(text), len(text) + len(quote.text), (number,)))
        text += quote.text
        citations.append(
            Citation(
                number=number,
                document=quote.key.document,
                heading_path=paths[quote.key.passage_id],
                start=quote.span.start,
                end=quote.span.end,
                also_in=_elsewhere(quote, repetitions),
            )
        )
    return text, tuple(spans), tuple(citations)


def _quotes_of(candidate: Candidate) -> Iterator[Quote]:
    """Yield a quote for each sentence that can be quoted.

    What a lead-in announces ("These pimples can occur due to several reasons:") answers
    what the lead-in is about, so its items have a share of its score. A field of a row, such as
    "item: Monitor", says little without the others: a short row is quoted whole.
    """
    short = word_count(_text_of(candidate.sentences)) <= MAX_ITEM_WORDS
    row = candidate.document.row_number is not None and short
    announced = 0.0
    for block in _blocks(candidate):
        item = is_list_item(block[0].text)
        if not item:
            announced = 0.0
        whole = item and word_count(_text_of(block)) <= MAX_ITEM_WORDS
        for number, sentence in enumerate(block):
            if not says_something(sentence.text):
                continue
            score = max(sentence.score, (sentence.score + announced) / 2)
            if not is_complete(sentence.text):
                score *= FRAGMENT_SHARE
            quoted = block if whole else _with_antecedent(block, number)
            yield Quote(candidate.sentences if row and item else quoted, sentence, score)
        if is_lead_in(block[-1].text):
            announced = LEAD_IN_SHARE * block[-1].score


def _blocks(candidate: Candidate) -> list[tuple[Sentence, ...]]:
    """Divide a passage's sentences where a line ends between two of them."""
    blocks: list[list[Sentence]] = []
    end = candidate.passage.start
    for sentence in candidate.sentences:
        between = candidate.document.text[end : sentence.span.start]
        if blocks and "\n" not in between and "\r" not in between:
            blocks[-1].append(sentence)
        else:
            blocks.append([sentence])
        end = sentence.span.end
    return [tuple(block) for block in blocks]


def _text_of(block: Sequence[Sentence]) -> str:
    return Span(block[0].span.start, block[-1].span.end).of(block[0].document.text)


def _with_antecedent(block: Sequence[Sentence], number: int) -> tuple[Sentence, ...]:
    """Take in the sentence before, where this one points back to it."""
    sentence = block[number]
    if number and leans_back(sentence.text) and not is_question(block[number - 1].text):
        return block[number - 1], sentence
    return (sentence,)


def _repeats(quote: Quote, other: Quote, repetitions: Repetitions) -> bool:
    if quote.key.passage_id == other.key.passage_id and quote.span.overlaps(other.span):
        return True
    if any(repetitions.are_same(a, b) for a in quote.sentences for b in other.sentences):
        return True
    return (
        repetitions.cosine(quote.key, other.key) >= SAME_REASON_COSINE
        and same_claim_words(quote.key.text, other.key.text) > 0
    )


def _elsewhere(quote: Quote, repetitions: Repetitions) -> tuple[Place, ...]:
    """Return where other passages say what the quote's key sentence says."""
    places = [same.place for same in repetitions.of(quote.key) if same not in quote.sentences]
    return tuple(sorted(places, key=lambda place: (place.document.source, place.span)))
