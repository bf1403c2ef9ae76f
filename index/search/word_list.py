"""A long list of words in one array, which may be mapped from disk: there is no string a word."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.search.ranges import in_ranges

_BETWEEN = "\n"
_DECODED_IN_ONE_SEARCH = 200
"""Words that are decoded in the time of searching for one in the bytes."""


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

    def place(self, word: str) -> int:
        """Return the number of the first word that is not before `word`; the list is sorted."""
        sought = word.encode("utf-8", "surrogatepass")
        return bisect_left(range(len(self)), sought, key=self._bytes)

    def find(self, word: str) -> int | None:
        """Return the number of a word, None if it is not here; the list is sorted."""
        number = self.place(word)
        found = number < len(self) and self._bytes(number) == word.encode("utf-8", "surrogatepass")
        return number if found else None

    def places(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return for each word the number of the first that is not before it; both are sorted."""
        if len(words) * _DECODED_IN_ONE_SEARCH < len(self):
            return np.fromiter(map(self.place, words), np.int64, len(words))
        decoded = list(self)
        return np.fromiter((bisect_left(decoded, word) for word in words), np.int64, len(words))

    def with_length(self, numbers: range, lengths: range) -> NDArray[np.intp]:
        """Return those of the numbers, which have no gaps, whose words have so many bytes."""
        sizes = np.diff(self.starts[numbers.start : numbers.stop + 1]) - 1
        chosen = np.flatnonzero((sizes >= lengths.start) & (sizes < lengths.stop))
        return chosen + numbers.start

    def take(self, numbers: NDArray[np.integer]) -> list[str]:
        """Return the words of these numbers."""
        _, places = in_ranges(self.starts[numbers], self.starts[numbers + 1])
        written = self.joined.take(places, mode="clip")
        written[places == len(self.joined)] = ord(_BETWEEN)  # nothing follows the last word
        return written.tobytes().decode().splitlines()

    def _bytes(self, number: int) -> bytes:
        return self.joined[self.starts[number] : self.starts[number + 1] - 1].tobytes()
