"""A question made ready to be searched for: its vector, and its words with their weights."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.terms import stem, words
from qa.lexical import Lexicon
from qa.spelling import Correction
from qa.wording import ASKING_WORDS


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question as it is searched for. `weight` is its inverse document frequency.

    A term that no document holds weighs most: it is part of what was asked, and is missing.
    """

    text: str
    times: int
    weight: float


@dataclass(frozen=True, slots=True)
class Query:
    """A question and what is searched for.

    `vector`, shape (dimension,), and `terms` are those of the corrected question.
    """

    question: str
    corrections: tuple[Correction, ...]
    vector: NDArray[np.float32]
    terms: tuple[Term, ...]

    def coverage(self, terms: Iterable[str]) -> float:
        """Return how much of the question's words is among `terms`, by weight, in 0..1."""
        held = frozenset(terms)
        total = sum(term.weight for term in self.terms)
        found = sum(term.weight for term in self.terms if term.text in held)
        return found / total if total else 0.0


def search_terms(read: str, lexicon: Lexicon) -> tuple[Term, ...]:
    """Return the words to search for: those that only make a question are left out.

    If there are none but such, they are what is searched for.
    """
    said = words(read)
    telling = [word for word in said if word.removesuffix("'s") not in ASKING_WORDS] or said
    counted = Counter(stem(word) for word in telling)
    return tuple(Term(text, times, lexicon.weight(text)) for text, times in counted.items())
