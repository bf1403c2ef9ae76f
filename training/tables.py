"""Rows of tables in documents: their labels, the columns of their figures, and whose they are."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from index.chunking.chunker import Chunker
from index.encoding.model import Model
from index.parsers import read_file
from index.records import Document
from index.sources.listing import SourceFile
from index.structure.wording import is_row
from qa.read.windows import Window, windows
from training.periods import INSTANT, MONTHS, Period, periods_of, shifted
from training.rows import Row
from training.wordings import MEASURES

_CELLS = re.compile(r"\s*\|\s*")
_FIGURE = re.compile(r"\d")
_YEAR = re.compile(r"(19|20)\d\d")
_MEASURE = re.compile("|".join(MEASURES), re.IGNORECASE)
_FOOTNOTE = re.compile(r"\s*\(([a-z]|\d+)\)$")
_MOST_WORDS = 16
_SAID_BEFORE = 400
_LINES_BEFORE = 3
_ANNOUNCES = re.compile(r":$|\bfollow")
_A_PAGE = 2
"""Digits of a page's number: a lone figure of so many may be of a table of contents."""
_NO_FIGURES = frozenset({"—", "-", "–", "$", "$—", "%", "— %"})


@dataclass(frozen=True, slots=True)
class Company:
    """Whose document it is: a short name, the name in full, and a ticker; "" if not known."""

    name: str
    full: str
    ticker: str


NOBODY = Company("", "", "")


@dataclass(frozen=True, slots=True)
class Report:
    """What a report tells of: its latest period, the months since its fiscal year began."""

    latest: Period | None = None
    to_date: int = 12

    def moved(self, years: int, months: int) -> "Report":
        """Return the report of other years and months, as `shifted` moves a text."""
        at = self.latest
        if at is None or at.month is None or at.day is None:
            return self
        closes = (at.closes - 1 + months) % 12 + 1
        day = shifted(f"{MONTHS[at.month]} {at.day}, {at.year}", years, months)
        return replace(self, latest=replace(periods_of(day)[0], months=3, closes=closes))


@dataclass(frozen=True, slots=True)
class TableLine:
    """A row of a table as a window has it: below the header and the section label, "" if none.

    `table` tells rows of one table from those of others. `measure` is what the figures of the
    table are, as the sentence before it says; "" if it does not.
    """

    document: str
    table: str
    company: Company
    above: str
    header: str
    section: str
    row: str
    measure: str = ""
    report: Report = Report()

    @property
    def text(self) -> str:
        """The text of its window."""
        return "\n".join(part for part in (self.header, self.section, self.row) if part)

    @property
    def span(self) -> tuple[int, int]:
        """Where the row stands in the text."""
        return len(self.text) - len(self.row), len(self.text)

    @property
    def label(self) -> str:
        """The row's label, without the mark of a footnote."""
        cells = [cell for cell in _CELLS.split(self.row) if cell]
        return _FOOTNOTE.sub("", cells[0]).strip().rstrip(":") if cells else ""

    @property
    def figures(self) -> list[str]:
        """The cells after the label that are not empty."""
        return [cell for cell in _CELLS.split(self.row) if cell][1:]

    @property
    def told(self) -> list[Period]:
        """The periods of the columns as the window tells them; none if it does not."""
        found = periods_of(self.header)
        closes = self.report.latest.closes if self.report.latest else 12
        apart = len({each.last_month for each in found}) > 1
        days = not self._flows and (apart or "balance sheet" in self.above.lower())
        return [
            replace(
                each,
                months=INSTANT if days and each.months is None and each.month else each.months,
                closes=closes,
            )
            for each in found
        ]

    @property
    def periods(self) -> list[Period]:
        """The periods of the columns, with what only the rest of the report tells."""
        latest = self.report.latest
        found = self.told
        if latest is None:
            return found
        if not found:
            return [replace(latest, months=self._usual_months())]
        usual = self.report.to_date if self._flows else None
        return [
            replace(each, months=usual if each.months is None else each.months)
            if each.month
            else replace(latest, year=each.year, months=each.months or self._usual_months())
            for each in found
        ]

    @property
    def _flows(self) -> bool:
        return "cash flow" in self.above.lower()

    def _usual_months(self) -> int:
        if "balance sheet" in self.above.lower():
            return INSTANT
        return self.report.to_date if self._flows else 3


def lines_of_pdfs(folder: Path, model: Model) -> list[TableLine]:
    """Return the labelled rows of figures in all PDFs of a folder."""
    chunker = Chunker(model.tokenizer(), model.budget())
    found: list[TableLine] = []
    for path in sorted(folder.glob("*.pdf")):
        for document in read_file(SourceFile(path, f"{folder.name}/{path.name}")):
            passages = chunker.chunk(document).passages
            made = windows((document, passage) for passage in passages)
            company = Company(*names_of(document.title), ticker_of(path.stem))
            found += lines_of_document(document, path.stem, company, made)
    return found


def names_of(title: str) -> tuple[str, str]:
    """Return the short name in a report's title, and the one with the legal ending."""
    full = re.sub(r"\b(form \S+|for|filed\b.*)", " ", title, flags=re.IGNORECASE)
    full = " ".join(full.split())
    name = re.sub(r"(\.com)?,? (inc|corp|corporation|ltd|plc)\b\.?", "", full, flags=re.IGNORECASE)
    return (name.title() if name.isupper() else name), full


def ticker_of(stem: str) -> str:
    """Return the ticker in a file's name: its last word, if that is all capitals."""
    last = stem.rpartition(" ")[2]
    return last if last.isalpha() and last.isupper() else ""


def lines_of_document(
    document: Document, name: str, company: Company, made: Iterable[Window]
) -> list[TableLine]:
    """Return the labelled rows of figures among a document's windows."""
    found: list[TableLine] = []
    for window in made:
        unit = window.units[0] if window.units else None
        if unit is None or unit.kind != "row":
            continue
        above = window.above
        line = TableLine(
            document=name,
            table=f"{name}: {unit.lead.start}" if unit.lead else f"{name}: {above}",
            company=company,
            above=above,
            header=unit.lead.of(document.text) if unit.lead else "",
            section=unit.label.of(document.text) if unit.label else "",
            row=unit.span.of(document.text),
            measure=_measure(document.text, unit.lead.start) if unit.lead else "",
        )
        if has_figures(line):
            found.append(line)
    report = report_of(found)
    return [replace(line, report=report) for line in found]


def has_figures(line: TableLine) -> bool:
    """Tell whether a row has a label and figures, and is not of a table of contents."""
    label, figures = line.label, line.figures
    told = [cell for cell in figures if _FIGURE.search(cell)]
    page = len(figures) == 1 and len(figures[0]) <= _A_PAGE
    return (
        0 < len(label.split()) <= _MOST_WORDS
        and not _FIGURE.search(label)
        and bool(told)
        and all(_FIGURE.search(cell) or cell in _NO_FIGURES for cell in figures)
        and not all(_YEAR.fullmatch(cell) for cell in figures)
        and not page
    )


def report_of(lines: Iterable[TableLine]) -> Report:
    """Return what a report tells of, by the headers of its tables."""
    seen = Counter(
        period for header in {line.header for line in lines} for period in periods_of(header)
    )
    spans = [each for each in seen if each.months and each.month]
    if not spans:
        return Report()
    last = max(seen[each] for each in spans)
    usual = [each for each in spans if seen[each] * 3 >= last]
    latest = max(usual, key=lambda each: (each.year, each.month or 0))
    to_date = max((each.months or 0 for each in usual if each.months != 12), default=12)
    closes = (latest.last_month + 12 - to_date - 1) % 12 + 1
    return Report(replace(latest, months=3, closes=closes), to_date)


def lines_of_rows(rows: Iterable[Row]) -> list[TableLine]:
    """Return the rows of published financial tables, which name no company."""
    by_table: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row.source == "tatqa" and row.made in {"", "row"}:
            by_table[row.document][row.text] = row
    found: list[TableLine] = []
    for table, own in by_table.items():
        lines: list[TableLine] = []
        for text in own:
            *header, cells = text.split("\n")
            section = header.pop() if len(header) > 1 and not is_row(header[-1]) else ""
            told = "\n".join(header)
            line = TableLine(table, table, NOBODY, "", told, section, cells)
            if has_figures(line):
                lines.append(line)
        report = report_of(lines)
        found += (replace(line, report=report) for line in lines)
    return found


def _measure(text: str, start: int) -> str:
    """Return what the sentence before a table says that its figures are, "" if nothing known."""
    before = text[max(0, start - _SAID_BEFORE) : start].split("\n")
    lines = [line for line in map(str.strip, before) if line and not is_row(line)]
    for line in reversed(lines[-_LINES_BEFORE:]):
        found = _MEASURE.search(line.rsplit(". ", 1)[-1])
        if found and _ANNOUNCES.search(line):
            return found.group().lower()
    return ""
