"""Numbers written in words: "one hundred and twenty", "two thirds", "twenty-first", "twice"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINAL = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_CARDINALS = {word: number for number, word in enumerate(_SMALL)}
_CARDINALS.update((word, 10 * number) for number, word in enumerate(_TENS, 2))
ORDINALS = {word: number for number, word in enumerate(_ORDINAL)}
SCALES = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 1000,
    "lakh": 10**5,
    "million": 10**6,
    "crore": 10**7,
    "billion": 10**9,
    "trillion": 10**12,
}
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "tenth": 10}
_MULTIPLES = {
    **dict.fromkeys(("twice", "double", "doubles", "doubled", "doubling", "twofold"), 2),
    **dict.fromkeys(("thrice", "triple", "triples", "tripled", "tripling", "threefold"), 3),
    "quadrupled": 4,
    "fourfold": 4,
    "fivefold": 5,
    "tenfold": 10,
}
_PLURALS = ("halves", "thirds", "quarters", "fourths", "fifths", "tenths")
_WORD = "|".join(
    sorted({*_CARDINALS, *ORDINALS, *SCALES, *_PARTS, *_MULTIPLES, *_PLURALS}, key=len)[::-1]
)
_RUN = re.compile(rf"(?<![\w'])(?:a[\s-])?(?:{_WORD})(?:(?:[\s-]|\sand\s)(?:{_WORD}))*(?!\w)", re.I)
_LETTERS = re.compile(r"[a-z]+", re.I)


@dataclass(frozen=True, slots=True)
class WordNumber:
    """A number in words, and where it stands."""

    start: int
    end: int
    value: Fraction
    is_ordinal: bool


def numbers_in_words(text: str) -> Iterator[WordNumber]:
    """Yield each number that a text has in words, in order."""
    for run in _RUN.finditer(text):
        reading = _Reading()
        for word in _LETTERS.finditer(text, run.start(), run.end()):
            if word[0].lower() in {"a", "and"}:
                continue
            if not reading.take(word):
                yield from reading.read
                reading = _Reading()
                reading.take(word)
        yield from reading.read


class _Reading:
    """A number as it is read word by word."""

    def __init__(self) -> None:
        self._total = Fraction(0)
        self._current = Fraction(0)
        self._below = 100
        self._words: list[re.Match[str]] = []
        self._is_ordinal = self._ended = False

    @property
    def read(self) -> Iterator[WordNumber]:
        """What was read, if anything."""
        if self._words:
            start, end = self._words[0].start(), self._words[-1].end()
            yield WordNumber(start, end, self._total + self._current, self._is_ordinal)

    def take(self, found: re.Match[str]) -> bool:
        """Add a word; False if it belongs to another number."""
        word = found[0].lower()
        steps = (self._part, self._cardinal, self._scale, self._ordinal, self._alone)
        if self._ended or not any(step(word) for step in steps):
            return False
        self._words.append(found)
        return True

    def _part(self, word: str) -> bool:
        singular = {"halves": "half"}.get(word, word.removesuffix("s"))
        fits = word != singular or word == "half" or self._current == 1
        if not self._words or not self._current or singular not in _PARTS or not fits:
            return False
        self._current /= _PARTS[singular]
        self._ended = True
        return True

    def _cardinal(self, word: str) -> bool:
        value = _CARDINALS.get(word)
        if value is None or value >= self._below:
            return False
        self._current += value
        self._below = 10 if value >= 20 else 0
        return True

    def _scale(self, word: str) -> bool:
        if word not in SCALES:
            return False
        scaled = (self._current or 1) * SCALES[word]
        if SCALES[word] > 100:
            self._total, self._current = self._total + scaled, Fraction(0)
        else:
            self._current = Fraction(scaled)
        self._below = 100
        return True

    def _ordinal(self, word: str) -> bool:
        if word not in ORDINALS or ORDINALS[word] >= self._below:
            return False
        self._current += ORDINALS[word]
        self._is_ordinal = self._ended = True
        return True

    def _alone(self, word: str) -> bool:
        if self._words or (word not in _MULTIPLES and word not in {"half", "halves"}):
            return False
        self._current = Fraction(_MULTIPLES.get(word, 0)) or Fraction(1, 2)
        self._ended = True
        return True
