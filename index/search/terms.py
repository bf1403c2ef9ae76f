"""The terms that lexical search compares: folded words, cut to English stems.

Stores hold these terms, and passages the words of file names: if either changes, raise
`index.chunking.chunker.VERSION`, and everything is made anew.
"""

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import PurePosixPath
from typing import Any

from index.records import UPLOADED, Document, Span

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Scripts of India and South East Asia write vowels as marks; Python does not count them as letters.
_MARK = r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u109f]"
_MARKED_LETTER = rf"(?:[^\W_]|{_MARK})"
_MARKED_WORD = re.compile(rf"{_MARKED_LETTER}+(?:['’]{_MARKED_LETTER}+)*")
_HAS_MARKS = re.compile(_MARK)
_ACCENTS = re.compile(r"(?<=[\u0000-\u052f])[\u0300-\u036f]+")
_COMPOUND = re.compile(r"(?<![\w-])([^\W\d_]+)[-‐‑]([^\W\d_]+)(?![\w-])")
MAX_TERM_CHARS = 64
"""A longer run of letters is no word; it is cut."""


def terms(text: str) -> list[str]:
    """Return the terms of `text` in order, then those of its hyphenated compounds."""
    return [stem(word) for word in words(text)]


def words(text: str) -> list[str]:
    """Return the folded words of `text`, then its compounds of two words with a hyphen."""
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


_SUFFIX = re.compile(r"\.[a-zA-Z][a-zA-Z0-9]*")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BEFORE_YEAR = re.compile(r"(?<=[a-zA-Z])(?=(?:19|20)\d\d(?!\d))")
_NAME_WORD = re.compile(r"[^\d_]+\d{0,2}|\d{1,4}")
_LONG = 4
"""So many letters make a word that says something by itself: "report", not the "IMG" of a camera.
In other scripts than Latin fewer do."""


def words_of_name(document: Document) -> str:
    """Return the words of the name of a document's file, without its suffix; may be empty.

    "2022_Q3-AAPL.pdf" has "2022 Q3 AAPL"; "IMG_2034.pdf" and "000_6552478e434a9112.txt" have none.
    Only a name of one word has the parts of that word, too: "OpenVINO.pdf" has "OpenVINO Open
    VINO", "GitHub guide.pdf" has "GitHub guide". A row has none: its file has many rows.
    """
    return "" if document.row_number is not None else _words_of_source(document.source)


@lru_cache(maxsize=256)
def _words_of_source(source: str) -> str:
    name = PurePosixPath(source.removeprefix(UPLOADED))
    if not _SUFFIX.fullmatch(name.suffix):  # in no file
        return ""
    written = [span.of(name.stem) for span in word_spans(name.stem)]
    parts = [part for word in written for part in _BEFORE_YEAR.split(word)]
    if len(written) == 1:
        parts = [each for part in parts for each in _with_humps(part)]
    name_words = [part for part in parts if _NAME_WORD.fullmatch(part)]
    lettered = [word.rstrip("0123456789") for word in name_words if word[0].isalpha()]
    says_something = any(len(word) >= _LONG or not word.isascii() for word in lettered)
    return " ".join(name_words) if says_something or len(lettered) > 1 else ""


def _with_humps(word: str) -> list[str]:
    """Return a word, then its parts if capitals divide it."""
    humps = _HUMP.split(word)
    return [word, *humps] if len(humps) > 1 else humps
