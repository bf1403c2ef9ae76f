"""The stages that find passages near the question."""

from qa.why.considered import Considered
from qa.why.expected import Expected
from qa.why.finding import NOT_REACHED, Finding, passes, shortened


def dense(considered: Considered, expected: Expected) -> Finding:
    """Tell how near the passage is to the question, and whether that was near enough."""
    if not expected.passage_id:
        return NOT_REACHED
    rank, cosine = considered.dense[expected.passage_id]
    looked_at = considered.trace.pool.candidates
    last = min(considered.dense[candidate.passage.id][1] for candidate in looked_at)
    return Finding(
        passed=expected.passage_id in considered.refined,
        detail=f"of {len(considered.dense)} passages; the nearest {len(looked_at)} were looked "
        f"at, down to {last:.3f}",
        rank=rank,
        score=cosine,
        needed=last,
    )


def refined(considered: Considered, expected: Expected) -> Finding:
    """Tell the rank by passage and best sentence together."""
    if expected.passage_id not in considered.refined:
        return NOT_REACHED
    rank, candidate = considered.refined[expected.passage_id]
    best = max(candidate.sentences, key=lambda sentence: sentence.score)
    detail = f"of {len(considered.refined)}; its best sentence has {best.score:.3f}: "
    return passes(detail + shortened(best.text), rank, candidate.score)
