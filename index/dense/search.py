"""Search by vectors: exactly, or of very many, first by codes and then exactly among the best."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from index.dense.codes import CODED_FROM, Codes
from index.dense.scan import Hits, Mask, nearest
from index.dense.warming import bring_in
from index.store.stack import Stack

_FEWEST_COMPARED = 1000
_COMPARED_FOR_EACH = 20
_COMPARED_OF_ALL = 1 / 250
"""How many of the nearest by their codes are compared exactly: 4,000 of a million."""

_MOST_BY_CODES = 1 / 10
"""If more of all codes would have to be ranked, exact comparison takes less time."""


class DenseIndex:
    """The passages' vectors, float16, shape (passages, dimension). Safe to share between threads.

    The vectors may lie on the disk; few are brought together in memory.
    """

    def __init__(self, vectors: Stack, codes: Codes | None = None) -> None:
        self.codes = codes
        self._vectors = vectors.joined() if len(vectors) < CODED_FROM else vectors

    def search(
        self,
        question: NDArray[np.float32],
        limit: int,
        rows: Mask | None = None,
        *,
        exact: bool = False,
    ) -> Hits:
        """Return the `limit` nearest rows as (row, cosine), best first.

        Equal ones are in row order; which of them are found at the limit is not said.

        With `rows`, shape (passages,), the nearest of those that are true: they are chosen before
        anything is cut off. With `exact`, no codes are looked at. `question` has length one.
        """
        passages = len(self._vectors)
        allowed = passages if rows is None else int(np.count_nonzero(rows))
        limit = min(limit, allowed)
        if not limit:
            return []
        compared = self._compared(limit)
        if self.codes and rows is not None and allowed <= compared:
            return self._among(np.flatnonzero(rows), question, limit)
        by_codes = compared * passages // allowed
        if self.codes is None or exact or by_codes > passages * _MOST_BY_CODES:
            return nearest(self._blocks(), question, limit, rows)
        found = self.codes.nearest(question, by_codes)
        if rows is not None:
            found = found[rows[found]]
            if len(found) < compared / 2:  # they are not where the question is
                return nearest(self._blocks(), question, limit, rows)
        return self._among(np.sort(found), question, limit)

    def warm(self) -> None:
        """Have what is read at random brought into memory by a thread of its own."""
        if self.codes:
            bring_in(self._vectors.arrays)

    def _compared(self, limit: int) -> int:
        of_all = int(len(self._vectors) * _COMPARED_OF_ALL)
        return max(_FEWEST_COMPARED, _COMPARED_FOR_EACH * limit, of_all)

    def _among(self, rows: NDArray[np.int64], question: NDArray[np.float32], limit: int) -> Hits:
        return nearest([(self._vectors.take(rows), rows)], question, limit)

    def _blocks(self) -> Iterator[tuple[NDArray[np.float16], NDArray[np.int64]]]:
        start = 0
        for vectors in self._vectors.arrays:
            end = start + len(vectors)
            yield vectors, np.arange(start, end)
            start = end
