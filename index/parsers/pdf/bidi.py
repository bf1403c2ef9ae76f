"""The reading order of a line with Hebrew or Arabic, given the places of its characters.

This undoes the two commonest levels of the Unicode Bidirectional Algorithm (UAX #9): words from
right to left with figures and Latin words in them, and the reverse.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate, cycle

_CLASSES = {"R": "R", "AL": "R", "L": "L", "EN": "N", "AN": "N", "NSM": "M"}
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U0001efff]")
_PRESENTATION = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]")
_IN_NUMBER = frozenset(".,:/-")
_AROUND_NUMBER = frozenset("%$€£₪+-")


def is_mostly_right_to_left(text: str) -> bool:
    """Tell whether most letters are of scripts that are written from right to left."""
    if not _RIGHT_TO_LEFT.search(text):
        return False
    classes = [_class(char) for char in text]
    return classes.count("R") > classes.count("L")


def is_left_to_right(char: str) -> bool:
    """Tell whether a character is a figure or a letter that is read rightwards."""
    return _class(char) in ("L", "N")


def logical_order(text: str, *, mirrored: bool) -> str:
    """Return a line, given from left to right or from right to left (`mirrored`), as it is read."""
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
    """Return the characters, each with its combining marks."""
    clusters: list[str] = []
    for char in text:
        if clusters and _class(char) == "M":
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _stretches_turned(clusters: Sequence[str]) -> str:
    """Reverse each stretch from one right-to-left letter to the last before a Latin one."""
    classes = "".join(_class(cluster[0]) or " " for cluster in clusters)
    ordered = list(clusters)
    for stretch in re.finditer("R(?:[^L]*R)?", classes):
        start, end = stretch.span()
        ordered[start:end] = [_backwards(clusters[start:end]), *[""] * (end - start - 1)]
    return "".join(ordered)


def _backwards(clusters: Sequence[str]) -> str:
    """Return the clusters in reverse order, but Latin words and figures as they are."""
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
    """Return where the stretch that is read rightwards and ends at `last` begins.

    A figure after Latin words belongs to them. Two figures with a blank between are two stretches.
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
    """Make brackets open and close in turn, for PDFs and PDFium mirror some of them."""
    brackets = [char for char in text if char in pair]
    depths = list(accumulate(1 if char == pair[0] else -1 for char in brackets))
    if len(brackets) % 2 or not brackets or (depths[-1] == 0 and min(depths) >= 0):
        return text
    in_turn = cycle(pair)
    return "".join(next(in_turn) if char in pair else char for char in text)
