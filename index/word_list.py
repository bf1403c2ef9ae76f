"""A long list of words in one array, which may be mapped from disk: there is no string a word."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.ranges import in_ranges

_BETWEEN = "\n"


@dataclass(frozen=True, slots=True, eq=False)
class WordList:
    """Words in UTF-8 with a line feed between two; `starts` has where each begins in `joined`.

    The last one of `starts` is where another word would begin.
    """

    joined: NDArray[np.uint8]
    starts: NDArray[np.int64]

    @classmethod
    def over(cls, joined: NDArray[np.uint8]) -> Self:
        """Return the list of the words that are joined so."""
        between = np.flatnonzero(joined == ord(_BETWEEN))
        end = [len(joined) + 1] if len(joined) else []
        return cls(joined, np.concatenate([[0], between + 1, end]).astype(np.int64))

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        """Return the list of these words."""
        return cls.over(np.frombuffer(_BETWEEN.join(words).encode(), np.uint8))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> str:
        return self._bytes(number).decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self.joined.tobytes().decode().splitlines())

    def find(self, word: str) -> int | None:
        """Return the number of a word, None if it is not here. The list must be sorted."""
        sought = word.encode("utf-8", "surrogatepass")
        number = bisect_left(range(len(self)), sought, key=self._bytes)
        return number if number < len(self) and self._bytes(number) == sought else None

    def beginning_with(self, letter: str, lengths: range) -> list[str]:
        """Return the words that begin with an ASCII letter and have so many bytes, in order."""
        of_length = np.diff(self.starts) - 1
        chosen = np.flatnonzero(
            (self.joined[self.starts[:-1]] == ord(letter))
            & (of_length >= lengths.start)
            & (of_length < lengths.stop)
        )
        _, places = in_ranges(self.starts[chosen], self.starts[chosen + 1])
        written = self.joined[places[places < len(self.joined)]]
        return written.tobytes().decode().splitlines()

    def _bytes(self, number: int) -> bytes:
        return self.joined[self.starts[number] : self.starts[number + 1] - 1].tobytes()
