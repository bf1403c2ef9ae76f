"""Questions for a figure: what it is called, whose it is and of when, in a sentence or keywords."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from training.periods import Period, called
from training.table_names import lowered, name_of, owner_name, plain, spending_on
from training.tables import TableLine
from training.wordings import COMPARED, OWNED, SPENT, STATEMENTS, TYPED, UNOWNED, UNOWNED_TYPED


@dataclass(frozen=True, slots=True)
class Question:
    """How a row is asked for: what its figure is called, whose it is, and of which column."""

    named: str
    owner: str
    period: Period | None
    text: str


def asked(line: TableLine, random: Random) -> Question:
    """Return a question that a line answers, about one of its columns."""
    told = line.told if random.random() < 0.3 else line.periods
    periods = told[: len(line.figures)]
    period = random.choice(periods) if periods else None
    owner = owner_name(line.company, random)
    named = name_of(line, random)
    spent = spending_on(line.label, random) if owner and random.random() < 0.5 else ""
    if spent:
        named = lowered(plain(line.label))
        phrase, _ = called(period, random) if period else ("", "")
        text = _filled(random.choice(SPENT), {"owner": owner, "spend": spent, "period": phrase})
        return Question(named, owner, period, as_typed(text, random))
    if owner and random.random() < 0.05 and (both := _compared(line, random)):
        earlier, later = both
        fields = {"owner": owner, "label": named, "earlier": earlier, "later": later}
        return Question(
            named, owner, period, as_typed(_filled(random.choice(COMPARED), fields), random)
        )
    if random.random() < 0.08:
        said = [each for key, each in STATEMENTS.items() if key in line.above.lower()]
        if said:
            text = worded(named, owner, period, random).rstrip("?. ")
            return Question(named, owner, period, f"{text} {random.choice(said[0])}?")
    return Question(named, owner, period, worded(named, owner, period, random))


def worded(
    named: str, owner: str, period: Period | None, random: Random, *, dated: bool = False
) -> str:
    """Return a question for what is called `named`: a sentence, a request, or keywords.

    It says of which period now and then only, but if `dated` always.
    """
    told = period is not None and (dated or random.random() < 0.88)
    phrase, bare = called(period, random) if period and told else ("", "")
    typed = random.random() < 0.35
    templates: Sequence[str] = TYPED if typed else OWNED
    if not owner:
        templates = UNOWNED_TYPED if typed else UNOWNED
    if dated:
        templates = tuple(each for each in templates if "{period}" in each or "{bare}" in each)
    template = random.choice(templates)
    text = _filled(template, {"owner": owner, "label": named, "period": phrase, "bare": bare})
    return as_typed(text, random, often=typed)


def _compared(line: TableLine, random: Random) -> tuple[str, str] | None:
    """Return wordings of the same stretch of two years, the earlier first."""
    periods = line.told[: len(line.figures)]
    pairs = [
        (one, other)
        for one in periods
        for other in periods
        if one.months == other.months and one.month == other.month and one.year < other.year
    ]
    if not pairs:
        return None
    one, other = random.choice(pairs)
    state = random.getrandbits(32)
    return called(one, Random(state))[1], called(other, Random(state))[1]


def _filled(template: str, fields: Mapping[str, str]) -> str:
    told = re.sub(r"\s+([?.,])", r"\1", " ".join(template.format(**fields).split())).lstrip(", ")
    told = re.sub(r"s's\b", "s'" if len(told) % 2 else "s's", told)
    return told[:1].upper() + told[1:] if template[0].isupper() or template[0] == "{" else told


def as_typed(text: str, random: Random, *, often: bool = False) -> str:
    """Return a question in lower case without its mark, now and then."""
    if random.random() < (0.6 if often else 0.25):
        return text.rstrip(" ?.").lower()
    return text
