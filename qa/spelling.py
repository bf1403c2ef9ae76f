"""Words that the documents do not hold, read as ones that they do: typos, and split compounds.

What is a word to the encoder is let alone: it may be another word for what the documents say.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from index.records import Span
from index.terms import fold, stem, word_spans
from index.tokens import Tokenizer
from qa.lexical import Lexicon
from qa.wording import ASKING_WORDS

FEWEST_LETTERS = 4
FEWEST_LETTERS_JOINED = 6
LETTERS_FOR_TWO_EDITS = 8


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of the question as it was written, and as it was read."""

    written: str
    read: str


@dataclass(frozen=True, slots=True)
class Speller:
    """Corrects questions against the words of the documents.

    `tokenizer` is the encoder's: what it takes for one token is a word that it knows.
    """

    lexicon: Lexicon
    tokenizer: Tokenizer

    def correct(self, question: str) -> tuple[str, tuple[Correction, ...]]:
        """Return the question as it is read, and what was corrected, in order."""
        spans = word_spans(question)
        corrections: list[Correction] = []
        read, end = "", 0
        at = 0
        while at < len(spans):
            span, found = self._reading(question, spans[at : at + 2])
            if found:
                corrections.append(Correction(span.of(question), found))
                read += question[end : span.start] + found
                end = span.end
            while at < len(spans) and spans[at].end <= span.end:
                at += 1
        return read + question[end:], tuple(corrections)

    def _reading(self, question: str, pair: Sequence[Span]) -> tuple[Span, str | None]:
        """Return what to read at the first of two words, and how far that reaches."""
        first = fold(pair[0].of(question))
        if len(pair) > 1 and question[pair[0].end : pair[1].start] == " ":
            joined = self._joined(first, fold(pair[1].of(question)))
            if joined:
                return Span(pair[0].start, pair[1].end), joined
        if first in ASKING_WORDS or self._is_known(first):
            return pair[0], None
        return pair[0], self._divided(first) or self._nearest(first)

    def _joined(self, first: str, second: str) -> str | None:
        """Return "microneedling" for "micro needling", where the documents have just that."""
        joined = first + second
        if {first, second} & ASKING_WORDS or len(joined) < FEWEST_LETTERS_JOINED:
            return None
        form = self.lexicon.postings.form(stem(joined))
        return joined if form and form.isalpha() and joined.isalpha() else None

    def _divided(self, word: str) -> str | None:
        """Return "skin care" for "skincare", where the documents have just the two."""
        if not word.isalpha() or self._is_one_token(word):
            return None
        for cut in range(FEWEST_LETTERS, len(word) - FEWEST_LETTERS + 1):
            head, tail = word[:cut], word[cut:]
            if self._is_held(head) and self._is_held(tail):
                return f"{head} {tail}"
        return None

    def _nearest(self, word: str) -> str | None:
        """Return the word of the documents that differs in a letter or two, if there is one."""
        if len(word) < FEWEST_LETTERS or not word.isalpha() or self._is_one_token(word):
            return None
        from rapidfuzz import process  # here and not above: few questions need it
        from rapidfuzz.distance import OSA

        edits = 2 if len(word) >= LETTERS_FOR_TWO_EDITS else 1
        near = process.extract(
            word, self.lexicon.postings.forms, scorer=OSA.distance, score_cutoff=edits, limit=None
        )
        alike = [
            (distance, -self.lexicon.postings.frequency(stem(form)), form)
            for form, distance, _ in near
            if form[:1] == word[:1] and form.isalpha()
        ]
        return min(alike)[2] if alike else None

    def _is_known(self, word: str) -> bool:
        return self._is_held(word) or not word.isalpha()

    def _is_held(self, word: str) -> bool:
        return self.lexicon.postings.frequency(stem(word)) > 0

    def _is_one_token(self, word: str) -> bool:
        return len(self.tokenizer.tokens(word)) == 1
