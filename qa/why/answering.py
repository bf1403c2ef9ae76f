"""The stages from a passage to the answer: what can be quoted, what is chosen, is it enough?"""

from collections.abc import Sequence

from qa.answer.names import lacks, proper_names
from qa.answer.quotes import ANSWER_WORDS, MAX_QUOTES, QUOTE_MARGIN, Decision
from qa.answer.units import probability
from qa.read.selection import WINDOWS
from qa.read.windows import units_of
from qa.records import Citation, Place
from qa.why.considered import Considered
from qa.why.expected import Expected
from qa.why.finding import NOT_REACHED, Finding, lost, passes, shortened
from qa.wording import is_question


def read(considered: Considered, expected: Expected) -> Finding:
    """Tell whether a window with what is expected was read, and with which logit."""
    if expected.passage_id not in considered.groups or considered.folded(expected):
        return NOT_REACHED
    windows = [
        each
        for each in considered.trace.windows
        if each.candidate.passage.id == expected.passage_id
        and each.window.span.overlaps(expected.place.span)
    ]
    if not windows:
        return lost(f"its window is not among the {WINDOWS} that promise most")
    logits = [each.logit for each in windows if each.logit is not None]
    if not logits:
        return passes("without a reader, by its words alone")
    rank = sum(each > max(logits) for each in considered.read.values()) + 1
    return passes(f"of {len(considered.read)} passages that were read", rank, max(logits))


def quoted(considered: Considered, expected: Expected) -> Finding:
    """Tell whether what is expected could be quoted."""
    if not read(considered, expected).passed:
        return NOT_REACHED
    decisions = considered.decisions_on(expected)
    if not decisions:
        return lost(_why_not_quoted(considered, expected))
    (rank, best), *others = decisions
    further = "".join(f"; also rank {at}, {other.quote.score:.3f}" for at, other in others)
    detail = f"of {len(considered.decisions)} quotes: {shortened(best.quote.text)}{further}"
    return passes(detail, rank, best.quote.score)


def chosen(considered: Considered, expected: Expected) -> Finding:
    """Tell whether a quote of what is expected is chosen for the answer, and if not, why."""
    decisions = considered.decisions_on(expected)
    if not decisions:
        return NOT_REACHED
    rank, decision = min(decisions, key=lambda each: (each[1].ruling != "chosen", each[0]))
    best = considered.decisions[0].quote
    needed = probability(best.log_odds - QUOTE_MARGIN)
    passed = decision.ruling == "chosen"
    return Finding(passed, _ruled(decision, needed), rank, decision.quote.score, needed)


def answered(considered: Considered, expected: Expected) -> Finding:
    """Tell whether the question is answered at all, and whether with what is expected."""
    answer, place = considered.answer, expected.place
    citations = considered.citations_of(expected)
    repeated = [
        f"[{citation.number}]"
        for citation in answer.citations
        for other in citation.also_in
        if other.document.id == place.document.id and other.span.overlaps(place.span)
    ]
    if not answer.answered:
        detail = "no answer is given, for this confidence is below the threshold"
    elif citations:
        numbers = " and ".join(f"[{citation.number}]" for citation in citations)
        detail = f"cited as {numbers}{'' if _cover(citations, place) else ', in part'}"
    elif repeated:
        detail = f"with {repeated[0]}, which says the same and names this place in its also_in"
    else:
        detail = "with other words"
    return Finding(
        passed=answer.answered,
        detail=detail,
        score=answer.confidence,
        needed=considered.threshold,
    )


def _cover(citations: Sequence[Citation], place: Place) -> bool:
    """Tell whether nothing of a place but blanks is left uncited."""
    uncited = (
        character
        for at, character in enumerate(place.text, place.span.start)
        if not any(citation.start <= at < citation.end for citation in citations)
    )
    return not "".join(uncited).strip()


def _why_not_quoted(considered: Considered, expected: Expected) -> str:
    if considered.trace.missing_names:
        return f"no document has the name {' or '.join(considered.trace.missing_names)}"
    _, group = considered.groups[expected.passage_id]
    document, span = group.best.document, expected.place.span
    units = [
        unit for unit in units_of(document.text, group.best.passage) if unit.span.overlaps(span)
    ]
    if not units:
        return "it is in no sentence of the passage"
    if any(unit.kind == "header" for unit in units):
        return "it heads the columns of a table, and is quoted only with a row"
    if all(is_question(unit.span.of(document.text)) for unit in units):
        return "it asks, and what asks is never quoted"
    if any(unit.kind == "lead-in" for unit in units):
        return "it only announces what follows, and is quoted only with that"
    if any(lacks(document, name) for name in proper_names(considered.trace.query.question)):
        return "its document lacks a name of the question"
    return "it says nothing by itself, or its window is not among those whose sentences were read"


def _ruled(decision: Decision, needed: float) -> str:
    match decision.ruling:
        case "chosen":
            return "for the answer"
        case "weak":
            return f"it scores less than {needed:.3f}, which is too far below the best quote"
        case "enough":
            return f"{MAX_QUOTES} better quotes are chosen, and no answer has more"
        case "long":
            return f"with the better quotes it would be more than {ANSWER_WORDS} words"
        case "repeats":
            repeated = decision.repeated
            return f"it repeats {shortened(repeated.text) if repeated else 'a better one'}"
