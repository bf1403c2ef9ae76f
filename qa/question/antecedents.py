"""Pronouns that stand for something which an earlier question names, and what that may be."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from index.records import Span
from qa.question.phrases import BEGINNING, Phrase, Word, phrases_of

MANY = frozenset("they them their theirs these those such".split())
POSSESSIVE = frozenset("its their theirs his her hers".split())
POINTING = frozenset("this that these those such".split())
OF_PERSONS = frozenset("he him his she her hers".split())
OF = frozenset("of about".split())

Kind = Literal["thing", "named", "owner", "part", "place", "asked"]
Order = Sequence[Sequence[Kind]]
THINGS_FIRST: Order = (("thing",), ("named",), ("owner",), ("part",), ("asked",))
OWNERS_FIRST: Order = (("owner",), ("thing", "named"), ("part",), ("asked",))
"""For what acts, or owns: "How much did it pay?", "What is its price?"."""
PARTS: Order = (("owner", "part"),)
"""For what a facet is of: rather psoriasis than its symptoms."""

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
    r"|\bthey\s+(?:say|call)\b|\bthose\s+(?:who|with|that|of|\w+ing)\b|\b(?:is|are|was|were)\s+there\b"
    r"|\b(?:this|these|that|those)\s+(?:year|quarter|month|week|morning|evening|days?|times?|way|"
    r"documents?|files?)\b|\bsuch\s+(?:as|an?)\b",
    re.I,
)
_THAT_POINTS_AFTER = frozenset(
    "about after are before by can cause caused causes did do does doing during for from is like "
    "mean means of on since than to was were why will with without would".split()
)
"""Words before a "that" which points back. After others it joins clauses: "say that"."""
_OF_A_NAME = frozenset("it he him she they".split())
_CLAUSE_ENDS = re.compile(r"[,;:.!?]|\b(?:and|but|or)\b", re.I)


def pronouns_in(text: str, words: Sequence[Word]) -> list[Span]:
    """Return where pronouns stand whose meaning the text does not give itself.

    `words` are those of the text.
    """
    return [
        place
        for match in _PRONOUN.finditer(text)
        for place in [Span(*match.span())]
        if _points_back(text, place, words)
    ]


def _points_back(text: str, place: Span, words: Sequence[Word]) -> bool:
    written = place.of(text)
    pronoun = written.lower()
    before = [word for word in words if word.span.end <= place.start]
    if written.isupper() and not text.isupper():
        return False  # "IT" is a name
    if any(place.overlaps(Span(*m.span())) for m in _STANDS_FOR_NOTHING.finditer(text)):
        return False
    if pronoun == "that" and before and before[-1].folded not in _THAT_POINTS_AFTER:
        return False
    saying = [word for word in before if word.says_something]
    return not _is_named(
        text, place, pronoun, saying, is_asked=before[-1:] != [] and before[-1].helps
    )


def _is_named(
    text: str, place: Span, pronoun: str, before: Sequence[Word], *, is_asked: bool
) -> bool:
    """Tell whether the words before a pronoun name what it stands for.

    `is_asked` tells that it follows a helping verb: "which drugs do they take".
    """
    if not before:
        return False
    clause_ends = _CLAUSE_ENDS.finditer(text, before[0].span.end, place.start)
    if any(True for _ in clause_ends) or pronoun in POSSESSIVE:
        return True
    if any(word.kind == "name" for word in before):
        return pronoun in _OF_A_NAME
    return pronoun in {"he", "she", "they"} and not is_asked  # "whether members say they agree"


def things(earlier: Sequence[str], order: Order, *, many: bool | None = None) -> list[str]:
    """Return what the last question that names something as many is about, as it names it.

    What the question before it named, too, comes alone.
    """
    for number, question in reversed(list(enumerate(earlier))):
        before = "".join(earlier[number - 1 : number]) if number else ""
        named = [each for each in _named_in(question) if each.agrees(many=many)]
        found = [each for kinds in order for each in named if each.kind in kinds]
        again = [each for each in found if each.text in before and each.kind != "asked"]
        again = again or [each for each in named if each.text in before and each.kind == "place"]
        if again or found:
            return list(dict.fromkeys(each.text for each in again or found))
    return []


@dataclass(frozen=True, slots=True)
class _Named:
    kind: Kind
    text: str
    many: bool
    is_name: bool

    def agrees(self, *, many: bool | None) -> bool:
        """Tell whether it may be many, or one; a name may be both."""
        return self.is_name or many in {self.many, None}


def _named_in(question: str) -> Iterator[_Named]:
    """Yield whole phrases, with or without a name, owners, and parts after "of" or other links."""
    phrases, beginning = phrases_of(question), BEGINNING.match(question)
    for number, phrase in enumerate(phrases):
        *_, last = [phrase, *takewhile(_goes_on, phrases[number + 1 :])]
        whole: Kind = "named" if phrase.has_name else "thing"
        if beginning and phrase.span.start == beginning.end() + 1:
            whole = "asked"  # "at what temperature"
        part: Kind = "part" if phrase.link in OF else "place"
        yield _Named(
            part if phrase.joined else whole,
            phrase.text(question, last.span.end),
            phrase.is_many,
            phrase.has_name,
        )
        if phrase.owner:
            yield _Named("owner", phrase.owner.of(question), many=False, is_name=True)


def _goes_on(phrase: Phrase) -> bool:
    return phrase.joined and phrase.link != "to"  # "the Saudis to manage"


def persons(question: str) -> Iterator[str]:
    """Yield what may be a person: whom "who is" asks about, and names."""
    phrases = phrases_of(question)
    if re.match(r"who\s+(?:is|was)\b", question, re.I):
        yield from (phrase.text(question) for phrase in phrases[:1])
    yield from (each.text(question) for each in phrases if each.has_name)
