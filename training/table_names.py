"""What the figures of a row are called, and which rows a name may mean."""

import re
from collections.abc import Mapping, Sequence
from random import Random

from training.tables import Company, TableLine
from training.wordings import (
    GENERAL,
    MEASURING,
    NAMES,
    OF_A_PART,
    OTHER_PARTS,
    PARTS,
    SPENDING,
    WITHIN,
)

_WORD = re.compile(r"[a-z][a-z&]+|\d+")
_BRACKETS = re.compile(r"\s*/?\([^)]*\)")
_ASIDE = re.compile(r"(?:, (?:net|excluding|including)\b| net of\b| and other$).*$", re.IGNORECASE)
_SUBTRACTED = re.compile(r"^(?:less|plus|add)\b:? ", re.IGNORECASE)
_NO_SECTION = re.compile(
    r"\d|in (?:millions|thousands)|\bended\b|^(?:numerator|denominator)", re.IGNORECASE
)
_TELLS_NOTHING = re.compile(
    r"(sub)?totals?|other(, net)?|(balances?,? )?(at )?(beginning|end|ending)\b.*|net|change|"
    r"balances?, .*|consolidated|(basic|diluted)|amount|granted|vested|current|due .*",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"^total (?=\w+ \w)", re.IGNORECASE)
_FILLERS = frozenset("of the and in on for to total net its from by with other segment".split())
_WORDS_OF_A_PART = 3
_NO_PARTS = frozenset(
    "basic diluted percent percentage current operating financing investing numerator denominator "
    "level thereafter weighted granted vested unvested".split()
)


def owner_name(company: Company, random: Random) -> str:
    """Return a company as people call it; "" where they do not."""
    chance = random.random()
    if chance < 0.12:
        return ""
    if chance < 0.24 and company.ticker:
        return company.ticker
    return company.full.title() if chance > 0.9 and company.full else company.name


def name_of(line: TableLine, random: Random) -> str:
    """Return what a line's figure is called, with the label above it where it needs that."""
    label, section = line.label, plain(line.section.strip().rstrip(":"))
    what = _common_name(label, random) if random.random() < 0.45 else ""
    what = what or lowered(plain(label, random))
    if section and not _NO_SECTION.search(section):
        if names_a_part(section) and not names_a_part(label):
            return random.choice(OF_A_PART).format(part=section, what=what)
        general = bool(words_of(section) & GENERAL)
        if not general and needs_more(label):
            measure = _common_name(section, random) or lowered(section)
            if not names_a_part(label):
                return f"{lowered(label)} {measure}"
            return random.choice(OF_A_PART).format(part=plain(label), what=measure)
        if not general and random.random() < 0.5:
            return random.choice(WITHIN).format(what=what, group=lowered(section))
        if general and random.random() < 0.2:
            return random.choice(WITHIN).format(what=what, group=lowered(section))
    if line.measure and needs_more(label):
        return random.choice(OF_A_PART).format(part=plain(label), what=line.measure)
    if line.measure and not words_of(line.measure) & words_of(label) and random.random() < 0.6:
        return random.choice(WITHIN).format(what=line.measure, group=lowered(plain(label)))
    return what


def needs_more(label: str) -> bool:
    """Tell whether a label says nothing of what it measures: "LinkedIn", "Services", "Diluted"."""
    return names_a_part(label) or label.lower() in {"basic", "diluted"}


def tells_enough(line: TableLine) -> bool:
    """Tell whether a question can name a row: "Other" tells nothing without what stands above."""
    if not _TELLS_NOTHING.fullmatch(line.label):
        return True
    section = words_of(line.section)
    return bool(section) and not section & GENERAL and not _NO_SECTION.search(line.section)


def names_a_part(label: str) -> bool:
    """Tell whether a label may name a part of the business: a word or a name, and no measure."""
    words = re.findall(r"[A-Za-z]+", label)
    if not words or not label[0].isalpha() or MEASURING & {word.lower() for word in words}:
        return False
    named = all(word[0].isupper() or word in {"and", "of"} for word in words)
    return any(part in label for part in (*PARTS, *OTHER_PARTS)) or (
        len(words) <= _WORDS_OF_A_PART and named and words[0].lower() not in _NO_PARTS
    )


def may_mean(named: str, line: TableLine) -> bool:
    """Tell whether a line may be called `named`: it has all of its words.

    They may stand in its label, its common names, or what it stands under.
    """
    words = words_of(named)
    names = " ".join((*_common_names(line.label), *_common_names(plain(line.section))))
    return words <= words_of(f"{line.section} {line.label} {line.measure} {names}")


def words_of(text: str) -> frozenset[str]:
    """Return the words of a label that tell, in the singular."""
    found = _WORD.findall(text.lower())
    return frozenset(word.removesuffix("s") for word in found if word not in _FILLERS)


def plain(label: str, random: Random | None = None) -> str:
    """Return a label without brackets; with `random`, now and then without what only adds."""
    told = _BRACKETS.sub("", _SUBTRACTED.sub("", label)).strip().rstrip(":,") or label
    if random and random.random() < 0.6:
        told = _ASIDE.sub("", told) or told
        told = _TOTAL.sub("", told)
    return " ".join(told.split())


def lowered(label: str) -> str:
    """Return a label as it stands within a sentence."""
    if label.isupper() and len(label.split()) > 1:
        return label.lower()
    if label[1:2].isupper() or any(part in label for part in PARTS):
        return label
    return label[:1].lower() + label[1:]


def _common_names(label: str) -> list[str]:
    return _matching(NAMES, label)


def _matching(table: Mapping[str, Sequence[str]], label: str) -> list[str]:
    said = label.lower().strip()
    for pattern, names in table.items():
        match = re.fullmatch(pattern, said)
        if match:
            group = (match[1] or "") if match.groups() else ""
            return [name.replace("{1}", group) for name in names]
    return []


def _common_name(label: str, random: Random) -> str:
    names = _common_names(label) or _common_names(plain(label))
    return random.choice(names) if names else ""


def spending_on(label: str, random: Random) -> str:
    """Return what a company does with a row's amount: "pay for interest"; "" if not known."""
    names = _matching(SPENDING, label) or _matching(SPENDING, plain(label))
    return random.choice(names) if names else ""
