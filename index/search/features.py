"""Features: what questions compare with a passage, told once, when the passage is cut.

They are its units, how long its sentences are, and numbers that stand for its words. They are made
(`features_of`) and stored as an array of numbers, of which a question reads what it needs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from index.records import Document, Passage, Span
from index.search.terms import stem, words
from index.structure.units import KINDS, Unit, stands_above, units_of
from index.structure.wording import STOPWORDS

Numbers = NDArray[np.uint64]

_OF_A_UNIT = 10
_NONE = -1


@dataclass(frozen=True, eq=False)
class Features:
    """What questions compare with a passage.

    `digests` has a number a sentence: the same where the characters are the same. `numbers` are
    what `features_of` returns.
    """

    digests: Sequence[int]
    numbers: Numbers

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """All that the passage is made of, in order."""
        table = self._values[2 : self._sentences_from].reshape(-1, _OF_A_UNIT)
        return tuple(map(_unit, table.tolist()))

    @cached_property
    def lengths(self) -> list[int]:
        """How many characters each sentence has."""
        start = self._sentences_from
        lengths: list[int] = self._values[start : start + len(self.digests)].tolist()
        return lengths

    @property
    def words(self) -> Sequence[Sequence[int]]:
        """The numbers of each sentence's distinct words but for those that say little."""
        return self._words[1:]

    @property
    def words_above(self) -> Sequence[int]:
        """The numbers of the words that stand above the passage."""
        return self._words[0]

    @cached_property
    def _words(self) -> list[list[int]]:
        start = self._sentences_from + len(self.digests)
        words_from = start + len(self.digests) + 1
        ends = self._values[start:words_from].tolist()
        numbers = self._values[words_from : words_from + ends[-1]].view("<u4").tolist()
        return [numbers[start:end] for start, end in pairwise((0, *ends))]

    @cached_property
    def _values(self) -> NDArray[np.int32]:
        return self.numbers.view("<i4")

    @cached_property
    def _sentences_from(self) -> int:
        return 2 + _OF_A_UNIT * int(self._values[0])


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
    return (*unit.span, *lead, *label, kind, unit.sentences, unit.size, unit.size_above)


def _unit(values: Sequence[int]) -> Unit:
    start, end, lead, lead_end, label, label_end, kind, sentences, size, size_above = values
    return Unit(
        Span(start, end),
        KINDS[kind >> 1],
        None if lead == _NONE else Span(lead, lead_end),
        None if label == _NONE else Span(label, label_end),
        size,
        size_above,
        sentences,
        announces=bool(kind & 1),
    )
