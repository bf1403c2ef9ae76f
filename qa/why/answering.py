"""The stages from a passage to the answer: what can be quoted, what is chosen, is it enough?"""

from collections.abc import Sequence

from qa.duplicates import Group
from qa.engine import EVIDENCE_PASSAGES
from qa.evidence import ANSWER_SHARE, ANSWER_WORDS, MAX_QUOTES, Decision
from qa.records import Citation, Place
from qa.why.considered import Considered
from qa.why.expected import Expected
from qa.why.finding import NOT_REACHED, Finding, lost, passes, shortened
from qa.wording import is_question


def quoted(considered: Considered, expected: Expected) -> Finding:
    """Tell whether what is expected could be quoted."""
    if expected.passage_id not in considered.groups or considered.folded(expected):
        return NOT_REACHED
    rank, group = considered.groups[expected.passage_id]
    if rank > EVIDENCE_PASSAGES:
        return lost(f"answers are drawn from the first {EVIDENCE_PASSAGES} passages only")
    decisions = considered.decisions_on(expected)
    if not decisions:
        return lost(_why_not_quoted(group, expected))
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
    needed = ANSWER_SHARE * considered.trace.score
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


def _why_not_quoted(group: Group, expected: Expected) -> str:
    span = expected.place.span
    texts = [each.text for each in group.best.sentences if each.span.overlaps(span)]
    if not texts:
        return "it is in no sentence of the passage"
    if all(is_question(text) for text in texts):
        return "it asks, and what asks is never quoted"
    if any(is_question(text) for text in texts):
        return "it only asks and announces what follows"
    return "it only announces what follows, and such a lead-in is never quoted"


def _ruled(decision: Decision, needed: float) -> str:
    match decision.ruling:
        case "chosen":
            return "for the answer"
        case "weak":
            share = f"{ANSWER_SHARE:.0%} of the best quote's score"
            return f"it scores less than {needed:.3f}, {share}"
        case "enough":
            return f"{MAX_QUOTES} better quotes are chosen, and no answer has more"
        case "long":
            return f"with the better quotes it would be more than {ANSWER_WORDS} words"
        case "repeats":
            repeated = decision.repeated
            return f"it repeats {shortened(repeated.text) if repeated else 'a better one'}"
