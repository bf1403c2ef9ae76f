"""Typos: words that no document holds, read as the nearest one that they do.

Only what is very likely a typo is touched: a word that is none of English, nor one to the encoder,
and not written like a name or a code. Another word for what the documents say is not a typo.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from index.chunking.tokens import Tokenizer
from index.search.terms import fold, stem, word_spans
from qa.question.wording import is_asking_word
from qa.records import Correction
from qa.retrieve.lexical import Lexicon

if TYPE_CHECKING:
    from spellchecker import SpellChecker

FEWEST_LETTERS = 5
LETTERS_FOR_TWO_EDITS = 12
MOST_LOOKED_UP = 8
"""Of a question's words; each takes some milliseconds where the vocabulary is large."""
_OPPOSITES = (
    *({"hypo", "hyper"}, {"inter", "intra"}, {"pre", "pro"}, {"pre", "post"}, {"over", "under"}),
    *({"macro", "micro"}, {"ante", "anti"}, {"ab", "ad"}, {"in", "un"}, {"ex", "im"}),
)
"""Prefixes that a letter or two make of one another, and another word with them."""


@dataclass(frozen=True, slots=True)
class Speller:
    """Corrects questions against the words of the documents.

    `tokenizer` is the encoder's: what it takes for one token is a word that it knows.
    """

    lexicon: Lexicon
    tokenizer: Tokenizer

    def correct(self, question: str) -> tuple[str, tuple[Correction, ...]]:
        """Return the question as it is read, and what was corrected, in order."""
        corrections: list[Correction] = []
        read, end, looked_up = "", 0, 0
        for number, span in enumerate(word_spans(question)):
            written = span.of(question)
            if looked_up == MOST_LOOKED_UP or not self._may_be_a_typo(written, first=number == 0):
                continue
            looked_up += 1
            if nearest := self._nearest(fold(written)):
                corrections.append(Correction(written, nearest))
                read += question[end : span.start] + nearest
                end = span.end
        return read + question[end:], tuple(corrections)

    def _may_be_a_typo(self, written: str, *, first: bool) -> bool:
        """Tell whether a word is plain, long enough, and known to nobody."""
        plain = written.isascii() and written.isalpha() and len(written) >= FEWEST_LETTERS
        in_lower_case = written.islower() or (first and written[1:].islower())
        if not (plain and in_lower_case) or is_asking_word(written.lower()):
            return False
        held = self.lexicon.postings.frequency(stem(fold(written))) > 0
        return not held and len(self.tokenizer.tokens(written.lower())) > 1

    def _nearest(self, word: str) -> str | None:
        """Return the word of the documents that differs in a letter or two, if there is one."""
        from rapidfuzz import process  # here and not above: few questions need it
        from rapidfuzz.distance import OSA

        edits = 2 if len(word) >= LETTERS_FOR_TWO_EDITS else 1
        postings = self.lexicon.postings
        lengths = range(max(FEWEST_LETTERS, len(word) - edits), len(word) + edits + 1)
        forms = postings.forms_beginning_with(word[0], lengths)
        near = process.extract(word, forms, scorer=OSA.distance, score_cutoff=edits, limit=None)
        alike = [
            (distance, -postings.frequency(stem(form)), form)
            for form, distance, _ in near
            if form.isascii() and form.isalpha() and not _are_opposite(word, form)
        ]
        return min(alike)[2] if alike and not _is_english(word) else None


def _are_opposite(word: str, other: str) -> bool:
    """Tell whether two words differ in such prefixes as make opposites of one another."""
    return any(
        word.startswith(one)
        and other.startswith(two)
        and word.removeprefix(one) == other.removeprefix(two)
        for pair in _OPPOSITES
        for one in pair
        for two in pair - {one}
    )


def _is_english(word: str) -> bool:
    return bool(_dictionary().known([word]))


@cache
def _dictionary() -> "SpellChecker":
    from spellchecker import SpellChecker  # a third of a second, at the first word that needs it

    return SpellChecker(language="en")
