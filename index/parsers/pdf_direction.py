"""The order in which a line with Hebrew or Arabic is read, told from where its characters stand.

The two commonest levels of the Unicode Bidirectional Algorithm (UAX #9), undone: words from right
to left with figures and Latin words in them, and the reverse. Deeper nesting is not told.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import takewhile

_KINDS = {"R": "R", "AL": "R", "L": "L", "EN": "N", "AN": "N", "NSM": "M"}
_MAY_BE_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U0001efff]")
_PRESENTATION = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]")
_IN_NUMBER = frozenset(".,:/-")
_AROUND_NUMBER = frozenset("%$€£₪+-")
_BRACKETS = {"(": "()", ")": "()", "[": "[]", "]": "[]"}


def runs_leftwards(characters: Iterable[str]) -> bool:
    """Tell whether most of the letters are of scripts that are written from right to left."""
    kinds = [_kind(each) for each in characters]
    return kinds.count("R") > kinds.count("L")


def is_leftwards(text: str) -> bool:
    """Tell the same of a line; nearly always at a glance."""
    return bool(_MAY_BE_RIGHT_TO_LEFT.search(text)) and runs_leftwards(text)


def is_rightwards(char: str) -> bool:
    """Tell whether a character is read rightwards among those that are read leftwards."""
    return _kind(char) in ("L", "N")


def reading_order(text: str, *, mirrored: bool) -> str:
    """Return in the order of reading what stands on a line from left to right.

    If it is `mirrored`, `text` is what stands there from right to left.
    """
    if not _MAY_BE_RIGHT_TO_LEFT.search(text):
        return _backwards(_clusters(text)) if mirrored else text
    clusters = _clusters(text)
    if mirrored:
        clusters.reverse()
    leftwards = mirrored or runs_leftwards(text)
    ordered = _backwards(clusters) if leftwards else _spans_turned(clusters)
    ordered = _PRESENTATION.sub(lambda form: unicodedata.normalize("NFKC", form[0]), ordered)
    return _brackets_paired(ordered)


def _kind(char: str) -> str:
    return _KINDS.get(unicodedata.bidirectional(char), "")


def _clusters(text: str) -> list[str]:
    """Return the characters, each with the marks above and below it."""
    clusters: list[str] = []
    for char in text:
        if clusters and _kind(char) == "M":
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _spans_turned(clusters: Sequence[str]) -> str:
    """Turn each stretch from one letter to be read leftwards to the last before a Latin one."""
    kinds = [_kind(each[0]) for each in clusters]
    ordered = ""
    index = 0
    while index < len(clusters):
        if kinds[index] != "R":
            ordered += clusters[index]
            index += 1
            continue
        length = len(list(takewhile(lambda kind: kind != "L", kinds[index:])))
        end = max(i for i in range(index, index + length) if kinds[i] == "R") + 1
        ordered += _backwards(clusters[index:end])
        index = end
    return ordered


def _backwards(clusters: Sequence[str]) -> str:
    """Return the clusters from the last to the first, but Latin words and figures as they are."""
    kinds = _with_signs_in_numbers(clusters)
    ordered: list[str] = []
    index = len(clusters)
    while index:
        start = index - 1
        if kinds[start] in ("L", "N"):
            start = _start_of_forwards(kinds, start)
        ordered += clusters[start:index]
        index = start
    return "".join(ordered)


def _with_signs_in_numbers(clusters: Sequence[str]) -> list[str]:
    kinds = [_kind(each[0]) for each in clusters]
    for i, each in enumerate(clusters):
        if kinds[i]:
            continue
        before, after = kinds[i - 1 : i] == ["N"], kinds[i + 1 : i + 2] == ["N"]
        if (each in _IN_NUMBER and before and after) or (
            each in _AROUND_NUMBER and before != after
        ):
            kinds[i] = "N"
    return kinds


def _start_of_forwards(kinds: Sequence[str], last: int) -> int:
    """Return where the stretch that is read rightwards begins, given its last place.

    A figure after Latin words goes with them; two figures with a blank between are two stretches.
    """
    start = last
    while True:
        while start and kinds[start - 1] in ("L", "N"):
            start -= 1
        before = start
        while before and kinds[before - 1] == "":
            before -= 1
        if not before or before == start or kinds[before - 1] != "L":
            return start
        start = before - 1


def _brackets_paired(text: str) -> str:
    """Have brackets open and close in turn: PDFs, and PDFium, mirror some of them."""
    for pair in ("()", "[]"):
        places = [i for i, char in enumerate(text) if _BRACKETS.get(char) == pair]
        if len(places) % 2 == 0 and not _is_balanced(text, pair):
            letters = list(text)
            for number, place in enumerate(places):
                letters[place] = pair[number % 2]
            text = "".join(letters)
    return text


def _is_balanced(text: str, pair: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == pair[0]) - (char == pair[1])
        if depth < 0:
            return False
    return depth == 0
