"""What is found out at a stage, and how places and quotes are named in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from index.records import Passage
from qa.answer.names import lacks, proper_names
from qa.answer.quotes import ANSWER_WORDS, MAX_QUOTES, QUOTE_MARGIN, Decision
from qa.answer.units import probability
from qa.question.wording import is_question
from qa.read.windows import WINDOWS, units_of
from qa.records import MOST_PLACES, Citation, Place
from qa.why.expected import Considered, Expected

_SHORT = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of an expected quote at one stage.

    `passed` is None where it did not get so far. `rank` counts from 1; `score` is a cosine or
    made of such. `needed` is what it takes to pass: a score, or where only a rank is given, a rank.
    """

    passed: bool | None
    detail: str
    rank: int | None = None
    score: float | None = None
    needed: float | None = None


NOT_REACHED = Finding(passed=None, detail="")


def passes(
    detail: str, rank: int | None = None, score: float | None = None, needed: float | None = None
) -> Finding:
    """Return that the quote passed a stage."""
    return Finding(passed=True, detail=detail, rank=rank, score=score, needed=needed)


def lost(
    detail: str, rank: int | None = None, score: float | None = None, needed: float | None = None
) -> Finding:
    """Return that the quote did not pass a stage."""
    return Finding(passed=False, detail=detail, rank=rank, score=score, needed=needed)


def named(place: Place) -> str:
    """Return the name of a place: its source and its offsets."""
    return f"{place.document.source}:{place.span.start}-{place.span.end}"


def shortened(text: str) -> str:
    """Return the first words of a text between quotation marks."""
    words = " ".join(text.split())
    return f"“{words[:_SHORT].rstrip()}…”" if len(words) > _SHORT else f"“{words}”"


def ingested(_: Considered, expected: Expected) -> Finding:
    """Tell where in the corpus the quote stands."""
    alike = "word for word" if expected.verbatim else "but for blanks, case or quotation marks"
    return passes(f"{named(expected.place)}, {alike}")


def chunked(_: Considered, expected: Expected) -> Finding:
    """Tell which passage holds the quote."""
    passage, span = expected.passage, expected.place.span
    reasons = " and ".join(expected.skipped) or "blank"
    if passage is None:
        return lost(f"it stands in no passage: {reasons}")
    length = span.end - span.start
    if expected.held == length:
        return passes(f"whole in the passage {_offsets(passage)}")
    part = f"{_offsets(passage)}, which holds {expected.held} of its {length} characters"
    if len(expected.passages) == 1:
        return passes(f"in the passage {part}; the rest is in none: {reasons}")
    across = " and ".join(_offsets(each) for each in expected.passages)
    return passes(f"no passage holds it whole, it lies across {across}; here {part}")


def _offsets(passage: Passage) -> str:
    return f"{passage.start}-{passage.end}"


def collapsed(considered: Considered, expected: Expected) -> Finding:
    """Tell whether the passage stands for itself, or another that says the same for it."""
    if expected.passage_id not in considered.fused:
        return NOT_REACHED
    if expected.passage_id not in considered.groups:
        return passes(f"it repeats none of the {considered.kept} passages that are kept")
    rank, group = considered.groups[expected.passage_id]
    place = considered.folded(expected)
    if place is None:
        others = f", and for {len(group.duplicates)} more" if group.duplicates else ""
        return passes(f"it stands for itself{others}", rank)
    lies = "within" if place.span.contains(expected.place.span) else "partly within"
    best = named(Place(group.best.document, group.best.passage.span))
    unlisted = (
        f" (not among the {MOST_PLACES} listed)" if place in group.also_in[MOST_PLACES:] else ""
    )
    return lost(
        f"it is folded into passage {rank}, {best}, which says the same; the also_in of that "
        f"names {named(place)}{unlisted}, and the quote lies {lies}",
        rank,
    )


def shown(considered: Considered, expected: Expected) -> Finding:
    """Tell whether the quote is in a passage that is shown, or in the also_in of one."""
    if expected.passage_id not in considered.fused:
        return NOT_REACHED
    top_k = considered.top_k
    if expected.passage_id not in considered.groups:
        return lost(f"below all {considered.kept} passages that are kept", needed=top_k)
    rank, _ = considered.groups[expected.passage_id]
    place = considered.folded(expected)
    if rank > top_k:
        drawn_from = not place and expected.passage_id in considered.read
        yet = ", yet answers are drawn from it" if drawn_from else ""
        return lost(f"{rank - top_k} below the cut of {top_k}{yet}", rank, needed=top_k)
    if place is None:
        return passes(f"within the cut of {top_k}", rank, needed=top_k)
    return passes("in the also_in of that passage", rank, needed=top_k)


def dense(considered: Considered, expected: Expected) -> Finding:
    """Tell how near the passage is to the question by its vector.

    None is lost here: one that is not near enough may still be found by its words.
    """
    if not expected.passage_id:
        return NOT_REACHED
    rank, cosine = considered.dense[expected.passage_id]
    return passes(f"of {len(considered.dense)} passages", rank, cosine)


def lexical(considered: Considered, expected: Expected) -> Finding:
    """Tell how well the passage matches the question's words, and whether it is looked at."""
    if not expected.passage_id:
        return NOT_REACHED
    rank, score = considered.lexical.get(expected.passage_id, (None, None))
    terms = ", ".join(term.text for term in considered.trace.query.searched)
    detail = f"of {len(considered.lexical)} passages with any of these words: {terms}"
    if expected.passage_id in considered.fused:
        return passes(detail, rank, score)
    looked_at = len(considered.fused)
    return lost(f"{detail}; the {looked_at} that were looked at are nearer", rank, score)


def fused(considered: Considered, expected: Expected) -> Finding:
    """Tell the rank by meaning and by words together."""
    if expected.passage_id not in considered.fused:
        return NOT_REACHED
    rank, candidate = considered.fused[expected.passage_id]
    return passes(f"of {len(considered.fused)}", rank, candidate.score)


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
