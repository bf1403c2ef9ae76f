"""When to answer: a first, simple rule.

The score is the cosine between the question and the best sentence that could be
quoted. It tells a subject the documents never touch from one they treat; a question on
their subject that they happen not to answer often scores as high as one they do answer
(docs/evaluation.md has the measured rates). It is a score, not a probability.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.evidence import Quote

DEFAULT_THRESHOLD = 0.3


def best_score(ranked: "Sequence[Quote]") -> float:
    """Return the best quote's score, in 0..1; 0 if nothing could be quoted."""
    return ranked[0].score if ranked else 0.0


def is_answerable(score: float, threshold: float) -> bool:
    """Tell whether to answer at this confidence."""
    return score >= threshold and score > 0
