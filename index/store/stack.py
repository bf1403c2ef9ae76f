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
        """Return the rows of these numbers, in the order given, as a new array.

        Numbers that ascend are taken fastest. Raises IndexError for one that no row has.
        """
        first = self.arrays[0]
        found = np.empty((len(rows), *first.shape[1:]), first.dtype)
        if len(rows) > 1 and (rows[1:] < rows[:-1]).any():
            order = np.argsort(rows, kind="stable")
            found[order] = self.take(rows[order])
            return found
        if len(rows) and not 0 <= rows[0] <= rows[-1] < len(self):
            raise IndexError(f"rows {rows[0]} to {rows[-1]} of {len(self)}")
        ends = np.searchsorted(rows, self._ends).tolist()
        start = 0
        for number, end in enumerate(ends):
            if end > start:
                own = rows[start:end] - self._starts[number]
                # A mode that cannot fail lets NumPy write straight into `found`.
                self.arrays[number].take(own, axis=0, out=found[start:end], mode="clip")
            start = end
        return found

    def joined(self) -> "Stack":
        """Return the same rows in one array, in memory."""
        return self if len(self.arrays) < 2 else Stack([np.concatenate(self.arrays)])
