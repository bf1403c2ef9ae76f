"""What was asked, made ready to be searched for: checked, corrected, taken apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.tokens import Tokenizer
from qa.errors import QuestionError
from qa.lexical import Lexicon
from qa.query import Query, compounds, search_terms, unknown_words
from qa.spelling import Correction, Speller
from qa.stages import Stage

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
