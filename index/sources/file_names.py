"""The name of a document's file, where it is made of words that say what is in it."""

import re
from functools import lru_cache
from pathlib import PurePosixPath

from index.records import UPLOADED, Document
from index.search.terms import word_spans

_SUFFIX = re.compile(r"\.[a-zA-Z][a-zA-Z0-9]*")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BEFORE_YEAR = re.compile(r"(?<=[a-zA-Z])(?=(?:19|20)\d\d(?!\d))")
_WORD = re.compile(r"[^\d_]+\d{0,2}|\d{1,4}")
_LONG = 4
"""Letters of a word that says something by itself: "report", but not the "IMG" of a camera.
Of other scripts than the Latin one, fewer do."""


def words_of_name(document: Document) -> str:
    """Return the words of the name of a document's file, without its suffix; "" without any.

    "2022_Q3-AAPL.pdf" has "2022 Q3 AAPL"; "IMG_2034.pdf" and "000_6552478e434a9112.txt" have none.
    A name in one piece has its parts, too: "OpenVINO.pdf" has "OpenVINO Open VINO". Among other
    words a capital within one separates nothing: "GitHub guide.pdf" has "GitHub guide".
    A row is one of many in its file, and what is in no file has no suffix.
    """
    return "" if document.row_number is not None else _words(document.source)


@lru_cache(maxsize=256)
def _words(source: str) -> str:
    name = PurePosixPath(source.removeprefix(UPLOADED))
    if not _SUFFIX.fullmatch(name.suffix):
        return ""
    written = [span.of(name.stem) for span in word_spans(name.stem)]
    parts = [part for word in written for part in _BEFORE_YEAR.split(word)]
    if len(written) == 1:
        parts = [each for part in parts for each in _with_humps(part)]
    words = [part for part in parts if _WORD.fullmatch(part)]
    lettered = [word.rstrip("0123456789") for word in words if word[0].isalpha()]
    says_something = any(len(word) >= _LONG or not word.isascii() for word in lettered)
    return " ".join(words) if says_something or len(lettered) > 1 else ""


def _with_humps(word: str) -> list[str]:
    """Return a word, then what its capitals make of it, if that is more than one."""
    humps = _HUMP.split(word)
    return [word, *humps] if len(humps) > 1 else humps
