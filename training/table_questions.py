"""Questions to rows of tables, those that a row answers and those that it does not."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from training.periods import ends_alike, other_than
from training.phrasing import Question, asked, worded
from training.rows import Row
from training.substitutions import Substitution, drawn_substitution, invented_company
from training.table_names import (
    lowered,
    may_mean,
    names_a_part,
    owner_name,
    plain,
    tells_enough,
    words_of,
)
from training.tables import TableLine
from training.wordings import NOTHING_GIVES, PARTS

_NEAREST = 6
_DRAWN = 40


class TableQuestions:
    """Rows with questions to tables. Of `lines`, others of the same table do not answer."""

    def __init__(self, lines: Sequence[TableLine], random: Random) -> None:
        self._random = random
        self._lines = lines
        self._tables: dict[str, list[TableLine]] = defaultdict(list)
        self._documents: dict[str, list[TableLine]] = defaultdict(list)
        self._labels: dict[str, list[TableLine]] = defaultdict(list)
        for line in lines:
            self._tables[line.table].append(line)
            self._documents[line.document].append(line)
            self._labels[line.label.lower()].append(line)
        self._companies = list({line.company: None for line in lines if line.company.name})

    def rows(self, each: int) -> Iterator[Row]:
        """Yield `each` rows that answer a line, and for most of them one that does not."""
        for line in self._lines:
            if not tells_enough(line):
                continue
            for _ in range(each):
                yield from self._pair(line)

    def _pair(self, line: TableLine) -> Iterator[Row]:
        random = self._random
        substitution = drawn_substitution(random)
        if not line.company.name:  # a published table names none
            company = invented_company(random)
            headed = random.choice((company.full, company.name, f"{company.full}: Annual report"))
            substitution = replace(substitution, company=company)
            line = replace(line, above=headed)
        shown = substitution.on(line, random)
        question = asked(shown, random)
        yield made_row(shown, question.text, answered=True)
        hard = self._other_section, self._other_report
        for kind, share in zip(hard, (0.7, 0.4), strict=True):
            found = kind(line, shown, substitution, question) if random.random() < share else None
            if found is not None:
                yield found
                return
        refused = self._refused(line, shown, substitution, question)
        if refused is not None:
            yield refused

    def _refused(
        self, line: TableLine, shown: TableLine, substitution: Substitution, question: Question
    ) -> Row | None:
        """Return a row that does not answer; one of the kinds, the first that is to be had."""
        random = self._random
        kinds = [
            *(self._other_row, self._other_row, self._other_row, self._other_table),
            *(self._other_period, self._other_period, self._other_period, self._other_owner),
            *(self._other_owner, self._others_row, self._nothing),
        ]
        random.shuffle(kinds)
        for kind in kinds:
            row = kind(line, shown, substitution, question)
            if row is not None:
                return row
        return None

    def _other_row(
        self, line: TableLine, shown: TableLine, substitution: Substitution, question: Question
    ) -> Row | None:
        """The same question to another row of the table, mostly one with words of it."""
        return self._elsewhere(self._tables[line.table], line, substitution, question)

    def _other_table(
        self, line: TableLine, shown: TableLine, substitution: Substitution, question: Question
    ) -> Row | None:
        """The same question to a row of another table of the same report."""
        others = [each for each in self._documents[line.document] if each.table != line.table]
        drawn = self._random.sample(others, min(len(others), _DRAWN))
        return self._elsewhere(drawn, line, substitution, question)

    def _elsewhere(
        self,
        among: Sequence[TableLine],
        line: TableLine,
        substitution: Substitution,
        question: Question,
    ) -> Row | None:
        random = self._random
        words = words_of(question.named)
        others: list[tuple[float, TableLine]] = []
        for other in among:
            if other.row == line.row:
                continue
            seen = (
                replace(substitution.on(other), above=line.above) if not line.company.name else None
            )
            seen = seen or substitution.on(other)
            if not may_mean(question.named, seen):
                near = len(words & words_of(seen.label)) + random.random()
                others.append((near, seen))
        if not others:
            return None
        others.sort(key=lambda each: -each[0])
        chosen = random.choice(others[:_NEAREST])[1]
        return made_row(chosen, question.text, answered=False)

    def _other_section(
        self, line: TableLine, shown: TableLine, substitution: Substitution, question: Question
    ) -> Row | None:
        """The same label under another section, where the question names the section."""
        others = [
            other
            for other in self._labels[line.label.lower()]
            if other.document == line.document and other.section and other.section != line.section
        ]
        return self._elsewhere(others, line, substitution, question) if line.section else None

    def _other_period(
        self, line: TableLine, shown: TableLine, substitution: Substitution, question: Question
    ) -> Row | None:
        """The same row, asked for a period that no column has."""
        if not shown.told:
            return None
        period = other_than(shown.told, self._random)
        if period is None or not any(p.month or p.year != period.year for p in shown.told):
            return None
        if period.year == shown.told[0].year and not shown.told[0].month:
            return None
        text = worded(question.named, question.owner, period, self._random, dated=True)
        return made_row(shown, text, answered=False)

    def _other_owner(
        self, line: TableLine, shown: TableLine, substitution: Substitution, question: Question
    ) -> Row | None:
        """The same row, asked of another company."""
        random = self._random
        other = random.choice([*self._companies, invented_company(random)])
        if other.name == shown.company.name or not self._companies:
            other = invented_company(random)
        if other.name == shown.company.name:
            return None
        name = owner_name(other, random) or other.name
        text = worded(question.named, name, question.period, random)
        return made_row(shown, text, answered=False)

    def _others_row(
        self, line: TableLine, shown: TableLine, substitution: Substitution, question: Question
    ) -> Row | None:
        """The same label in another company's report."""
        others = [
            other
            for other in self._labels[line.label.lower()]
            if other.company.name not in {"", line.company.name}
        ]
        if not others or not question.owner:
            return None
        other = self._random.choice(others)
        of_other = replace(substitution, company=None)
        if substitution.company and self._random.random() < 0.5:
            of_other = replace(of_other, company=invented_company(self._random))
        told = of_other.on(other, self._random)
        if told.company.name == shown.company.name:
            return None
        return made_row(told, question.text, answered=False)

    def _other_report(
        self, line: TableLine, shown: TableLine, substitution: Substitution, question: Question
    ) -> Row | None:
        """The same label in another report of the company, without a column of that period."""
        period = question.period
        others = [
            other
            for other in self._labels[line.label.lower()]
            if other.company == line.company and other.document != line.document and other.told
        ]
        if period is None or period.month is None or not others or not line.company.name:
            return None
        told = substitution.on(self._random.choice(others), self._random)
        if any(each.month is None or ends_alike(each, period) for each in told.told):
            return None
        text = worded(question.named, question.owner, period, self._random, dated=True)
        return made_row(told, text, answered=False)

    def _nothing(
        self, line: TableLine, shown: TableLine, substitution: Substitution, question: Question
    ) -> Row | None:
        """Something plausible that no row gives, to this row."""
        random = self._random
        part = random.choice([shown.label, *PARTS]) if names_a_part(shown.label) else ""
        fitting = [each for each in NOTHING_GIVES if part or "{part}" not in each]
        if random.random() < 0.7:
            fitting = [each for each in fitting if "{" in each]
        label = lowered(plain(shown.label))
        named = random.choice(fitting).format(part=part, label=label)
        text = worded(named, question.owner, question.period, random)
        return made_row(shown, text, answered=False)


def made_row(line: TableLine, question: str, *, answered: bool) -> Row:
    """Return a row of a question and a line's window."""
    return Row(
        source="pdf-tables",
        made="" if answered else "label",
        document=line.document,
        question=question,
        above=line.above,
        text=line.text,
        span=line.span if answered else None,
    )
