"""Features: what questions compare with a passage, computed once, when the passage is stored.

They are its units, how long its sentences are, and numbers that stand for its words. They are made
(`features_of`) and stored as an array of numbers, of which a question reads what it needs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from index.records import Document, Passage, Span
from index.search.terms import stem, words
from index.structure.units import KINDS, Unit, stands_above, units_of
from index.structure.wording import STOPWORDS

Numbers = NDArray[np.uint64]

_OF_A_UNIT = 11
_KIND_OF_A_UNIT = 6
_NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What questions compare with a passage.

    Of each sentence there is a digest, the same for the same characters, and the number of its
    characters. `words` has numbers of words but for those that say little, such as "the": first of
    those above the passage, then of each sentence's, each word once. `ends` is where these end.
    """

    digests: Sequence[int]
    lengths: Sequence[int]
    words: Sequence[int]
    ends: Sequence[int]
    _units: NDArray[np.int32]

    @classmethod
    def read(cls, digests: Sequence[int], numbers: Numbers) -> Self:
        """Return the features of a passage with these sentences, as `features_of` wrote them."""
        values, count = numbers.view("<i4"), len(digests)
        units_to = 2 + _OF_A_UNIT * int(values[0])
        words_from = units_to + 2 * count + 1
        of_sentences = values[units_to:words_from].tolist()
        ends = of_sentences[count:]
        words = values[words_from : words_from + ends[-1]].view("<u4").tolist()
        return cls(digests, of_sentences[:count], words, ends, values[2:units_to])

    @property
    def words_above(self) -> Sequence[int]:
        """The numbers of the words of what stands above the passage."""
        return self.words[: self.ends[0]]

    def words_of(self, sentence: int) -> Sequence[int]:
        """Return the numbers of the distinct words of a sentence."""
        return self.words[self.ends[sentence] : self.ends[sentence + 1]]

    @property
    def has_rows(self) -> bool:
        """Whether it has a row of a table."""
        kinds = self._units[_KIND_OF_A_UNIT::_OF_A_UNIT] >> 1
        return bool((kinds == KINDS.index("row")).any())

    @property
    def units(self) -> tuple[Unit, ...]:
        """All that the passage is made of, in order."""
        return tuple(map(_unit, self._units.reshape(-1, _OF_A_UNIT).tolist()))


def features_of(document: Document, passage: Passage) -> Numbers:
    """Return the numbers of a passage's `Features`.

    As 32-bit values these are: how many units there are, 0, the units, the length of each sentence,
    where its words end, and the words, those above the passage first.
    """
    text, sentences = document.text, passage.sentences
    units = list(units_of(text, passage))
    found = [words_in(stands_above(document, passage))]
    found += (words_in(sentence.of(text)) for sentence in sentences)
    values = [len(units), 0]
    values += (value for unit in units for value in _values_of(unit))
    values += (sentence.end - sentence.start for sentence in sentences)
    values += accumulate(map(len, found))
    numbers = np.array([number for each in found for number in each], "<u4").view("<i4")
    padding = np.zeros((len(values) + len(numbers)) % 2, "<i4")
    return np.concatenate([np.array(values, "<i4"), numbers, padding]).view("<u8")


def words_in(text: str) -> list[int]:
    """Return the numbers of the distinct words of a text but for those that say little."""
    return list(dict.fromkeys(_number(word) for word in words(text) if word not in STOPWORDS))


def number_of(term: str) -> int:
    """Return the number of a term, 32 bits; of a million terms about 116 share theirs."""
    return crc32(term.encode())


@lru_cache(maxsize=1 << 16)
def _number(word: str) -> int:
    return number_of(stem(word))


def _values_of(unit: Unit) -> Iterable[int]:
    lead, label = unit.lead or (_NONE, _NONE), unit.label or (_NONE, _NONE)
    kind = KINDS.index(unit.kind) << 1 | unit.announces
    sizes = unit.size, unit.size_above, unit.size_before
    return (*unit.span, *lead, *label, kind, *sizes, unit.sentences)


def _unit(values: Sequence[int]) -> Unit:
    start, end, lead, lead_end, label, label_end, kind, *counts = values
    size, size_above, size_before, sentences = counts
    return Unit(
        Span(start, end),
        KINDS[kind >> 1],
        None if lead == _NONE else Span(lead, lead_end),
        None if label == _NONE else Span(label, label_end),
        size,
        size_above,
        size_before,
        sentences,
        announces=bool(kind & 1),
    )
