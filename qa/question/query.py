"""What was asked, made ready to be searched for.

In order: `checked` refuses what cannot be asked, `corrected` reads typos as words of the documents,
and `Query.of` takes the question apart into terms. `Coverage` tells how much of it a text holds.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.chunking.tokens import Tokenizer
from index.search.terms import fold, stem, word_spans, words
from qa.errors import QuestionError
from qa.question.spelling import Speller
from qa.question.wording import is_asking_word
from qa.records import Correction
from qa.retrieve.lexical import Lexicon, Term

MAX_QUESTION_CHARS = 2000
FEWEST_LETTERS_OF_A_COMPOUND = 6
LEAST_WEIGHT = 1.0
"""A question of nothing but a common word is not covered by that word."""
_OPENINGS = frozenset("any every no some".split())
_ENDINGS = frozenset("able ably ally ful full fully ible less like ly ment ness ship some".split())


def checked(question: str, tokenizer: Tokenizer, max_tokens: int) -> str:
    """Return the question without blanks around it. Raises QuestionError.

    `max_tokens` is what the encoder reads.
    """
    question = question.strip()
    if not question:
        raise QuestionError("The question is empty: say what you want to know.")
    if not question.isascii() and any("\ud800" <= c <= "\udfff" for c in question):
        raise QuestionError("The question is not valid Unicode: it holds half a character.")
    if len(question) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"The question has {len(question)} characters; shorten it to "
            f"{MAX_QUESTION_CHARS} at most."
        )
    tokens = len(tokenizer.tokens(question))
    if tokens > max_tokens:
        raise QuestionError(
            f"The question has {tokens} tokens and the model reads {max_tokens}: shorten it."
        )
    return question


def corrected(
    question: str, lexicon: Lexicon, tokenizer: Tokenizer, max_tokens: int
) -> tuple[str, tuple[Correction, ...]]:
    """Return the question as it is read, and what was corrected for that.

    One that would be too long for the encoder is left as it is.
    """
    read, corrections = Speller(lexicon, tokenizer).correct(question)
    if corrections and len(tokenizer.tokens(read)) > max_tokens:
        return question, ()
    return read, corrections


@dataclass(frozen=True, slots=True)
class Compound:
    """A word of the documents that the question writes as two: "micro needling"."""

    term: Term
    parts: frozenset[str]


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

    @classmethod
    def of(
        cls,
        question: str,
        read: str,
        corrections: tuple[Correction, ...],
        vector: NDArray[np.float32],
        lexicon: Lexicon,
    ) -> Self:
        """Take a question apart into the terms that a corpus is searched for."""
        joined = compounds(read, lexicon)
        terms, unknown = search_terms(read, lexicon), unknown_words(read, lexicon, joined)
        return cls(question, read, corrections, vector, terms, joined, unknown)

    @property
    def searched(self) -> tuple[Term, ...]:
        """The terms to search for: those of the question, and its compounds in one word."""
        return (*self.terms, *(compound.term for compound in self.compounds))

    @cached_property
    def coverage(self) -> "Coverage":
        """Tells how much of the question a text holds."""
        return Coverage.of(self.terms, self.compounds)


def search_terms(read: str, lexicon: Lexicon) -> tuple[Term, ...]:
    """Return the words to search for: those that only make a question are left out."""
    counted = Counter(stem(word) for word in words(read) if not is_asking_word(word))
    return tuple(Term(text, times, lexicon.weight(text)) for text, times in counted.items())


def unknown_words(read: str, lexicon: Lexicon, joined: Iterable[Compound]) -> tuple[str, ...]:
    """Return the words of the question, as they stand there, that no document holds.

    A part of a compound that the documents hold is not unknown.
    """
    parts = {part for compound in joined for part in compound.parts}
    unknown: dict[str, None] = {}
    for span in word_spans(read):
        word = span.of(read)
        term = stem(fold(word))
        held = term in parts or lexicon.postings.frequency(term)
        if not held and not is_asking_word(fold(word)):
            unknown[word] = None
    return tuple(unknown)


def compounds(read: str, lexicon: Lexicon) -> tuple[Compound, ...]:
    """Return the words of the documents that are two neighbouring words of the question.

    Only such as the documents write in just that form, and no word with an ending: "not able" is
    not "notable", nor is "no thing" "nothing".
    """
    joined: dict[str, Compound] = {}
    for one, two in pairwise(word_spans(read)):
        first, second = fold(one.of(read)), fold(two.of(read))
        text = stem(first + second)
        side_by_side = read[one.end : two.start] == " "
        if side_by_side and _can_be_one(first, second) and _is_written(first + second, lexicon):
            term = Term(text, 1, lexicon.weight(text))
            joined.setdefault(text, Compound(term, frozenset({stem(first), stem(second)})))
    return tuple(joined.values())


def _can_be_one(first: str, second: str) -> bool:
    if is_asking_word(first) or is_asking_word(second):
        return False
    return first not in _OPENINGS and second not in _ENDINGS


def _is_written(word: str, lexicon: Lexicon) -> bool:
    """Tell whether this is the word that its term most often comes from in the documents."""
    long_enough = len(word) >= FEWEST_LETTERS_OF_A_COMPOUND and word.isalpha()
    return long_enough and lexicon.postings.form(stem(word)) == word


@dataclass(frozen=True, slots=True)
class Coverage:
    """The terms of one question, looked for in texts.

    What a text holds of them is a set of bits, one for each term: what several texts hold
    together is `|` of theirs. `bits` has those of each term and compound; a compound holds its
    parts. `weights` are those of the terms.
    """

    weights: tuple[float, ...]
    bits: Mapping[str, int]

    @classmethod
    def of(cls, terms: Sequence[Term], compounds: Sequence[Compound] = ()) -> Self:
        """Return the coverage of a question of these terms."""
        bits = {term.text: 1 << number for number, term in enumerate(terms)}
        of_compounds = dict[str, int]()
        for compound in compounds:
            own = bits.get(compound.term.text, 0)
            for part in compound.parts:
                own |= bits.get(part, 0)
            of_compounds[compound.term.text] = own
        return cls(tuple(term.weight for term in terms), bits | of_compounds)

    def held(self, terms: Collection[str]) -> int:
        """Return which of the question's terms are among `terms`."""
        held = 0
        for text, bits in self.bits.items():
            if text in terms:
                held |= bits
        return held

    def share(self, held: int) -> float:
        """Return how much of the question is held, by the weight of its terms, in 0..1."""
        weight = sum(w for number, w in enumerate(self.weights) if held >> number & 1)
        return weight / max(sum(self.weights), LEAST_WEIGHT)
