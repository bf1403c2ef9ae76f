"""When to answer, fitted on gold questions: a threshold with a promise, and a probability.

The threshold rests on the unanswerable questions alone, the probability (Platt's scaling) on all
of them. Both hold for questions that are drawn like those of the gold file, and for no others.

The threshold is found by Learn then Test (Angelopoulos, Bates, Candès, Jordan and Lei 2021,
arXiv:2110.01052). A grid of thresholds is fixed in advance and tested from the most cautious one
down. The hypothesis is that more than `max_false_answers` of the unanswerable questions are
answered. The last threshold before the first at which it cannot be rejected is taken.

The promise holds although the threshold is chosen on the same questions. It breaks only if a true
hypothesis is rejected, and the first of those comes before the others: one test, with an error
of 1 - `confidence_level` at most (fixed-sequence testing). An answer is false or not, so the
number of false answers is binomial and the p-value exact at any size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log, log1p

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import bdtr, betaincinv, expit

from eval.records import Kind
from index.errors import PinciteError, SettingsError
from qa.answer.calibration import Counts, Tally, is_answerable, percent

GRID = tuple(step / 1000 for step in range(1000, -1, -1))
"""The thresholds to test, in this order. A grid made of observed scores would void the promise."""

CONFIDENCE_LEVEL = 0.95
FEWEST_UNANSWERABLE = 40
FEWEST_ANSWERABLE = 20
_LEAST_SHARE = 1e-6


class CalibrationError(PinciteError):
    """These questions give no calibration; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a gold question scored; `right` if what is cited, or would be, overlaps its gold."""

    score: float
    kind: Kind
    right: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """What the observations give; `qa.answer.calibration.Calibration` has most of the fields.

    `smallest_promise` is the least share of false answers that this many questions could promise.
    `answered_at_least` is the lower bound of the share of answerable questions that are answered.
    """

    threshold: float
    slope: float
    intercept: float
    max_false_answers: float
    confidence_level: float
    counts: Counts
    smallest_promise: float
    answered_at_least: float


def calibrate(observations: Sequence[Observation], *, max_false_answers: float = 0.1) -> Fit:
    """Fit a threshold and a probability.

    Raises SettingsError for a share that is not between 0 and 1, CalibrationError where the
    questions are too few for what is wanted, or higher scores are not more often right.
    """
    check_share("max_false_answers", max_false_answers)
    unanswerable = [seen.score for seen in observations if seen.kind != "answerable"]
    _refuse_too_few(len(observations) - len(unanswerable), len(unanswerable))
    _refuse_too_bold(len(unanswerable), max_false_answers)
    slope, intercept = _probability(observations)
    threshold = find_threshold(unanswerable, max_false_answers, CONFIDENCE_LEVEL)
    counts = _counts(observations, threshold)
    return Fit(
        threshold=threshold,
        slope=slope,
        intercept=intercept,
        max_false_answers=max_false_answers,
        confidence_level=CONFIDENCE_LEVEL,
        counts=counts,
        smallest_promise=smallest_promise(len(unanswerable), CONFIDENCE_LEVEL),
        answered_at_least=lower_bound(counts.answerable, CONFIDENCE_LEVEL),
    )


def check_share(name: str, share: float) -> None:
    """Raise SettingsError unless `share` lies well between 0 and 1."""
    if not _LEAST_SHARE <= share < 1:
        raise SettingsError(f"{name} = {share}: give a share between 0 and 1, such as 0.1.")


def _refuse_too_few(answerable: int, unanswerable: int) -> None:
    lacks = " and ".join(
        f"{count} {kind} ones (at least {fewest} are needed)"
        for kind, count, fewest in (
            ("unanswerable", unanswerable, FEWEST_UNANSWERABLE),
            ("answerable", answerable, FEWEST_ANSWERABLE),
        )
        if count < fewest
    )
    if lacks:
        raise CalibrationError(
            f"Too few questions to calibrate on: {lacks}; add some to the gold file."
        )


def _refuse_too_bold(unanswerable: int, max_false_answers: float) -> None:
    if p_value(Tally(unanswerable, 0), max_false_answers) <= 1 - CONFIDENCE_LEVEL:
        return
    smallest = ceil(1000 * smallest_promise(unanswerable, CONFIDENCE_LEVEL)) / 1000
    needed = ceil(log(1 - CONFIDENCE_LEVEL) / log1p(-max_false_answers))
    raise CalibrationError(
        f"{unanswerable} unanswerable questions cannot promise {percent(max_false_answers)} false "
        f"answers, only {percent(smallest)} (--max-false-answers {smallest:g}); that takes "
        f"{needed} of them."
    )


def _probability(observations: Sequence[Observation]) -> tuple[float, float]:
    scores = np.array([seen.score for seen in observations])
    right = np.array([seen.right for seen in observations])
    slope, intercept = fit_probability(scores, right)
    if slope <= 0 or not right.any():
        raise CalibrationError(
            f"Higher scores are not more often right ({right.sum()} of {len(right)} questions "
            "would cite the right place), so no confidence can be made of them: check that the "
            "quotes in the gold file answer their questions."
        )
    return slope, intercept


def _counts(observations: Sequence[Observation], threshold: float) -> Counts:
    def tally(kind: Kind) -> Tally:
        scores = [seen.score for seen in observations if seen.kind == kind]
        return Tally(len(scores), sum(is_answerable(score, threshold) for score in scores))

    return Counts(
        answerable=tally("answerable"),
        near_miss=tally("near-miss"),
        far_off=tally("far-off"),
        right=sum(seen.right and is_answerable(seen.score, threshold) for seen in observations),
    )


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
    """Return the share that no false answer at all rules out.

    It solves (1 - share) ** questions = 1 - confidence_level.
    """
    return 1.0 - float((1 - confidence_level) ** (1 / questions))


def lower_bound(tally: Tally, confidence_level: float) -> float:
    """Return the one-sided lower bound of the share answered (Clopper and Pearson 1934)."""
    if tally.answered == 0:
        return 0.0
    missed = tally.questions - tally.answered
    return float(betaincinv(tally.answered, missed + 1, 1 - confidence_level))


def fit_probability(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and intercept of the log-odds that a score is right.

    Both arrays have shape (questions,). Where all scores are the same, the slope is 0.
    """
    rights, wrongs = int(right.sum()), int((~right).sum())
    targets = np.where(right, (rights + 1) / (rights + 2), 1 / (wrongs + 2))
    return fit_logistic(scores, targets)


def fit_logistic(scores: NDArray[np.float64], targets: NDArray[np.float64]) -> tuple[float, float]:
    """Return the slope and intercept most likely to give `targets`, each between 0 and 1."""
    prior = float(targets.mean())
    start = np.array([0.0, log(prior / (1 - prior))])
    if np.ptp(scores) == 0:
        return 0.0, float(start[1])
    columns = np.column_stack([scores, np.ones_like(scores)])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_odds = columns @ weights
        value = np.logaddexp(0, log_odds) - targets * log_odds
        return float(value.sum()), columns.T @ (expit(log_odds) - targets)

    def curvature(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        spread = expit(columns @ weights) * expit(-(columns @ weights))
        hessian: NDArray[np.float64] = (columns * spread[:, None]).T @ columns
        return hessian

    fitted = minimize(
        loss, start, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-9}
    )
    return float(fitted.x[0]), float(fitted.x[1])
