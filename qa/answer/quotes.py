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
from qa.answer.units import ReadUnit, probability
from qa.question.wording import (
    is_complete,
    is_lead_in,
    is_question,
    leans_back,
    same_claim_words,
    says_something,
    word_count,
)
from qa.read.windows import Unit, units_of
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
FRAGMENT_PENALTY = 1.0
SAME_REASON = 0.5
"""Dice's coefficient from which on a further sentence adds little to one that is quoted."""
_SHORT_ITEM_WORDS = 8
_SHORT_RECORD_WORDS = 45
_UNIT_ABOVE = 600
_LINE_END = re.compile(r"[\r\n]")
_IN_MILLIONS = re.compile(
    r"\([^()\n|]{0,60}\bin (?:thousands|millions|billions)\b[^()\n|]{0,120}\)"
    r"|(?:[$€£]|\b(?:amounts|dollars|euros|pounds|shares)) in (?:thousands|millions|billions)\b"
    r"|\((?:[$€£%]|percent|per cent)[^()\n|\d]{0,40}\)",
    re.I,
)
"""What says in which unit the figures of a table are."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Stretches of one passage's document that answer together, in order.

    `key` is the unit that answers. Each of `parts` is cited by itself: a row comes with the header
    of its table, which may stand in a passage before, and an item with its lead-in. `log_odds` are
    those that the quote answers.
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
        """Where what answers stands, without what is only needed to understand it."""
        whole = Span(self.parts[0].start, self.parts[-1].end)
        return self.key.unit.span if self.key.unit.kind == "row" else whole

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
    quotable = [quote for unit in units if (quote := _quote(unit, units))]
    return sorted(quotable, key=lambda quote: -quote.log_odds)


Ruling = Literal["chosen", "weak", "enough", "long", "repeats"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a quote is chosen for the answer.

    It is not if it is much less likely to answer than the best one, or of another kind (`weak`), if
    there are `enough` quotes, if it is too `long` to be added to those before it, or if it
    `repeats` one of them: `repeated`.
    """

    quote: Quote
    ruling: Ruling
    repeated: Quote | None = None


def choose(ranked: Sequence[Quote]) -> list[Quote]:
    """Return the best quote, and others nearly as likely to answer that add something."""
    return [decision.quote for decision in decide(ranked) if decision.ruling == "chosen"]


def decide(ranked: Sequence[Quote]) -> Iterator[Decision]:
    """Yield for each quote in turn whether it is chosen, and if not, why."""
    chosen: list[Quote] = []
    for quote in ranked:
        ruling: Ruling = "chosen"
        repeated = None
        if chosen and _is_weak(quote, beside=chosen[0]):
            ruling = "weak"
        elif len(chosen) == MAX_QUOTES:
            ruling = "enough"
        elif repeated := next((each for each in chosen if _repeats(quote, each)), None):
            ruling = "repeats"
        elif chosen and sum(word_count(each.text) for each in (*chosen, quote)) > ANSWER_WORDS:
            ruling = "long"
        else:
            chosen.append(quote)
        yield Decision(quote, ruling, repeated)


def _is_weak(quote: Quote, beside: Quote) -> bool:
    """Tell whether a quote is much less likely to answer, or of another kind than is asked for."""
    other_kind = quote.key.evidence.kind < 0 < beside.key.evidence.kind
    return other_kind or quote.log_odds < beside.log_odds - QUOTE_MARGIN


def _repeats(quote: Quote, other: Quote) -> bool:
    if quote.document.id == other.document.id and quote.span.overlaps(other.span):
        return True
    return (
        says_the_same(quote.key.text, other.key.text)
        or same_claim_words(quote.key.text, other.key.text) >= SAME_REASON
    )


def compose(
    chosen: Sequence[Quote], families: Families
) -> tuple[str, tuple[AnswerSpan, ...], tuple[Citation, ...]]:
    """Join quotes into an answer: what is quoted from the best quote's passage comes first.

    `chosen` are best first; from one passage they are joined in document order. What is cited
    already, such as the header of two rows, is not cited again.
    """
    passages = list(dict.fromkeys(quote.candidate.passage.id for quote in chosen))
    text = ""
    spans: list[AnswerSpan] = []
    citations: list[Citation] = []
    for quote in sorted(chosen, key=lambda q: (passages.index(q.candidate.passage.id), q.span)):
        elsewhere = _elsewhere(quote, families)
        cited = [each.span for each in citations if each.document.id == quote.document.id]
        new = [left for part in quote.parts if (left := _uncited(quote.document.text, part, cited))]
        for number, part in enumerate(new):
            words = part.of(quote.document.text)
            text += ("\n" if number or len(new) < len(quote.parts) else " ") if text else ""
            citations.append(
                Citation(
                    number=len(citations) + 1,
                    document=quote.document,
                    heading_path=quote.candidate.passage.heading_path,
                    start=part.start,
                    end=part.end,
                    also_in=elsewhere if part.overlaps(quote.key.unit.span) else (),
                )
            )
            spans.append(AnswerSpan(len(text), len(text) + len(words), (len(citations),)))
            text += words
    return text, tuple(spans), tuple(citations)


def _uncited(text: str, part: Span, cited: Iterable[Span]) -> Span | None:
    """Return what of a part is not cited yet: it may begin or end with what is."""
    start, end = part
    for span in cited:
        if span.overlaps(Span(start, end)):
            start, end = (max(start, span.end), end) if span.start <= start else (start, span.start)
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    return Span(start, start + len(words.strip())) if words.strip() else None


def _elsewhere(quote: Quote, families: Families) -> tuple[Place, ...]:
    """Return where other passages say what the quote's key unit says."""
    key = quote.key.unit.span
    sentence = next((each for each in quote.candidate.sentences if key.contains(each.span)), None)
    if sentence is None:
        return ()
    places = {
        (same.document.id, same.span): same
        for same in families.elsewhere(quote.candidate, sentence)
        if same.document.id != quote.document.id
        or not any(same.span.overlaps(part) for part in quote.parts)
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
    spans = {
        quote.key.unit.span
        for quote in ranked
        if quote.candidate.passage.id == passage.id and quote.log_odds >= least
    }
    for quote in chosen:
        if quote.document.id == passage.document_id:
            spans.update(part for part in quote.parts if passage.span.contains(part))
    return _merged(spans, Span.overlaps)


def _quote(unit: ReadUnit, units: Iterable[ReadUnit]) -> Quote | None:
    """Return the quote that a unit makes; None for one that says nothing by itself."""
    parts = _record(unit) or _parts(unit, units)
    if not parts:
        return None
    fragment = unit.unit.kind == "sentence" and not is_complete(unit.text)
    return Quote(unit, parts, unit.log_odds - FRAGMENT_PENALTY * fragment)


def _record(unit: ReadUnit) -> tuple[Span, ...]:
    """Return all of a short record of a file of rows: a field says little without the others."""
    document, sentences = unit.candidate.document, unit.candidate.passage.sentences
    whole = Span(sentences[0].start, sentences[-1].end)
    short = word_count(whole.of(document.text)) <= _SHORT_RECORD_WORDS
    return (whole,) if document.row_number is not None and short else ()


def _parts(unit: ReadUnit, units: Iterable[ReadUnit]) -> tuple[Span, ...]:
    """Return the stretches that a unit is quoted with; none for one that says nothing alone."""
    match unit.unit.kind:
        case "sentence":
            return _sentence(unit)
        case "lead-in":
            return _announced(unit)
        case "item":
            return _item(unit, units)
        case "row":
            return _row(unit)
        case "header":
            return ()


def _sentence(unit: ReadUnit) -> tuple[Span, ...]:
    """Return a sentence, with the one before if it points back to that; no question.

    One that is followed by a lead-in that points back to it ("These include:") comes with the list.
    """
    if not says_something(unit.text):
        return ()
    candidate, span = unit.candidate, unit.unit.span
    text = candidate.document.text
    after = next((each for each in candidate.passage.sentences if each.start >= span.end), None)
    if after and is_lead_in(after.of(text)) and leans_back(after.of(text)):
        items = _items_below(candidate, after)
        if items and not _LINE_END.search(text, span.end, after.start):
            return _list(unit, after, items)
    return (_with_antecedent(candidate, span),)


def _announced(unit: ReadUnit) -> tuple[Span, ...]:
    """Return a lead-in with what it announces; nothing if that is in no list."""
    items = _items_below(unit.candidate, unit.unit.span)
    return _list(unit, unit.unit.span, items) if items else ()


def _item(unit: ReadUnit, units: Iterable[ReadUnit]) -> tuple[Span, ...]:
    """Return an item; the whole list if its lead-in or another of its items answers as well.

    One that is too short to stand by itself comes with its lead-in.
    """
    span, lead = unit.unit.span, unit.unit.lead
    if not says_something(unit.text):
        return _announced(unit) if is_lead_in(unit.text) else ()
    if not lead:
        return (span,)
    list_answers = any(
        lead in (each.unit.lead, each.unit.span)
        and each.unit.span != span
        and each.candidate.passage.id == unit.candidate.passage.id
        and each.log_odds >= unit.log_odds - LIST_MARGIN
        for each in units
    )
    if list_answers:
        return _list(unit, lead, _items_below(unit.candidate, lead))
    alone = is_complete(unit.text) and word_count(unit.text) > _SHORT_ITEM_WORDS
    return (span,) if alone else _joined(unit.candidate.document.text, (lead, span))


def _row(unit: ReadUnit) -> tuple[Span, ...]:
    """Return a row with its header, and with what says in which unit its figures are."""
    text, header = unit.candidate.document.text, unit.unit.lead
    if header:
        return _joined(text, (*_unit_of_measure(text, header), *unit.unit.parts))
    return unit.unit.parts if re.search(r"\d", unit.text) else ()


def _unit_of_measure(text: str, header: Span) -> tuple[Span, ...]:
    """Return where the unit of a table's figures is told, shortly above its header.

    Nothing where the header tells it.
    """
    if _IN_MILLIONS.search(header.of(text)):
        return ()
    start = max(0, header.start - _UNIT_ABOVE)
    told = list(_IN_MILLIONS.finditer(text, start, header.start))
    return (Span(*told[-1].span()),) if told else ()


def _items_below(candidate: Candidate, lead: Span) -> list[Unit]:
    units = units_of(candidate.document.text, candidate.passage)
    return [each for each in units if each.lead == lead and each.kind == "item"]


def _list(unit: ReadUnit, lead: Span, items: Iterable[Unit]) -> tuple[Span, ...]:
    """Return a lead-in with as many of its items as there is room for, in document order.

    Where they do not fit whole, of each only its first sentence is taken.
    """
    text = unit.candidate.document.text
    lead = _with_antecedent(unit.candidate, lead)
    spans = sorted({item.span for item in items})
    if word_count("\n".join(span.of(text) for span in spans)) > LIST_WORDS:
        sentences = unit.candidate.passage.sentences
        spans = [next((s for s in sentences if span.contains(s)), span) for span in spans]
    fitting: list[Span] = []
    words = word_count(lead.of(text))
    for span in spans:
        words += word_count(span.of(text))
        if fitting and words > LIST_WORDS:
            break
        fitting.append(span)
    if unit.unit.kind == "item" and unit.unit.span not in fitting:
        # The item that answers must not be what there is no room for.
        fitting = [unit.unit.span]
    return _joined(text, (lead, *fitting))


def _with_antecedent(candidate: Candidate, span: Span) -> Span:
    """Take in the sentence before, where this one points back to it."""
    text = candidate.document.text
    before = [each for each in candidate.passage.sentences if each.end <= span.start]
    if not before or not leans_back(span.of(text)):
        return span
    if _LINE_END.search(text, before[-1].end, span.start) or is_question(before[-1].of(text)):
        return span
    return Span(before[-1].start, span.end)


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
