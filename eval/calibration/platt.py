"""Scores to probabilities by Platt's scaling.

Platt 1999, "Probabilistic outputs for support vector machines": a logistic function of the
score, fitted by maximum likelihood to targets that are drawn in from 0 and 1, as if each
class had been seen once more.
"""

from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit


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
        found: NDArray[np.float64] = (columns * spread[:, None]).T @ columns
        return found

    found = minimize(
        loss, start, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-9}
    )
    return float(found.x[0]), float(found.x[1])
