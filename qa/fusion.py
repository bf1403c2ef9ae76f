"""One ranking of two: by vectors and by words."""

import numpy as np
from numpy.typing import NDArray

DENSE_WEIGHT = 0.6
DOCUMENT_SHARE = 0.5

Scores = NDArray[np.floating]


def fuse(dense: Scores, lexical: Scores | None) -> Scores:
    """Return the weighted mean of both, each scaled to 0..1 over the candidates at hand.

    With no lexical scores, the dense ones scaled.
    """
    if lexical is None:
        return min_max(dense)
    return DENSE_WEIGHT * min_max(dense) + (1 - DENSE_WEIGHT) * min_max(lexical)


def min_max(scores: Scores) -> Scores:
    """Return the scores scaled: the least is 0, the greatest 1.

    Where they are equal all are 1, and where nothing has a score all are 0.
    """
    least, greatest = scores.min(), scores.max()
    if greatest <= 0:
        return np.zeros_like(scores)
    if greatest <= least:
        return np.ones_like(scores)
    scaled: Scores = (scores - least) / (greatest - least)
    return scaled
