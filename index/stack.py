"""Arrays one above the other, seen as one without being copied: they may lie on the disk."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Stack:
    """Rows of several arrays of the same width, numbered through."""

    def __init__(self, arrays: Sequence[NDArray[Any]]) -> None:
        self.arrays = [each for each in arrays if len(each)] or list(arrays[:1])
        self._starts = [0, *np.cumsum([len(each) for each in self.arrays]).tolist()]
        self._ends = np.array(self._starts[1:])

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._starts[-1])

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield each row."""
        for each in self.arrays:
            yield from each

    def rows(self, first: int, last: int) -> NDArray[Any]:
        """Return the rows `[first, last)`, of which there must be one at least.

        They are a view if they come from one array, as what belongs together does.
        """
        at = bisect_right(self._starts, first) - 1
        start = self._starts[at]
        found = self.arrays[at][first - start : last - start]
        if last <= self._starts[at + 1]:
            return found
        return np.concatenate([found, self.rows(self._starts[at + 1], last)])

    def take(self, rows: NDArray[np.integer]) -> NDArray[Any]:
        """Return the rows of these numbers, in the order given, as a new array."""
        if len(self.arrays) == 1:
            only: NDArray[Any] = self.arrays[0][rows]
            return only
        order = np.argsort(rows, kind="stable")
        in_order = rows[order]
        ends = np.searchsorted(in_order, self._ends).tolist()
        first = self.arrays[0]
        found = np.empty((len(rows), *first.shape[1:]), first.dtype)
        start = 0
        for number, end in enumerate(ends):
            if end > start:
                own = in_order[start:end] - self._starts[number]
                found[order[start:end]] = self.arrays[number][own]
            start = end
        return found
