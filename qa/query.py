"""A question made ready to be searched for: its vector, and its words with their weights."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.terms import fold, stem, word_spans, words
from qa.coverage import Coverage
from qa.lexical import Lexicon
from qa.question_terms import Compound, Term
from qa.spelling import Correction
from qa.wording import is_asking_word

FEWEST_LETTERS_OF_A_COMPOUND = 6
_OPENINGS = frozenset("any every no some".split())
_ENDINGS = frozenset("able ably ally ful full fully ible less like ly ment ness ship some".split())


@dataclass(frozen=True)
class Query:
    """A question and what is searched for.

    `read` is the question as it was corrected. `vector`, shape (dimension,), `terms` and
    `compounds` are those of that, `unknown` its words that no document holds.
    """

    question: str
    read: str
    corrections: tuple[Correction, ...]
    vector: NDArray[np.float32]
    terms: tuple[Term, ...]
    compounds: tuple[Compound, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def searched(self) -> tuple[Term, ...]:
        """The terms to search for: those of the question, and its compounds in one word."""
        return (*self.terms, *(compound.term for compound in self.compounds))

    @cached_property
    def coverage(self) -> Coverage:
        """Tells how much of the question a text holds."""
        return Coverage(self.terms, self.compounds)


def search_terms(read: str, lexicon: Lexicon) -> tuple[Term, ...]:
    """Return the words to search for: those that only make a question are left out."""
    counted = Counter(stem(word) for word in words(read) if not is_asking_word(word))
    return tuple(Term(text, times, lexicon.weight(text)) for text, times in counted.items())


def unknown_words(read: str, lexicon: Lexicon, joined: Iterable[Compound]) -> tuple[str, ...]:
    """Return the words of the question, as they stand there, that no document holds.

    A part of a compound that the documents hold is not unknown.
    """
    known = {part for compound in joined for part in compound.parts}
    found = (span.of(read) for span in word_spans(read))
    return tuple(
        dict.fromkeys(
            word
            for word in found
            if not is_asking_word(fold(word))
            and stem(fold(word)) not in known
            and not lexicon.postings.frequency(stem(fold(word)))
        )
    )


def compounds(read: str, lexicon: Lexicon) -> tuple[Compound, ...]:
    """Return the words of the documents that are two neighbouring words of the question.

    Only such as the documents write in just that form, and no word with an ending: "not able" is
    not "notable", nor is "no thing" "nothing".
    """
    found: dict[str, Compound] = {}
    for one, two in pairwise(word_spans(read)):
        first, second = fold(one.of(read)), fold(two.of(read))
        text = stem(first + second)
        side_by_side = read[one.end : two.start] == " "
        if side_by_side and _can_be_one(first, second) and _is_written(first + second, lexicon):
            term = Term(text, 1, lexicon.weight(text))
            found.setdefault(text, Compound(term, frozenset({stem(first), stem(second)})))
    return tuple(found.values())


def _can_be_one(first: str, second: str) -> bool:
    if is_asking_word(first) or is_asking_word(second):
        return False
    return first not in _OPENINGS and second not in _ENDINGS


def _is_written(word: str, lexicon: Lexicon) -> bool:
    """Tell whether this is the word that its term most often comes from in the documents."""
    long_enough = len(word) >= FEWEST_LETTERS_OF_A_COMPOUND and word.isalpha()
    return long_enough and lexicon.postings.form(stem(word)) == word
