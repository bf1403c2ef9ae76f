"""A threshold that keeps a promise about questions nobody has asked yet.

By Learn then Test (Angelopoulos, Bates, Candès, Jordan and Lei 2021, arXiv:2110.01052). For
each threshold of a grid that is fixed in advance, from the most cautious one down, the
hypothesis "more than `max_false_answers` of unanswerable questions are answered" is tested;
the last threshold before the first at which it cannot be rejected is taken.

The promise holds although the threshold was chosen on the same questions. It is broken only
if a true hypothesis is rejected, and to get to any of those the first of them has to be
rejected: one test, with an error of 1 - `confidence_level` at most (fixed-sequence testing
controls the family-wise error). An answer is false or not, so the number of false answers
is binomial, and the p-value exact at any size.
"""

from collections.abc import Sequence

from scipy.special import bdtr, betaincinv

from eval.errors import CalibrationError
from qa.answer.calibration import Tally, is_answerable

GRID = tuple(step / 1000 for step in range(1000, -1, -1))
"""The thresholds that are tested, in this order. A grid taken from the scores that were
observed would void the promise."""


def find_threshold(
    unanswerable: Sequence[float], max_false_answers: float, confidence_level: float
) -> float:
    """Return the lowest threshold that can be promised, given unanswerable questions' scores.

    Raises CalibrationError if not even the highest can.
    """
    lowest: float | None = None
    for threshold in GRID:
        answered = sum(is_answerable(score, threshold) for score in unanswerable)
        if p_value(Tally(len(unanswerable), answered), max_false_answers) > 1 - confidence_level:
            break
        lowest = threshold
    if lowest is None:
        raise CalibrationError(
            "Nothing can be promised: too many unanswerable questions get the highest score "
            "there is. Check that the documents do not answer them."
        )
    return lowest


def p_value(false_answers: Tally, max_false_answers: float) -> float:
    """Return P(Binomial(questions, max_false_answers) <= answered)."""
    return float(bdtr(false_answers.answered, false_answers.questions, max_false_answers))


def smallest_promise(questions: int, confidence_level: float) -> float:
    """Return the share of false answers that is ruled out if none of the questions gets one.

    It solves (1 - share) ** questions = 1 - confidence_level.
    """
    return 1.0 - float((1 - confidence_level) ** (1 / questions))


def lower_bound(tally: Tally, confidence_level: float) -> float:
    """Return the one-sided lower bound of the share answered (Clopper and Pearson 1934)."""
    if tally.answered == 0:
        return 0.0
    missed = tally.questions - tally.answered
    return float(betaincinv(tally.answered, missed + 1, 1 - confidence_level))
