"""The order in which a line with Hebrew or Arabic is read, told from where its characters stand.

The two commonest levels of the Unicode Bidirectional Algorithm (UAX #9), undone: words from right
to left with figures and Latin words in them, and the reverse. Deeper nesting is not told.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate

_CLASSES = {"R": "R", "AL": "R", "L": "L", "EN": "N", "AN": "N", "NSM": "M"}
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U0001efff]")
_PRESENTATION = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]")
_IN_NUMBER = frozenset(".,:/-")
_AROUND_NUMBER = frozenset("%$€£₪+-")


def is_mostly_right_to_left(text: str) -> bool:
    """Tell whether most of the letters are of scripts that are written from right to left."""
    if not _RIGHT_TO_LEFT.search(text):
        return False
    classes = [_class(char) for char in text]
    return classes.count("R") > classes.count("L")


def is_left_to_right(char: str) -> bool:
    """Tell whether a character is read rightwards among those that are read leftwards."""
    return _class(char) in ("L", "N")


def logical_order(text: str, *, mirrored: bool) -> str:
    """Return in the order of reading what stands on a line from left to right.

    If it is `mirrored`, `text` is what stands there from right to left.
    """
    clusters = _clusters(text)
    if not _RIGHT_TO_LEFT.search(text):
        return _backwards(clusters) if mirrored else text
    if mirrored:
        clusters.reverse()
    leftwards = mirrored or is_mostly_right_to_left(text)
    ordered = _backwards(clusters) if leftwards else _stretches_turned(clusters)
    ordered = _PRESENTATION.sub(lambda form: unicodedata.normalize("NFKC", form[0]), ordered)
    return _with_pairs("[]", _with_pairs("()", ordered))


def _class(char: str) -> str:
    return _CLASSES.get(unicodedata.bidirectional(char), "")


def _clusters(text: str) -> list[str]:
    """Return the characters, each with the marks above and below it."""
    clusters: list[str] = []
    for char in text:
        if clusters and _class(char) == "M":
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _stretches_turned(clusters: Sequence[str]) -> str:
    """Turn each stretch from one letter to be read leftwards to the last before a Latin one."""
    classes = "".join(_class(cluster[0]) or " " for cluster in clusters)
    ordered = ""
    end = 0
    for stretch in re.finditer("R(?:[^L]*R)?", classes):
        ordered += "".join(clusters[end : stretch.start()])
        ordered += _backwards(clusters[stretch.start() : stretch.end()])
        end = stretch.end()
    return ordered + "".join(clusters[end:])


def _backwards(clusters: Sequence[str]) -> str:
    """Return the clusters from the last to the first, but Latin words and figures as they are."""
    classes = _with_signs_in_numbers(clusters)
    ordered: list[str] = []
    index = len(clusters)
    while index:
        start = index - 1
        if classes[start] in ("L", "N"):
            start = _start_of_left_to_right(classes, start)
        ordered += clusters[start:index]
        index = start
    return "".join(ordered)


def _with_signs_in_numbers(clusters: Sequence[str]) -> list[str]:
    classes = [_class(cluster[0]) for cluster in clusters]
    for i, cluster in enumerate(clusters):
        if not classes[i]:
            before, after = classes[i - 1 : i] == ["N"], classes[i + 1 : i + 2] == ["N"]
            within = cluster in _IN_NUMBER and before and after
            if within or (cluster in _AROUND_NUMBER and before != after):
                classes[i] = "N"
    return classes


def _start_of_left_to_right(classes: Sequence[str], last: int) -> int:
    """Return where the stretch that is read rightwards begins, given its last place.

    A figure after Latin words goes with them; two figures with a blank between are two stretches.
    """
    start = last
    while True:
        while start and classes[start - 1] in ("L", "N"):
            start -= 1
        before = start
        while before and classes[before - 1] == "":
            before -= 1
        if not before or before == start or classes[before - 1] != "L":
            return start
        start = before - 1


def _with_pairs(pair: str, text: str) -> str:
    """Have brackets open and close in turn: PDFs, and PDFium, mirror some of them."""
    places = [i for i, char in enumerate(text) if char in pair]
    depths = list(accumulate(1 if text[i] == pair[0] else -1 for i in places))
    if len(places) % 2 or not places or (depths[-1] == 0 and min(depths) >= 0):
        return text
    letters = list(text)
    for number, place in enumerate(places):
        letters[place] = pair[number % 2]
    return "".join(letters)
