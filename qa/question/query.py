"""What was asked, made ready to be searched for: checked, corrected, taken apart."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.chunking.tokens import Tokenizer
from index.search.terms import fold, stem, word_spans, words
from qa.errors import QuestionError
from qa.question.spelling import Correction, Speller
from qa.question.terms import Compound, Coverage, Term
from qa.question.wording import is_asking_word
from qa.records import Stage
from qa.retrieve.lexical import Lexicon

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


MAX_QUESTION_CHARS = 2000


@dataclass(frozen=True, slots=True)
class QuestionReader:
    """Reads questions to one corpus. Safe to share between threads.

    `max_tokens` is what the encoder reads; `stages` are those in force.
    """

    lexicon: Lexicon
    tokenizer: Tokenizer
    max_tokens: int
    stages: frozenset[Stage]

    def checked(self, question: str) -> str:
        """Return the question without blanks around it. Raises QuestionError."""
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
        tokens = len(self.tokenizer.tokens(question))
        if tokens > self.max_tokens:
            raise QuestionError(
                f"The question has {tokens} tokens and the model reads {self.max_tokens}: "
                "shorten it."
            )
        return question

    def corrected(self, question: str) -> tuple[str, tuple[Correction, ...]]:
        """Return the question as it is read, and what was corrected for that."""
        if "spelling" not in self.stages:
            return question, ()
        read, corrections = Speller(self.lexicon, self.tokenizer).correct(question)
        if corrections and len(self.tokenizer.tokens(read)) > self.max_tokens:
            return question, ()
        return read, corrections

    def query(
        self,
        question: str,
        read: str,
        corrections: tuple[Correction, ...],
        vector: NDArray[np.float32],
    ) -> Query:
        """Return what to search for: `read` is the question as it was corrected."""
        joined = compounds(read, self.lexicon)
        return Query(
            question=question,
            read=read,
            corrections=corrections,
            vector=vector,
            terms=search_terms(read, self.lexicon),
            compounds=joined,
            unknown=unknown_words(read, self.lexicon, joined),
        )
