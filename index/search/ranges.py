"""Many short ranges of an array's places at once."""

import numpy as np
from numpy.typing import NDArray


def in_ranges(
    starts: NDArray[np.integer], ends: NDArray[np.integer]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return, for each place in any of the ranges, the number of its range and the place itself.

    A range goes from one of `starts` up to one of `ends`, which is no less.
    """
    lengths = ends - starts
    numbers = np.repeat(np.arange(len(starts)), lengths)
    before = np.cumsum(lengths) - lengths
    return numbers, np.arange(len(numbers)) + (starts - before)[numbers]
