"""More rules that change a sentence, beside those of `eval.corruptions`.

`WRONG` make it say another thing, and `reworded` says the same in other words.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from eval.corruptions import CORRUPTIONS, Rule, Sentence, exchanging, swapped


def _one_way(pairs: str) -> dict[str, str]:
    """Return pairs that are written as "a/b c/d", "_" for a blank."""
    return dict(pair.replace("_", " ").split("/") for pair in pairs.split())


_UNITS = swapped(
    """million/billion hours/days weeks/months years/decades mg/kg mm/cm minutes/seconds
    quarter/year"""
)
_STRONGER = _one_way(
    """some/all often/always typically/always usually/always generally/always can/will_always
    may/will_always could/will_certainly might/will_certainly primarily/exclusively
    mainly/exclusively largely/exclusively partially/fully rarely/never sometimes/always
    suggest/prove suggests/proves suggested/proved associated_with/caused_by
    approximately/exactly likely/certain"""
)
_SYNONYMS = _one_way(
    """crucial/important essential/important vital/important due_to/because_of in_order_to/to
    such_as/like approximately/about primarily/mainly prior_to/before utilize/use
    individuals/people demonstrate/show demonstrated/showed demonstrates/shows
    compared_to/compared_with typically/usually exacerbate/worsen obtain/get additionally/also
    substantially/considerably substantial/considerable numerous/many obtained/got
    regarding/about sufficient/enough commence/begin assist/help various/several
    frequently/often adverse/harmful therefore/so whereas/while"""
)
WRONG: Mapping[str, Rule] = {
    **CORRUPTIONS,
    "unit": exchanging(_UNITS),
    "stronger": exchanging(_STRONGER),
}
JOINED = "joined clause"
"""The kind of what `joined` makes."""

_MOST_JOINED = 160
_OPENERS = re.compile(
    r"^(?:However|Additionally|Furthermore|Moreover|In addition|In conclusion|In summary|Thus|"
    r"For instance|Similarly|Finally|Lastly|Therefore|Here|In contrast|Overall), (?:that )?|"
    r"^It(?:'s| is) (?:important|essential|crucial) to note that "
)
_LABEL = re.compile(r"^(?:[A-Z][\w-]*(?: [A-Za-z][\w-]*){0,3}): (?=[A-Z])")
_BRACKETS = re.compile(r" \((?![^)]*\bnot\b)[^()]{3,80}\)")
_SUBORDINATE = re.compile(
    r"^(If|When|While|Although|Because|Once|After|Before|During|To) "
    r"([^,;:]{8,110}), ([^;:]{15,}?)\.$"
)


def joined(sentence: str, clause: str) -> str | None:
    """Return the sentence with another one behind it, None for a long one."""
    if len(sentence) > _MOST_JOINED:
        return None
    return f"{sentence.rstrip('.')}, and {clause[0].lower()}{clause[1:]}"


def reworded(sentence: Sentence) -> str:
    """Return the sentence in other words, as far as a rule fits."""
    for rule in _REWORDINGS:
        sentence = replace(sentence, text=rule(sentence) or sentence.text)
    return sentence.text


def _without_opener(sentence: Sentence) -> str:
    rest = _LABEL.sub("", _OPENERS.sub("", sentence.text))
    return rest[0].upper() + rest[1:]


def _without_brackets(sentence: Sentence) -> str:
    return _BRACKETS.sub("", sentence.text)


def _clauses_turned(sentence: Sentence) -> str | None:
    found = _SUBORDINATE.match(sentence.text)
    if not found or found[3].count(",") > 1:
        return None
    word, condition, main = found.groups()
    return f"{main[0].upper()}{main[1:]}, {word.lower()} {condition}."


_REWORDINGS: tuple[Rule, ...] = (
    _without_opener,
    _without_brackets,
    _clauses_turned,
    exchanging(_SYNONYMS, 3),
)
