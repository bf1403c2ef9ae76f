"""Learn then Test, Platt's scaling, and what too few questions cannot promise."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import beta, binomtest

from eval.calibration import (
    GRID,
    CalibrationError,
    Observation,
    calibrate,
    find_threshold,
    fit_logistic,
    fit_probability,
    lower_bound,
    p_value,
    smallest_promise,
)
from index.errors import SettingsError
from qa.answer.calibration import Counts, Tally


def asked(
    answerable: Sequence[float], near: Sequence[float], far: Sequence[float], *, right: float = 0.5
) -> list[Observation]:
    """Questions with these scores; answerable ones are right from the score `right` on."""
    return [
        *(Observation(score, "answerable", score >= right) for score in answerable),
        *(Observation(score, "near-miss", right=False) for score in near),
        *(Observation(score, "far-off", right=False) for score in far),
    ]


# The threshold.


@pytest.mark.parametrize(
    ("false_answers", "expected"),
    [
        # 0.9^40
        (0, 0.014780882941434608),
        # 0.9^40 + 40 * 0.1 * 0.9^39 = 0.9^39 * (0.9 + 4) = 0.0164232 * 4.9
        (1, 0.08047369601447716),
    ],
)
def test_the_p_value_is_that_of_the_binomial(false_answers: int, expected: float) -> None:
    assert p_value(Tally(40, false_answers), 0.1) == pytest.approx(expected, rel=1e-12)
    oracle = binomtest(false_answers, 40, 0.1, alternative="less").pvalue
    assert p_value(Tally(40, false_answers), 0.1) == pytest.approx(oracle, rel=1e-12)


def test_the_threshold_is_the_last_before_one_answer_too_many() -> None:
    # Of 40, none may be answered (.015 <= .05 < .080): one step of the grid above the best.
    assert find_threshold([0.62] + [0.2] * 39, 0.1, 0.95) == 0.621
    assert find_threshold([0.6205] + [0.2] * 39, 0.1, 0.95) == 0.621
    assert find_threshold([0.6211] + [0.2] * 39, 0.1, 0.95) == 0.622
    # Of 60, two may: P(Bin(60, .1) <= 2) = .9^58 (.81 + 60 * .09 + 1770 * .01) = .0530 is too
    # much by a hair, P(Bin(60, .1) <= 1) = .9^59 (.9 + 6) = .0138 is not.
    assert find_threshold([0.9, 0.8, 0.7] + [0.2] * 57, 0.1, 0.95) == 0.801
    assert find_threshold([0.9, 0.8, 0.7] + [0.2] * 57, 0.1, 0.94) == 0.701


def test_no_threshold_below_the_first_failure_is_looked_at() -> None:
    assert list(GRID) == sorted(GRID, reverse=True)
    assert (GRID[0], GRID[-1], len(GRID)) == (1.0, 0.0, 1001)
    assert find_threshold([0.0] * 40, 0.1, 0.95) == 0.0, "a score of 0 is never answered"


def test_where_even_the_highest_score_is_false_nothing_is_promised() -> None:
    with pytest.raises(CalibrationError, match="Nothing can be promised"):
        find_threshold([1.0] * 2 + [0.1] * 38, 0.1, 0.95)


def smooth(random: np.random.Generator) -> NDArray[np.float64]:
    return random.beta(2, 3, 60)


def smooth_rate(threshold: float) -> float:
    return float(beta.sf(threshold, 2, 3))


def tied(random: np.random.Generator) -> NDArray[np.float64]:
    """Scores of 0, .1, … 1 only."""
    return np.round(random.beta(2, 3, 60), 1)


def tied_rate(threshold: float) -> float:
    """P(rounded score >= threshold, and not 0)."""
    lowest = next(tenth / 10 for tenth in range(1, 12) if tenth / 10 >= threshold)
    return float(beta.sf(lowest - 0.05, 2, 3))


@pytest.mark.parametrize(("draw", "rate"), [(smooth, smooth_rate), (tied, tied_rate)])
def test_the_promise_is_broken_as_seldom_as_promised(
    draw: Callable[[np.random.Generator], NDArray[np.float64]], rate: Callable[[float], float]
) -> None:
    random = np.random.default_rng(20240607)
    draws = 400
    rates = [rate(find_threshold(list(draw(random)), 0.1, 0.95)) for _ in range(draws)]
    broken = sum(found > 0.1 for found in rates)
    # At most 5 % of draws; three standard deviations of a share of 5 % for chance.
    assert broken / draws <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)
    if draw is smooth:
        assert np.mean(rates) > 0.02, "nor is it bought with needless caution"


@pytest.mark.parametrize(("questions", "expected"), [(29, 0.0981), (40, 0.0722), (59, 0.0495)])
def test_the_smallest_promise_is_what_no_false_answer_rules_out(
    questions: int, expected: float
) -> None:
    found = smallest_promise(questions, 0.95)
    assert found == pytest.approx(expected, abs=5e-5)
    assert p_value(Tally(questions, 0), found) == pytest.approx(0.05)


@pytest.mark.parametrize(("answered", "questions"), [(0, 20), (1, 20), (13, 20), (20, 20)])
def test_the_lower_bound_is_clopper_and_pearsons(answered: int, questions: int) -> None:
    oracle = binomtest(answered, questions, alternative="greater").proportion_ci(0.95, "exact").low
    assert lower_bound(Tally(questions, answered), 0.95) == pytest.approx(oracle, abs=1e-12)


# The probability.


def overlapping(questions: int = 200) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    random = np.random.default_rng(7)
    scores = random.uniform(0, 1, questions)
    return scores, random.uniform(0, 1, questions) < 1 / (1 + np.exp(-(9 * scores - 5)))


def test_the_fit_is_that_of_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    scores, right = overlapping()
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    oracle.fit(scores[:, None], right)
    slope, intercept = fit_logistic(scores, right.astype(np.float64))
    assert slope == pytest.approx(oracle.coef_[0, 0], rel=1e-4)
    assert intercept == pytest.approx(oracle.intercept_[0], rel=1e-4)


def test_platts_targets_are_met_on_the_whole() -> None:
    # At the optimum the residuals are at right angles to both columns. Two right of five:
    # targets 3/4 and 1/5, and the probabilities have to sum up to 2 * 3/4 + 3 * 1/5 = 2.1.
    scores = np.array([0.1, 0.3, 0.5, 0.6, 0.9])
    right = np.array([False, False, True, False, True])
    slope, intercept = fit_probability(scores, right)
    residuals = 1 / (1 + np.exp(-(slope * scores + intercept))) - np.where(right, 3 / 4, 1 / 5)
    assert residuals.sum() == pytest.approx(0, abs=1e-7)
    assert residuals @ scores == pytest.approx(0, abs=1e-7)


def test_scores_that_tell_all_right_from_all_wrong_give_a_finite_fit() -> None:
    scores = np.array([0.1] * 40 + [0.9] * 20)
    slope, intercept = fit_probability(scores, scores > 0.5)
    # Two scores, two weights: the targets are met, (20 + 1) / (20 + 2) and 1 / (40 + 2).
    assert 1 / (1 + math.exp(-(0.9 * slope + intercept))) == pytest.approx(21 / 22, rel=1e-6)
    assert 1 / (1 + math.exp(-(0.1 * slope + intercept))) == pytest.approx(1 / 42, rel=1e-6)


# Both.


def test_the_fit_tells_what_it_rests_on() -> None:
    answerable = [0.9] * 15 + [0.75] * 10 + [0.3] * 5
    fit = calibrate(asked(answerable, [0.7] + [0.4] * 29, [0.1] * 30, right=0.8))
    # 60 unanswerable: one false answer is allowed (see above), and 0.4 would be 30.
    assert fit.threshold == 0.401
    assert fit.counts == Counts(Tally(30, 25), Tally(30, 1), Tally(30, 0), right=15)
    assert fit.counts.unanswerable == Tally(60, 1)
    assert fit.slope > 0
    assert (fit.max_false_answers, fit.confidence_level) == (0.1, 0.95)
    assert fit.smallest_promise == pytest.approx(1 - 0.05 ** (1 / 60))
    assert fit.answered_at_least == pytest.approx(lower_bound(Tally(30, 25), 0.95))


GOOD = asked([0.8] * 20, [0.3] * 20, [0.1] * 20)


def test_forty_and_twenty_are_enough() -> None:
    assert calibrate(GOOD).threshold == 0.301


@pytest.mark.parametrize(
    ("observations", "message"),
    [
        (GOOD[:-1], "on: 39 unanswerable ones .at least 40 are needed.; add"),
        (GOOD[1:], "on: 19 answerable ones .at least 20"),
        ([], "0 unanswerable ones .at least 40 .* and 0 answerable ones .at least 20"),
        (asked([0.2] * 20, [0.8] * 40, [], right=0.0), "not more often right .20 of 60"),
        (asked([0.8] * 20, [0.3] * 40, [], right=0.9), "not more often right .0 of 60"),
        (asked([0.5] * 20, [0.5] * 40, []), "not more often right"),
    ],
)
def test_what_cannot_be_calibrated_on_is_refused(
    observations: list[Observation], message: str
) -> None:
    with pytest.raises(CalibrationError, match=message) as raised:
        calibrate(observations)
    assert raised.value.exit_code == 1
    assert "\n" not in str(raised.value)


def test_a_promise_too_bold_for_the_size_is_refused_with_what_it_takes() -> None:
    # 1 - .05^(1/40) = .0722; .95^58 = .0510 > .05 >= .95^59 = .0485.
    with pytest.raises(CalibrationError, match=r"only 7\.3 % .*--max-false-answers 0\.073.* 59 of"):
        calibrate(GOOD, max_false_answers=0.05)
    assert calibrate(GOOD, max_false_answers=0.073).threshold == 0.301


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 2.0, math.nan, math.inf])
def test_a_share_out_of_range_is_wrong_usage(share: float) -> None:
    with pytest.raises(SettingsError, match="between 0 and 1") as raised:
        calibrate(GOOD, max_false_answers=share)
    assert raised.value.exit_code == 2
