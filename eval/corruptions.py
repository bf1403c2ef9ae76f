"""Rules that make a sentence say another thing: does the check of written sentences notice it?"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, the text that says it, and names that may stand in place of its own.

    `chance` chooses among several ways to change it.
    """

    text: str
    cited: str
    names: Sequence[str]
    chance: Random


Rule = Callable[[Sentence], str | None]
"""Returns the changed sentence, None where the rule does not fit."""

NAME = re.compile(r"(?<=[\w,;)] )(?:[A-Z][\w®-]*[a-z][\w®-]*|[A-Z][A-Z0-9-]+)(?![\w’'])")
"""A word that is written as a name is within a sentence."""
_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])")
_AUXILIARY = re.compile(r"\b(is|are|was|were|will|should|has|have|can|may|did|does)\b(?! not)")
_NOT = re.compile(r"\b(is|are|was|were|will|should|has|have|did|does|do|can|may) ?not\b")


def swapped(pairs: str) -> dict[str, str]:
    """Return both directions of pairs that are written as "a/b c/d"."""
    both = [pair.split("/") for pair in pairs.split()]
    return {
        one: other for first, second in both for one, other in ((first, second), (second, first))
    }


def exchanging(words: Mapping[str, str], most: int = 1) -> Rule:
    """Return a rule that puts other words in the place of at most so many of these."""
    longest = sorted(words, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])", re.IGNORECASE)

    def exchange(sentence: Sentence) -> str | None:
        text = sentence.text
        places = list(pattern.finditer(text))
        chosen = sentence.chance.sample(places, min(most, len(places)))
        for place in sorted(chosen, key=lambda place: -place.start()):
            new = words[place[0].lower()]
            new = new[0].upper() + new[1:] if place[0][0].isupper() else new
            text = text[: place.start()] + new + text[place.end() :]
        return text if chosen else None

    return exchange


def names_of(text: str) -> list[str]:
    """Return the words that a text always writes as names, each once, in order."""
    common = set(re.findall(r"\b[a-z]+\b", text))
    return sorted({name for name in NAME.findall(text) if name.lower() not in common})


def _number(sentence: Sentence) -> str | None:
    places = list(_NUMBER.finditer(sentence.text))
    if not places:
        return None
    place = sentence.chance.choice(places)
    digits = place[0]
    at = sentence.chance.choice([at for at, each in enumerate(digits) if each.isdigit()])
    changed = [f"{digits[:at]}{other}{digits[at + 1 :]}" for other in "123456789"]
    others = [number for number in changed if number not in sentence.cited and number != digits]
    return _replaced(sentence.text, place, sentence.chance.choice(others)) if others else None


def _name(sentence: Sentence) -> str | None:
    places = [place for place in NAME.finditer(sentence.text) if place[0] in sentence.names]
    others = [name for name in sentence.names if name not in sentence.cited]
    if not places or not others:
        return None
    place = sentence.chance.choice(places)
    alike = [name for name in others if name.isupper() == place[0].isupper()]
    return _replaced(sentence.text, place, sentence.chance.choice(alike or others))


def _negation(sentence: Sentence) -> str | None:
    if place := _NOT.search(sentence.text):
        return _replaced(sentence.text, place, place[1])
    if place := _AUXILIARY.search(sentence.text):
        return _replaced(sentence.text, place, f"{place[0]} not")
    return None


def _replaced(text: str, place: re.Match[str], new: str) -> str:
    return text[: place.start()] + new + text[place.end() :]


CORRUPTIONS: dict[str, Rule] = {
    "number": _number,
    "name": _name,
    "negation": _negation,
    "direction": exchanging(
        swapped(
            """increase/decrease increased/decreased increases/decreases increasing/decreasing
            higher/lower more/less above/below before/after growth/decline better/worse rose/fell
            improve/worsen improved/worsened improving/worsening positive/negative mild/severe
            upregulated/downregulated unfavorable/favorable promotes/inhibits promote/inhibit
            activation/inhibition minimize/maximize temporary/permanent rare/common larger/smaller
            early/late enhanced/reduced enhances/reduces gains/losses weakness/strength"""
        )
    ),
}
"""What is changed, and the rule. They are not those that the checking network learned from."""
