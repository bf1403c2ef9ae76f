"""From gold questions to a calibration: a threshold with a promise, confidence as a probability.

The threshold is found by Learn then Test, on the unanswerable questions alone; the probability
by Platt's scaling, on all of them. Both hold for questions that are drawn like those of the gold
file, and for no others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log, log1p

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from eval.calibration.learn_then_test import find_threshold, lower_bound, p_value, smallest_promise
from eval.errors import CalibrationError
from eval.records import Kind
from index.errors import SettingsError
from qa.answer.calibration import Counts, Tally, is_answerable, percent

CONFIDENCE_LEVEL = 0.95
MAX_FALSE_ANSWERS = 0.1
FEWEST_UNANSWERABLE = 40
FEWEST_ANSWERABLE = 20
_LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class Observation:
    """What a gold question scored; `right` if what is cited, or would be, overlaps its gold.

    For an unanswerable question `right` is False.
    """

    score: float
    kind: Kind
    right: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """What the observations give; see `qa.answer.calibration.Calibration` for the first fields.

    `smallest_promise` is the least share of false answers that so many questions could
    promise, `answered_at_least` the lower bound of the share of answerable questions that are
    answered; both at `confidence_level`, each by itself.
    """

    threshold: float
    slope: float
    intercept: float
    max_false_answers: float
    confidence_level: float
    counts: Counts
    smallest_promise: float
    answered_at_least: float


def calibrate(
    observations: Sequence[Observation], *, max_false_answers: float = MAX_FALSE_ANSWERS
) -> Fit:
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


def _refuse_too_few(answerable: int, unanswerable: int) -> None:
    for what, count, fewest in (
        ("unanswerable", unanswerable, FEWEST_UNANSWERABLE),
        ("answerable", answerable, FEWEST_ANSWERABLE),
    ):
        if count < fewest:
            raise CalibrationError(
                f"Too few questions to calibrate on: {count} {what} ones, and at least {fewest} "
                "are needed; add some to the gold file."
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
