"""Rules that change a sentence: into one that says the same, or into one that says another thing.

`REWORDINGS` keep what is said. Each of `CORRUPTIONS` makes another error that a language model
makes. They are not those that the network learned from.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a sentence: its window's text, names of its document, other sentences.

    The other sentences stand elsewhere, and begin with no name.
    """

    window: str
    names: Sequence[str]
    clauses: Sequence[str]


Rule = Callable[[str, Surroundings, Random], str | None]
"""Returns the changed sentence, None where the rule does not fit."""

_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])")
NAME = re.compile(r"(?<=[\w,;)] )(?:[A-Z][\w®-]*[a-z][\w®-]*|[A-Z][A-Z0-9-]+)(?![\w’'])")
"""A word that is written as a name is within a sentence."""
_AUXILIARY = re.compile(r"\b(is|are|was|were|will|should|has|have|did|does)\b(?! not)")
_NOT = re.compile(r"\b(is|are|was|were|will|should|has|have|did|does|do|can) ?not\b")


def swapped(pairs: str) -> dict[str, str]:
    """Return both directions of pairs that are written as "a/b c/d", "_" for a blank."""
    found: dict[str, str] = {}
    for pair in pairs.split():
        one, other = pair.replace("_", " ").split("/")
        found |= {one: other, other: one}
    return found


def one_way(pairs: str) -> dict[str, str]:
    """Return pairs that are written as "a/b c/d", "_" for a blank."""
    return dict(pair.replace("_", " ").split("/") for pair in pairs.split())


_DIRECTIONS = swapped(
    """increase/decrease increased/decreased increases/decreases increasing/decreasing
    higher/lower more/less above/below before/after growth/decline better/worse
    improve/worsen improved/worsened improving/worsening positive/negative upregulated/downregulated
    unfavorable/favorable promotes/inhibits promote/inhibit activation/inhibition
    minimize/maximize mild/severe temporary/permanent rare/common larger/smaller
    early/late enhanced/reduced enhances/reduces gains/losses weakness/strength"""
)
_UNITS = swapped(
    """million/billion hours/days weeks/months years/months
    mg/kg mm/cm minutes/seconds quarter/year"""
)
_STRONGER = one_way(
    """some/all often/always typically/always usually/always generally/always can/will_always
    may/will_always could/will_certainly might/will_certainly primarily/exclusively
    mainly/exclusively largely/exclusively partially/fully rarely/never
    suggest/prove suggests/proves suggested/proved sometimes/always
    associated_with/caused_by approximately/exactly likely/certain"""
)
_SYNONYMS = one_way(
    """crucial/important essential/important vital/important due_to/because_of in_order_to/to
    such_as/like approximately/about primarily/mainly prior_to/before utilize/use
    individuals/people patients/people_treated demonstrate/show demonstrated/showed
    demonstrates/shows compared_to/compared_with typically/usually exacerbate/worsen
    obtain/get additionally/also substantially/considerably substantial/considerable
    ensure/make_sure_that numerous/many obtained/got
    regarding/about following/after sufficient/enough commence/begin assist/help
    various/several frequently/often adverse/harmful therefore/so whereas/while"""
)
del _SYNONYMS["patients"], _SYNONYMS["following"], _SYNONYMS["ensure"]
_OPENERS = re.compile(
    r"^(?:However|Additionally|Furthermore|Moreover|In addition|In conclusion|In summary|Thus|"
    r"For instance|Similarly|Finally|Lastly|Therefore|Here|In contrast|Overall), (?:that )?|"
    r"^It(?:'s| is) (?:important|essential|crucial) to note that "
)
_BRACKETS = re.compile(r" \((?![^)]*\bnot\b)[^()]{3,80}\)")
_SUBORDINATE = re.compile(
    r"^(If|When|While|Although|Because|Once|After|Before|During|To) ([^,;:]{8,110}), ([^;:]{15,}?)\.$"
)
_LABEL = re.compile(r"^(?:[A-Z][\w-]*(?: [A-Za-z][\w-]*){0,3}): (?=[A-Z])")


def _alternatives(words: dict[str, str]) -> "re.Pattern[str]":
    longest = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(longest)})(?![\w-])", re.IGNORECASE)


def _exchanging(words: dict[str, str], most: int) -> Rule:
    pattern = _alternatives(words)

    def exchange(sentence: str, around: Surroundings, chance: Random) -> str | None:
        places = list(pattern.finditer(sentence))
        if not places:
            return None
        for place in sorted(chance.sample(places, min(most, len(places))), key=lambda p: -p.start()):
            new = words[place[0].lower()]
            new = new[0].upper() + new[1:] if place[0][0].isupper() else new
            sentence = sentence[: place.start()] + new + sentence[place.end() :]
        return sentence

    return exchange


def _number(sentence: str, around: Surroundings, chance: Random) -> str | None:
    places = list(_NUMBER.finditer(sentence))
    if not places:
        return None
    place = chance.choice(places)
    digits = place[0]
    at = chance.choice([number for number, each in enumerate(digits) if each.isdigit()])
    others = [each for each in "123456789" if each != digits[at]]
    chance.shuffle(others)
    for other in others:
        changed = digits[:at] + other + digits[at + 1 :]
        if changed not in around.window:
            return sentence[: place.start()] + changed + sentence[place.end() :]
    return None


def _name(sentence: str, around: Surroundings, chance: Random) -> str | None:
    places = [place for place in NAME.finditer(sentence) if place[0] in around.names]
    others = [name for name in around.names if name not in around.window]
    if not places or not others:
        return None
    place = chance.choice(places)
    alike = [name for name in others if name.isupper() == place[0].isupper()]
    return sentence[: place.start()] + chance.choice(alike or others) + sentence[place.end() :]


def _negation(sentence: str, around: Surroundings, chance: Random) -> str | None:
    if place := _NOT.search(sentence):
        return sentence[: place.start()] + place[1] + sentence[place.end() :]
    place = _AUXILIARY.search(sentence)
    return f"{sentence[: place.end()]} not{sentence[place.end() :]}" if place else None


def _joined(sentence: str, around: Surroundings, chance: Random) -> str | None:
    if not around.clauses or len(sentence) > 160:
        return None
    clause = chance.choice(around.clauses)
    return f"{sentence.rstrip('.')}, and {clause[0].lower()}{clause[1:]}"


CORRUPTIONS: dict[str, Rule] = {
    "number": _number,
    "unit": _exchanging(_UNITS, 1),
    "name": _name,
    "negation": _negation,
    "direction": _exchanging(_DIRECTIONS, 1),
    "joined clause": _joined,
    "stronger": _exchanging(_STRONGER, 1),
}


def _without_opener(sentence: str, around: Surroundings, chance: Random) -> str | None:
    rest = _LABEL.sub("", _OPENERS.sub("", sentence))
    return rest[0].upper() + rest[1:] if rest != sentence else None


def _without_brackets(sentence: str, around: Surroundings, chance: Random) -> str | None:
    rest = _BRACKETS.sub("", sentence)
    return rest if rest != sentence else None


def _clauses_turned(sentence: str, around: Surroundings, chance: Random) -> str | None:
    found = _SUBORDINATE.match(sentence)
    if not found or found[3].count(",") > 1:
        return None
    word, condition, main = found.groups()
    return f"{main[0].upper()}{main[1:]}, {word.lower()} {condition}."


REWORDINGS: tuple[Rule, ...] = (
    _without_opener,
    _without_brackets,
    _clauses_turned,
    _exchanging(_SYNONYMS, 3),
)


def reworded(sentence: str, around: Surroundings, chance: Random) -> str:
    """Return the sentence in other words, as far as a rule fits; it says the same."""
    for rule in REWORDINGS:
        sentence = rule(sentence, around, chance) or sentence
    return sentence
