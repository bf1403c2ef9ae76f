"""Tables in the guise of another company, in other years, with other figures.

Four companies' filings are few: a reader would remember them. With names, years and figures
exchanged alike in the window and in what is asked, it has to compare the two.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from training.periods import shifted
from training.tables import Company, TableLine
from training.wordings import COMPANIES, ENDINGS, OTHER_PARTS, PARTS

_LEGAL = r"(?:\.com)?(?:,? (?:inc|corp|corporation|ltd|plc)\b\.?)?"
_CONSONANTS = "BCDFGHKLMNPRSTVX"


def invented_company(random: Random) -> Company:
    """Return another company, real or invented, with a ticker like its name."""
    name = random.choice(COMPANIES).replace("~", " ")
    letters = "".join(letter for letter in name.upper() if letter.isalpha())
    ticker = letters[0] + "".join(letter for letter in letters[1:] if letter in _CONSONANTS)[:3]
    return Company(name, f"{name} {random.choice(ENDINGS)}", ticker)


@dataclass(frozen=True, slots=True)
class Substitution:
    """What is exchanged in all lines of a table alike."""

    company: Company | None = None
    years: int = 0
    months: int = 0
    parts: Mapping[str, str] = field(default_factory=dict)

    def on(self, line: TableLine, random: Random | None = None) -> TableLine:
        """Return a line with these substitutions; with `random`, with other figures, too."""
        above, header, section, row = line.above, line.header, line.section, line.row
        label, bar, figures = row.partition("|")
        if random and random.random() < 0.6:
            figures = other_figures(figures, random)
        texts = [above, header, section, label]
        if self.company:
            texts = [renamed(text, line.company, self.company) for text in texts]
        if self.years or self.months:
            texts = [shifted(text, self.years, self.months) for text in texts]
        for part, other in self.parts.items():
            texts = [re.sub(rf"\b{re.escape(part)}\b", other, text) for text in texts]
        above, header, section, label = texts
        return replace(
            line,
            company=self.company or line.company,
            above=above,
            header=header,
            section=section,
            row=label + bar + figures,
            report=line.report.moved(self.years, self.months),
        )


def drawn_substitution(random: Random) -> Substitution:
    """Return a substitution; often none, for the companies and years as they are."""
    parts: dict[str, str] = {}
    if random.random() < 0.3:
        others = random.sample(OTHER_PARTS, len(OTHER_PARTS))
        parts = dict(zip(PARTS, others * 2, strict=False))
    return Substitution(
        company=invented_company(random) if random.random() < 0.5 else None,
        years=random.choice(range(-12, 4)) if random.random() < 0.5 else 0,
        months=random.choice((3, 6, 9)) if random.random() < 0.2 else 0,
        parts=parts,
    )


def renamed(text: str, company: Company, other: Company) -> str:
    """Return a text with another company's name in the place of this one's."""

    def name(match: re.Match[str]) -> str:
        whole = match.group()
        told = other.full if len(whole) > len(company.name) else other.name
        return told.upper() if whole.isupper() else told

    if not company.name:
        return text
    return re.sub(rf"\b{re.escape(company.name)}{_LEGAL}(?!\w)", name, text, flags=re.IGNORECASE)


def other_figures(cells: str, random: Random) -> str:
    """Return cells with other digits, of the same form. A figure's first digit is never 0."""

    def digits(match: re.Match[str]) -> str:
        first, rest = match.group()[0], match.group()[1:]
        told = first if first == "0" else str(random.randint(1, 9))
        return told + "".join(
            str(random.randint(0, 9)) if each.isdigit() else each for each in rest
        )

    return re.sub(r"\d[\d,.]*", digits, cells)
