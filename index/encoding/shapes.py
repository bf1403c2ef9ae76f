"""The shapes of a network's inputs: few different ones, for texts of all lengths.

OpenVINO builds kernels for each new shape, which takes as long as a few texts, and takes longer
where shapes alternate. So lengths are multiples of 32, and numbers of rows are powers of two.
Where very many texts are sorted by length, shapes seldom change, and a `step` of 16 pads less.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

STEP = 32


def padded_length(length: int, most: int, step: int = STEP) -> int:
    """Return the length to which a row of `length` tokens is padded, `most` at most."""
    return min(-(-length // step) * step, most)


def batches(
    lengths: Sequence[int], most: int, batch_tokens: int, step: int = STEP
) -> Iterator[tuple[list[int], int]]:
    """Yield rows of about the same length, and the length of the batch, longest first.

    Rows have `most` tokens at most, and a batch has `batch_tokens` with its padding, or one row.
    """
    rows = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    while rows:
        length = padded_length(lengths[rows[0]], most, step)
        fit = min(len(rows), max(1, batch_tokens // length))
        count = 1 << (fit.bit_length() - 1)
        yield rows[:count], length
        rows = rows[count:]


def padded(rows: Sequence[Sequence[int] | Ids], length: int) -> Ids:
    """Return rows filled up with zeros, of shape (rows, length)."""
    filled = np.zeros((len(rows), length), dtype=np.int64)
    for row, numbers in zip(filled, rows, strict=True):
        row[: len(numbers)] = numbers
    return filled
