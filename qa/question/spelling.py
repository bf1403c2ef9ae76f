"""Typos: words that no document holds, read as the nearest word that one does.

Only what is very likely a typo is corrected: neither English nor the encoder has the word, and it
is not written like a name or a code.
"""

from functools import cache
from typing import TYPE_CHECKING

from index.chunking.tokens import Tokenizer
from index.search.terms import fold, stem, word_spans
from index.store.protocols import Snapshot
from index.structure.wording import is_asking_word
from qa.records import Correction

if TYPE_CHECKING:
    from spellchecker import SpellChecker

_FEWEST_LETTERS = 5
_LETTERS_FOR_TWO_EDITS = 12
MOST_LOOKED_UP = 8
"""Words of a question; each takes some milliseconds where the vocabulary is large."""
_OPPOSITES = (
    *({"hypo", "hyper"}, {"inter", "intra"}, {"pre", "pro"}, {"pre", "post"}, {"over", "under"}),
    *({"macro", "micro"}, {"ante", "anti"}, {"ab", "ad"}, {"in", "un"}, {"ex", "im"}),
)
"""Prefixes that differ by a letter or two and make other words, not typos."""


def corrected(
    question: str, snapshot: Snapshot, tokenizer: Tokenizer, max_tokens: int
) -> tuple[str, tuple[Correction, ...]]:
    """Return the question as it is read, unless that is too long, and what was corrected.

    `tokenizer` is the encoder's: what is one token is a word that it has.
    """
    corrections: list[Correction] = []
    read, end, looked_up = "", 0, 0
    for number, span in enumerate(word_spans(question)):
        written = span.of(question)
        if looked_up == MOST_LOOKED_UP or not _may_be_a_typo(
            written, snapshot, tokenizer, first=number == 0
        ):
            continue
        looked_up += 1
        if nearest := _nearest(fold(written), snapshot):
            corrections.append(Correction(written, nearest))
            read += question[end : span.start] + nearest
            end = span.end
    read += question[end:]
    if corrections and len(tokenizer.tokens(read)) > max_tokens:
        return question, ()
    return read, tuple(corrections)


def _may_be_a_typo(written: str, snapshot: Snapshot, tokenizer: Tokenizer, *, first: bool) -> bool:
    """Tell whether a word is plain and long enough, and neither documents nor encoder have it."""
    plain = written.isascii() and written.isalpha() and len(written) >= _FEWEST_LETTERS
    in_lower_case = written.islower() or (first and written[1:].islower())
    if not (plain and in_lower_case) or is_asking_word(written.lower()):
        return False
    held = snapshot.words.frequency(stem(fold(written))) > 0
    return not held and len(tokenizer.tokens(written.lower())) > 1


def _nearest(word: str, snapshot: Snapshot) -> str | None:
    """Return the word of the documents that differs in a letter or two, if any does."""
    from rapidfuzz import process  # here and not above: few questions need it
    from rapidfuzz.distance import OSA

    edits = 2 if len(word) >= _LETTERS_FOR_TWO_EDITS else 1
    lengths = range(max(_FEWEST_LETTERS, len(word) - edits), len(word) + edits + 1)
    forms = snapshot.words.forms_beginning_with(word[0], lengths)
    near = process.extract(word, forms, scorer=OSA.distance, score_cutoff=edits, limit=None)
    snapshot.words.prefetch(stem(form) for form, *_ in near)
    alike = [
        (distance, -snapshot.words.frequency(stem(form)), form)
        for form, distance, _ in near
        if form.isascii() and form.isalpha() and not _are_opposite(word, form)
    ]
    return min(alike)[2] if alike and not dictionary().known([word]) else None


def _are_opposite(word: str, other: str) -> bool:
    """Tell whether two words differ only in prefixes that are opposites."""
    return any(
        word.startswith(one)
        and other.startswith(two)
        and word.removeprefix(one) == other.removeprefix(two)
        for pair in _OPPOSITES
        for one in pair
        for two in pair - {one}
    )


@cache
def dictionary() -> "SpellChecker":
    """Return the words of English; the first call takes a tenth of a second."""
    from spellchecker import SpellChecker

    return SpellChecker(language="en")
