"""The stages that find passages near the question."""

from qa.why.considered import Considered
from qa.why.expected import Expected
from qa.why.finding import NOT_REACHED, Finding, lost, passes


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
