"""The words that lexical search compares: folded, stemmed, hyphenated compounds also as one.

English stems (Snowball); words of other languages are compared as their stems fall. Postings
hold these terms, so a change here needs a new `index.store.manifest.FORMAT`.
"""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

from index.records import Span

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Scripts of India and South East Asia write vowels as marks, which are no letters to Python.
_MARK = r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u109f]"
_MARKED_LETTER = rf"(?:[^\W_]|{_MARK})"
_MARKED_WORD = re.compile(rf"{_MARKED_LETTER}+(?:['’]{_MARKED_LETTER}+)*")
_HAS_MARKS = re.compile(_MARK)
_ACCENTS = re.compile(r"(?<=[\u0000-\u052f])[\u0300-\u036f]+")
_COMPOUND = re.compile(r"(?<![\w-])([^\W\d_]+)[-‐‑]([^\W\d_]+)(?![\w-])")
MAX_TERM_CHARS = 64
"""A longer run of letters is no word; its head stands for it."""


def terms(text: str) -> list[str]:
    """Return the terms of `text` in order, then those that its hyphenated compounds make."""
    return [stem(word) for word in words(text)]


def words(text: str) -> list[str]:
    """Return the words of `text`, folded, then its compounds of two words with a hyphen."""
    folded = fold(text)
    found: list[str] = _pattern(folded).findall(folded)
    if "-" in folded or not folded.isascii():  # there are other hyphens
        found += (f"{first}-{second}" for first, second in _COMPOUND.findall(folded))
    return found


def word_spans(text: str) -> list[Span]:
    """Return where each word stands in `text`."""
    return [Span(*match.span()) for match in _pattern(text).finditer(text)]


def fold(text: str) -> str:
    """Return `text` without case, with straight apostrophes, European letters without accents."""
    folded = text.casefold().replace("’", "'")
    if folded.isascii():
        return folded
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", folded)))


def _pattern(text: str) -> re.Pattern[str]:
    """Return what finds words: marks are rare, and cost time."""
    return _WORD if text.isascii() or not _HAS_MARKS.search(text) else _MARKED_WORD


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """Return the term that a folded word is compared by: "micro-needling" as "microneedling"."""
    bare = word.removesuffix("'s").replace("'", "").replace("-", "")[:MAX_TERM_CHARS]
    return str(_stemmer().stemWord(bare))


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
