"""From units that were read to quotes, and to the few of them that make the answer.

`quotes` makes of each unit what could be quoted: a row comes with its header, an item with its
lead-in, a sentence that points back with the one before. `choose` takes the best and what adds to
it, `compose` joins these into an answer with its citations, `highlights` marks them in a passage.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from index.records import Document, Span
from index.structure.tables import unit_of_measure
from index.structure.wording import (
    is_complete,
    is_lead_in,
    is_question,
    leans_back,
    same_claim_words,
    says_something,
    word_count,
)
from qa.answer.units import ReadUnit, probability
from qa.records import AnswerSpan, Citation, Place
from qa.retrieve.candidates import Candidate
from qa.retrieve.near_duplicates import Families, says_the_same

ANSWER_WORDS = 80
LIST_WORDS = 120
MAX_QUOTES = 2
QUOTE_MARGIN = 0.5
"""A further quote's log-odds may be lower than the best one's by this much."""
HIGHLIGHT_MARGIN = 2.5
LIST_MARGIN = 1.5
"""A list is quoted whole where its lead-in or a second item is so near to the best item."""
_FRAGMENT_PENALTY = 1.0
_SAME_REASON = 0.5
"""Dice's coefficient from which on a further sentence adds little to one that is quoted."""
_SHORT_ITEM_WORDS = 8
_SHORT_RECORD_WORDS = 45
_LINE_END = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Quote:
    """Stretches of one passage's document that answer together, in order.

    `key` is the unit that answers. Each of `parts` is cited by itself: the header of a row may
    stand far above it. `log_odds` are those that the quote answers.
    """

    key: ReadUnit
    parts: tuple[Span, ...]
    log_odds: float

    @property
    def candidate(self) -> Candidate:
        """The passage that it is from."""
        return self.key.candidate

    @property
    def document(self) -> Document:
        """The document that it is from."""
        return self.key.candidate.document

    @property
    def score(self) -> float:
        """The probability that it answers, before the question as a whole is judged."""
        return probability(self.log_odds)

    @property
    def span(self) -> Span:
        """Where it stands: all of it, but only the row of a table."""
        whole = Span(self.parts[0].start, self.parts[-1].end)
        return self.key.unit.span if self.key.unit.kind == "row" else whole

    def overlaps(self, other: "Quote") -> bool:
        """Tell whether both share a character of a document."""
        return self.document.id == other.document.id and self.span.overlaps(other.span)

    @property
    def texts(self) -> tuple[str, ...]:
        """The words of each part."""
        return tuple(part.of(self.document.text) for part in self.parts)

    @property
    def text(self) -> str:
        """The words of all parts."""
        return "\n".join(self.texts)


def quotes(units: Sequence[ReadUnit]) -> list[Quote]:
    """Return what could be quoted, the likeliest to answer first."""
    quotable: list[Quote] = []
    for unit in units:
        if parts := _short_record(unit) or _parts(unit, units):
            fragment = unit.unit.kind == "sentence" and not is_complete(unit.text)
            log_odds = unit.log_odds - (_FRAGMENT_PENALTY if fragment else 0.0)
            quotable.append(Quote(unit, parts, log_odds))
    return sorted(quotable, key=lambda quote: -quote.log_odds)


Ruling = Literal["chosen", "weak", "enough", "long", "repeats"]


@dataclass(frozen=True, slots=True)
class QuoteDecision:
    """Whether a quote is chosen for the answer.

    If not, it is much less likely to answer than the best one, or of another kind (`weak`), there
    are `enough` quotes, it is too `long` beside them, or it `repeats` one of them: `repeated`.
    """

    quote: Quote
    ruling: Ruling
    repeated: Quote | None = None


def choose(ranked: Sequence[Quote]) -> list[Quote]:
    """Return the best quote, and others nearly as likely to answer that add something."""
    return [decision.quote for decision in decide(ranked) if decision.ruling == "chosen"]


def decide(ranked: Sequence[Quote]) -> Iterator[QuoteDecision]:
    """Yield for each quote in turn whether it is chosen, and if not, why."""
    chosen: list[Quote] = []
    for quote in ranked:
        ruling: Ruling = "chosen"
        repeated = None
        if chosen and _is_weak(quote, beside=chosen[0]):
            ruling = "weak"
        elif len(chosen) == MAX_QUOTES:
            ruling = "enough"
        elif repeated := next((other for other in chosen if _repeats(quote, other)), None):
            ruling = "repeats"
        elif chosen and sum(word_count(each.text) for each in (*chosen, quote)) > ANSWER_WORDS:
            ruling = "long"
        else:
            chosen.append(quote)
        yield QuoteDecision(quote, ruling, repeated)


def _is_weak(quote: Quote, beside: Quote) -> bool:
    other_kind = quote.key.evidence.kind < 0 < beside.key.evidence.kind
    return other_kind or quote.log_odds < beside.log_odds - QUOTE_MARGIN


def _repeats(quote: Quote, other: Quote) -> bool:
    if quote.overlaps(other):
        return True
    text, other_text = quote.key.text, other.key.text
    return says_the_same(text, other_text) or same_claim_words(text, other_text) >= _SAME_REASON


def compose(
    chosen: Sequence[Quote], families: Families
) -> tuple[str, tuple[AnswerSpan, ...], tuple[Citation, ...]]:
    """Join quotes, the best first, into an answer; each passage's stand in document order.

    What is cited already, such as the header of two rows, is not cited again.
    """
    passages = list(dict.fromkeys(quote.candidate.passage.id for quote in chosen))
    text = ""
    spans: list[AnswerSpan] = []
    citations: list[Citation] = []
    for quote in sorted(chosen, key=lambda q: (passages.index(q.candidate.passage.id), q.span)):
        document, places = quote.document, also_in(quote, families)
        cited = [citation.span for citation in citations if citation.document.id == document.id]
        new = [left for part in quote.parts if (left := _uncited(document.text, part, cited))]
        for number, part in enumerate(new):
            words = part.of(document.text)
            text += ("\n" if number or len(new) < len(quote.parts) else " ") if text else ""
            spans.append(AnswerSpan(len(text), len(text) + len(words), (len(citations) + 1,)))
            text += words
            citation = Citation(
                number=len(citations) + 1,
                document=document,
                heading_path=quote.candidate.passage.heading_path,
                start=part.start,
                end=part.end,
                also_in=places if part.overlaps(quote.key.unit.span) else (),
            )
            citations.append(citation)
    return text, tuple(spans), tuple(citations)


def _uncited(text: str, part: Span, cited: Iterable[Span]) -> Span | None:
    """Return what is left of a part whose beginning or end may be cited already."""
    start, end = part
    for span in cited:
        if span.start <= start < span.end:
            start = span.end
        elif start < span.start < end:
            end = span.start
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    return Span(start, start + len(words.strip())) if words.strip() else None


def also_in(quote: Quote, families: Families) -> tuple[Place, ...]:
    """Return where other passages say what the quote's key unit says."""
    key = quote.key.unit.span
    sentence = next((each for each in quote.candidate.sentences if key.contains(each.span)), None)
    if sentence is None:
        return ()
    places = {
        (place.document.id, place.span): place
        for place in families.elsewhere(quote.candidate, sentence)
        if place.document.id != quote.document.id
        or not any(place.span.overlaps(part) for part in quote.parts)
    }
    return tuple(sorted(places.values(), key=lambda place: (place.document.source, place.span)))


def highlights(
    candidate: Candidate, ranked: Sequence[Quote], chosen: Sequence[Quote]
) -> tuple[Span, ...]:
    """Return the stretches of a passage that answer: what is quoted, and what comes near to it."""
    if not chosen:
        return ()
    least = chosen[0].log_odds - HIGHLIGHT_MARGIN
    passage = candidate.passage
    near = {
        quote.key.unit.span
        for quote in ranked
        if quote.candidate.passage.id == passage.id and quote.log_odds >= least
    }
    quoted = {
        part
        for quote in chosen
        for part in quote.parts
        if quote.document.id == passage.document_id and passage.span.contains(part)
    }
    return _merged(near | quoted, Span.overlaps)


def _short_record(unit: ReadUnit) -> tuple[Span, ...]:
    """Return all of a short row of a data file: a field says little without the others."""
    document, whole = unit.candidate.document, unit.candidate.passage.span
    if document.row_number is None or word_count(whole.of(document.text)) > _SHORT_RECORD_WORDS:
        return ()
    return (whole,)


def _parts(unit: ReadUnit, units: Iterable[ReadUnit]) -> tuple[Span, ...]:
    """Return the stretches that a unit is quoted with; none for one that says nothing alone."""
    match unit.unit.kind:
        case "sentence":
            return _sentence(unit)
        case "lead-in":
            return _list(unit, unit.unit.span)
        case "item":
            return _item(unit, units)
        case "row":
            return _row(unit)
        case "header":
            return ()


def _sentence(unit: ReadUnit) -> tuple[Span, ...]:
    """Return a sentence, with the one before if it points back to that; no question.

    Where a lead-in follows that points back to it ("These include:"), the list comes with it.
    """
    if not says_something(unit.text):
        return ()
    candidate, span = unit.candidate, unit.unit.span
    text = candidate.document.text
    after = next((each for each in candidate.passage.sentences if each.start >= span.end), None)
    if after and is_lead_in(after.of(text)) and leans_back(after.of(text)):
        same_line = not _LINE_END.search(text, span.end, after.start)
        if same_line and (with_list := _list(unit, after)):
            return with_list
    return (_with_antecedent(candidate, span),)


def _item(unit: ReadUnit, units: Iterable[ReadUnit]) -> tuple[Span, ...]:
    """Return an item, a short one with its lead-in; the list if other parts answer as well."""
    span, lead = unit.unit.span, unit.unit.lead
    if not says_something(unit.text):
        return _list(unit, span) if is_lead_in(unit.text) else ()
    if not lead:
        return (span,)
    list_answers = any(
        lead in (other.unit.lead, other.unit.span)
        and other.unit.span != span
        and other.candidate.passage.id == unit.candidate.passage.id
        and other.log_odds >= unit.log_odds - LIST_MARGIN
        for other in units
    )
    if list_answers:
        return _list(unit, lead)
    alone = is_complete(unit.text) and word_count(unit.text) > _SHORT_ITEM_WORDS
    return (span,) if alone else _joined(unit.candidate.document.text, (lead, span))


def _row(unit: ReadUnit) -> tuple[Span, ...]:
    """Return a row with its header, and with what says in which unit its figures are."""
    text, header = unit.candidate.document.text, unit.unit.lead
    if not header:
        return unit.unit.parts if re.search(r"\d", unit.text) else ()
    measure = unit_of_measure(text, header)
    above = (measure,) if measure and not header.contains(measure) else ()
    return _joined(text, (*above, *unit.unit.parts))


def _list(unit: ReadUnit, lead: Span) -> tuple[Span, ...]:
    """Return a lead-in with as many of its items as there is room for; nothing if it has none.

    Where the items do not fit whole, only the first sentence of each is taken.
    """
    passage, text = unit.candidate.passage, unit.candidate.document.text
    units = unit.candidate.features.units
    items = sorted({item.span for item in units if item.lead == lead and item.kind == "item"})
    if not items:
        return ()
    if sum(word_count(item.of(text)) for item in items) > LIST_WORDS:
        items = [next((s for s in passage.sentences if item.contains(s)), item) for item in items]
    lead = _with_antecedent(unit.candidate, lead)
    words = word_count(lead.of(text))
    fitting: list[Span] = []
    for item in items:
        words += word_count(item.of(text))
        if fitting and words > LIST_WORDS:
            break
        fitting.append(item)
    if unit.unit.kind == "item" and unit.unit.span not in fitting:
        fitting = [unit.unit.span]  # the item that answers always has room
    return _joined(text, (lead, *fitting))


def _with_antecedent(candidate: Candidate, span: Span) -> Span:
    """Take in the sentence before on the same line, where this one points back to it."""
    text = candidate.document.text
    before = [each for each in candidate.passage.sentences if each.end <= span.start][-1:]
    if not before or not leans_back(span.of(text)) or is_question(before[0].of(text)):
        return span
    another_line = _LINE_END.search(text, before[0].end, span.start)
    return span if another_line else Span(before[0].start, span.end)


def _joined(text: str, parts: Iterable[Span]) -> tuple[Span, ...]:
    """Return the parts, those with nothing but blanks and markers between them as one."""
    return _merged(parts, lambda one, two: not text[one.end : two.start].strip(" \t\r\n-*•"))


def _merged(spans: Iterable[Span], are_one: Callable[[Span, Span], bool]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(set(spans)):
        if merged and are_one(merged[-1], span):
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return tuple(merged)
