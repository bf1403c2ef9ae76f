"""English endings by rule: which word a form is of, and the same form of another word."""

from collections.abc import Iterator
from typing import Literal

Form = Literal["base", "s", "past", "participle", "ing"]

_IRREGULAR_VERBS = """
be was been|become became become|begin began begun|bend bent bent|bite bit bitten|blow blew blown
break broke broken|bring brought brought|build built built|buy bought bought|catch caught caught
choose chose chosen|come came come|cut cut cut|deal dealt dealt|do did done|draw drew drawn
drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed fed|feel felt felt
fight fought fought|find found found|fly flew flown|forget forgot forgotten|get got got
give gave given|go went gone|grow grew grown|have had had|hear heard heard|hide hid hidden
hit hit hit|hold held held|hurt hurt hurt|keep kept kept|know knew known|lay laid laid
lead led led|leave left left|lend lent lent|let let let|lose lost lost|make made made
mean meant meant|meet met met|pay paid paid|put put put|read read read|ride rode ridden
ring rang rung|rise rose risen|run ran run|say said said|see saw seen|sell sold sold
send sent sent|set set set|shake shook shaken|show showed shown|shut shut shut|sing sang sung
sink sank sunk|sit sat sat|sleep slept slept|speak spoke spoken|spend spent spent
spread spread spread|stand stood stood|steal stole stolen|strike struck struck|swim swam swum
take took taken|teach taught taught|tell told told|think thought thought|throw threw thrown
understand understood understood|wear wore worn|win won won|write wrote written
""".replace("\n", "|")
_IRREGULAR: dict[str, dict[Form, str]] = {
    base: {"past": past, "participle": participle}
    for base, past, participle in (each.split() for each in _IRREGULAR_VERBS.split("|") if each)
}
_PASTS: tuple[Form, ...] = ("past", "participle")
_BASES = {(past, forms[past]): base for base, forms in _IRREGULAR.items() for past in _PASTS}
_ENDINGS: tuple[tuple[str, Form], ...] = (("ed", "past"), ("ing", "ing"))
_VOWELS = "aeiou"


def readings(word: str) -> Iterator[tuple[str, Form]]:
    """Yield what `word` may be a form of. Most are no words: look them up in a dictionary."""
    yield word, "base"
    for past in _PASTS:
        if (past, word) in _BASES:
            yield _BASES[past, word], past
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        yield word[:-1], "s"
        if word.endswith("es"):
            yield word[:-2], "s"
        if word.endswith("ies"):
            yield word[:-3] + "y", "s"
    for ending, kind in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)]
            yield stem, kind
            yield stem + "e", kind
            if stem[-1] == stem[-2]:
                yield stem[:-1], kind
            if stem.endswith("i"):
                yield stem[:-1] + "y", kind


def inflected(lemma: str, form: Form) -> str:
    """Return `lemma` in `form`: the first of two words where it is a verb, else the last."""
    if form == "base":
        return lemma
    first, space, rest = lemma.partition(" ")
    if space and form == "s":
        return f"{first} {inflected(rest, form)}"
    return _inflected(first, form) + space + rest


def _inflected(word: str, form: Form) -> str:
    if form in {"past", "participle"} and word in _IRREGULAR:
        return _IRREGULAR[word][form]
    consonant_y = word.endswith("y") and word[-2:-1] not in _VOWELS
    if form == "s":
        if consonant_y:
            return word[:-1] + "ies"
        return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")
    ending = "ing" if form == "ing" else "ed"
    if ending == "ed" and consonant_y:
        return word[:-1] + "ied"
    if word.endswith("e") and not word.endswith(("ee", "ye", "oe")):
        return word[:-1] + ending
    if _doubles(word):
        return word + word[-1] + ending
    return word + ending


def _doubles(word: str) -> bool:
    """Tell whether the last letter is doubled: one short vowel before one consonant."""
    if len(word) < 3 or word[-1] in _VOWELS + "wxyh" or word[-2] not in _VOWELS:
        return False
    return sum(letter in _VOWELS for letter in word) == 1
