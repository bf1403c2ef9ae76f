"""The words that lexical search compares: folded, stemmed, hyphenated compounds also as one.

English stems (Snowball); words of other languages are compared as their stems fall. Postings
hold these terms, so a change here needs a new `index.manifest.FORMAT`.
"""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

from index.records import Span

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_COMPOUND = re.compile(r"(?<![\w-])([^\W\d_]+)[-‐‑]([^\W\d_]+)(?![\w-])")
MAX_TERM_CHARS = 64
"""A longer run of letters is no word; its head stands for it."""


def terms(text: str) -> list[str]:
    """Return the terms of `text` in order, then those that its hyphenated compounds make."""
    return [stem(word) for word in words(text)]


def words(text: str) -> list[str]:
    """Return the words of `text`, folded, then its compounds of two words with a hyphen."""
    folded = fold(text)
    compounds = (f"{first}-{second}" for first, second in _COMPOUND.findall(folded))
    return [*_WORD.findall(folded), *compounds]


def word_spans(text: str) -> list[Span]:
    """Return where each word stands in `text`."""
    return [Span(*match.span()) for match in _WORD.finditer(text)]


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, with straight apostrophes."""
    lower = text.lower().replace("’", "'")
    if lower.isascii():
        return lower
    parts = unicodedata.normalize("NFKD", lower)
    return "".join(part for part in parts if not unicodedata.combining(part))


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """Return the term that a folded word is compared by: "micro-needling" as "microneedling"."""
    bare = word.removesuffix("'s").replace("'", "").replace("-", "")[:MAX_TERM_CHARS]
    return str(_stemmer().stemWord(bare))


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
