"""Pronouns of a question that stand for something which another question names."""

import re
from collections.abc import Sequence

from index.records import Span
from qa.question.subject import Word

MANY = frozenset("they them these those such".split())
POSSESSIVE = frozenset("its their theirs his her hers".split())
POINTING = frozenset("this that these those such".split())

_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|these|those|this|that|such|"
    r"there$)(?![\w'’])",
    re.I,
)
_STANDS_FOR_NOTHING = re.compile(
    r"\b(?:is|was|would|will|can|could|may|might|should)\s+it\s+(?:be\s+)?(?:[\w-]+\s+){1,3}?"
    r"(?:to|that|if|for|when)\s+\w"  # "is it safe to fly"
    r"|\bit\s+(?:is|was)\s+(?:[\w-]+\s+){1,3}?(?:to|that)\b"
    r"|\b(?:does|did|will|would)\s+it\s+(?:take|cost|mean)\b.*\b(?:to|if|when|for|until|before)\b"
    r"|\btime\s+is\s+it\b|\bit\s+(?:rains?|snows?|matters?|turns\s+out)\b"
    r"|\bthey\s+(?:say|call)\b|\bthose\s+(?:who|with|that|of)\b|\b(?:is|are|was|were)\s+there\b"
    r"|\b(?:this|these|that|those)\s+(?:year|quarter|month|week|morning|evening|days?|times?|way|"
    r"documents?|files?)\b|\bsuch\s+(?:as|an?)\b",
    re.I,
)
_THAT_POINTS_AFTER = frozenset(
    "about after are before by can cause caused causes did do does doing during for from is like "
    "mean means of on since than to was were why will with without would".split()
)
"""Words before a "that" which points back. After others it joins clauses: "say that"."""
_CLAUSE_ENDS = re.compile(r"[,;:.!?]|\b(?:and|but|or)\b", re.I)


def pronoun_in(text: str, words: Sequence[Word]) -> Span | None:
    """Return where the first pronoun stands whose meaning the text does not give itself.

    `words` are those of the text.
    """
    for match in _PRONOUN.finditer(text):
        place, pronoun = Span(*match.span()), match.group().lower()
        before = [word for word in words if word.span.end <= place.start]
        if match.group().isupper() and not text.isupper():
            continue  # "IT" is a name
        if any(place.overlaps(Span(*m.span())) for m in _STANDS_FOR_NOTHING.finditer(text)):
            continue
        if pronoun == "that" and before and before[-1].folded not in _THAT_POINTS_AFTER:
            continue
        if not _is_named(text, place, pronoun, [word for word in before if word.says_something]):
            return place
    return None


def _is_named(text: str, place: Span, pronoun: str, before: Sequence[Word]) -> bool:
    """Tell whether the words before a pronoun name what it stands for."""
    if not before:
        return False
    clause_ends = _CLAUSE_ENDS.finditer(text, before[0].span.end, place.start)
    if any(True for _ in clause_ends) or pronoun in POSSESSIVE:
        return True
    named = any(word.kind == "name" for word in before)
    return named and pronoun in {"it", "he", "she", "they"}
