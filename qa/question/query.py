"""What was asked, made ready to be searched for.

`checked` refuses what cannot be asked, and `Query.of` takes a question apart into terms. `Coverage`
tells how much of it a text holds.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, reduce
from itertools import pairwise
from operator import or_
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.chunking.tokens import Tokenizer
from index.search.bm25 import Term
from index.search.features import number_of
from index.search.terms import fold, stem, terms, word_spans, words
from index.store.protocols import Snapshot
from index.structure.wording import STOPWORDS, is_asking_word
from qa.errors import QuestionError
from qa.records import Correction

MAX_QUESTION_CHARS = 2000
LEAST_WEIGHT = 1.0
"""A question of nothing but a common word is not covered by that word."""
_FEWEST_LETTERS_OF_A_COMPOUND = 6
_OPENINGS = frozenset("any every no some".split())
_ENDINGS = frozenset("able ably ally ful full fully ible less like ly ment ness ship some".split())


def checked(question: str, tokenizer: Tokenizer, max_tokens: int, place: str = "") -> str:
    """Return the question without blanks around it.

    Raises QuestionError, which names the `place` of an earlier question, such as "history[2]".
    """
    question = question.strip()
    if wrong := _what_is_wrong(question, tokenizer, max_tokens):
        raise QuestionError(f"{place}: {wrong}" if place else wrong)
    return question


def _what_is_wrong(question: str, tokenizer: Tokenizer, max_tokens: int) -> str:
    if not question:
        return "The question is empty: say what you want to know."
    if not question.isascii() and any("\ud800" <= c <= "\udfff" for c in question):
        return "The question is not valid Unicode: it holds half a character."
    characters = len(question)
    if characters > MAX_QUESTION_CHARS:
        return (
            f"The question has {characters} characters; shorten it to {MAX_QUESTION_CHARS} at most."
        )
    if question.isascii() and characters <= max_tokens:  # a token has a character at least
        return ""
    tokens = len(tokenizer.tokens(question))
    if tokens > max_tokens:
        return f"The question has {tokens} tokens and the model reads {max_tokens}: shorten it."
    return ""


@dataclass(frozen=True, slots=True)
class Compound:
    """A word of the documents that the question writes as two: "micro needling"."""

    term: Term
    parts: frozenset[str]


@dataclass(frozen=True)
class Query:
    """A question and what is searched for.

    `read` is the question as it was corrected: `terms`, `compounds`, `unknown`, its words that no
    document holds, and `vector`, shape (dimension,), are made of that.
    """

    question: str
    read: str
    corrections: tuple[Correction, ...]
    terms: tuple[Term, ...]
    compounds: tuple[Compound, ...] = ()
    unknown: tuple[str, ...] = ()
    vector: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))

    @classmethod
    def of(
        cls,
        question: str,
        read: str,
        corrections: tuple[Correction, ...],
        snapshot: Snapshot,
    ) -> Self:
        """Take a question apart into the terms that a corpus is searched for, without a vector."""
        joined = compounds(read, snapshot)
        unknown = unknown_words(read, snapshot, joined)
        asked = search_terms(read, snapshot)
        return cls(question, read, corrections, asked, joined, unknown)

    @property
    def searched(self) -> tuple[Term, ...]:
        """The terms to search for: those of the question, and its compounds in one word."""
        return (*self.terms, *(compound.term for compound in self.compounds))

    @cached_property
    def coverage(self) -> "Coverage":
        """Tells how much of the question a text holds."""
        return Coverage.of(self.terms, self.compounds)


def looked_up(question: str) -> Iterator[str]:
    """Yield the terms that a snapshot is asked for while a question is taken apart."""
    for word in words(question):
        if not is_asking_word(word):
            yield stem(word)
    for first, second in _may_be_compounds(question):
        yield stem(first + second)


def search_terms(read: str, snapshot: Snapshot) -> tuple[Term, ...]:
    """Return the words to search for: those that only make a question are left out."""
    counted = Counter(stem(word) for word in words(read) if not is_asking_word(word))
    return tuple(Term(text, times, snapshot.words.weight(text)) for text, times in counted.items())


def unknown_words(read: str, snapshot: Snapshot, joined: Iterable[Compound]) -> tuple[str, ...]:
    """Return the words of the question that no document holds, alone or in a compound."""
    parts = {part for compound in joined for part in compound.parts}

    def is_unknown(word: str) -> bool:
        term = stem(fold(word))
        known = is_asking_word(fold(word)) or term in parts
        return not known and not snapshot.words.frequency(term)

    words_read = dict.fromkeys(span.of(read) for span in word_spans(read))
    return tuple(filter(is_unknown, words_read))


def compounds(read: str, snapshot: Snapshot) -> tuple[Compound, ...]:
    """Return the words of the documents that are two neighbouring words of the question.

    "not able" is not "notable", nor is "no thing" "nothing".
    """
    joined: dict[str, Compound] = {}
    for first, second in _may_be_compounds(read):
        text = stem(first + second)
        if snapshot.words.form(text) == first + second:  # they are mostly written so
            term = Term(text, 1, snapshot.words.weight(text))
            joined.setdefault(text, Compound(term, frozenset({stem(first), stem(second)})))
    return tuple(joined.values())


def _may_be_compounds(read: str) -> Iterator[tuple[str, str]]:
    """Yield neighbouring words that could be written as one."""
    for one, two in pairwise(word_spans(read)):
        first, second = fold(one.of(read)), fold(two.of(read))
        if read[one.end : two.start] != " " or is_asking_word(first) or is_asking_word(second):
            continue
        word = first + second
        long_enough = len(word) >= _FEWEST_LETTERS_OF_A_COMPOUND and word.isalpha()
        if long_enough and first not in _OPENINGS and second not in _ENDINGS:
            yield first, second


@dataclass(frozen=True, slots=True)
class Coverage:
    """The terms of one question, looked for in texts.

    What a text holds is a set of bits, one for each term: `|` adds what other texts hold. `bits`
    has those of each term, and of each compound those of its parts; `bits_of_numbers` has them by
    the numbers that `index.search.features` has for terms. `weights` are of the terms.
    """

    weights: tuple[float, ...]
    bits: Mapping[str, int]
    bits_of_numbers: Mapping[int, int]

    @classmethod
    def of(cls, terms: Sequence[Term], compounds: Sequence[Compound] = ()) -> Self:
        """Return the coverage of a question of these terms."""
        bits = {term.text: 1 << number for number, term in enumerate(terms)}
        of_compounds = {
            compound.term.text: _union(
                bits.get(text, 0) for text in (compound.term.text, *compound.parts)
            )
            for compound in compounds
        }
        bits |= of_compounds
        numbers = {number_of(text): held for text, held in bits.items()}
        return cls(tuple(term.weight for term in terms), bits, numbers)

    def held_in(self, text: str) -> int:
        """Return which of the question's terms a text holds."""
        return self.held(_terms_of(text))

    def held(self, terms: Collection[str]) -> int:
        """Return which of the question's terms are among `terms`."""
        return _union(bits for text, bits in self.bits.items() if text in terms)

    @property
    def needs_texts(self) -> bool:
        """Whether `Features` do not tell of a term: "wills" is no word to pass over, "will" is."""
        return not STOPWORDS.isdisjoint(self.bits)

    def held_in_words(self, numbers: Iterable[int]) -> int:
        """Return which of the question's terms are among words, given as `Features` has them."""
        bits = self.bits_of_numbers
        return _union(bits[number] for number in numbers if number in bits)

    def share(self, held: int) -> float:
        """Return how much of the question is held, by the weight of its terms, in 0..1."""
        if not held:
            return 0.0
        weight = sum(w for number, w in enumerate(self.weights) if held >> number & 1)
        return weight / max(sum(self.weights), LEAST_WEIGHT)


@lru_cache(maxsize=2048)
def _terms_of(text: str) -> frozenset[str]:
    return frozenset(terms(text))


def _union(bits: Iterable[int]) -> int:
    return reduce(or_, bits, 0)
