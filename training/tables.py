"""Rows made from the tables of documents: questions out of row labels, columns and titles."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from index.chunking import Chunker
from index.model import Model
from index.reading import read_file
from index.sources import SourceFile
from qa.read.windows import Window, windows
from training.rows import Row

_CELLS = re.compile(r"\s*\|\s*")
_FIGURE = re.compile(r"\d")
_YEAR = re.compile(r"\b(19|20)\d\d\b")
_TEMPLATES = (
    "What is {owner}'s {label}?",
    "What was {owner}'s {label} in {period}?",
    "{owner} {label} {period}",
    "{label} {period}",
    "How much {label} did {owner} report for {period}?",
    "What were {owner}'s {label} as of {period}?",
    "{label} of {owner}",
    "What {label} does {owner} report?",
    "how much was {label} in {period}",
)


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line of a window that has a label and figures; `span` is where it stands in the text."""

    window: Window
    owner: str
    label: str
    span: tuple[int, int]
    periods: tuple[str, ...]


def windows_of_pdfs(folder: Path, model: Model) -> Iterator[tuple[str, Window]]:
    """Yield the windows of all PDFs in a folder, each with whose document it is."""
    chunker = Chunker(model.tokenizer(), model.budget())
    for path in sorted(folder.glob("*.pdf")):
        for document in read_file(SourceFile(path, f"{folder.name}/{path.name}")):
            passages = chunker.chunk(document).passages
            for window in windows((document, passage) for passage in passages):
                yield owner_of(document.title), window


def owner_of(title: str) -> str:
    """Return the name in a report's title, without the form's name and legal endings."""
    name = re.sub(r"\b(form \S+|for|filed \S+)\b", " ", title, flags=re.IGNORECASE)
    name = re.sub(r"(\.com)?,? (inc|corp|corporation|ltd|plc)\b\.?", "", name, flags=re.IGNORECASE)
    name = re.sub(r"filed .*$", "", name, flags=re.IGNORECASE)
    name = " ".join(name.split())
    return name.title() if name.isupper() else name


def table_lines(windows: Iterable[tuple[str, Window]]) -> Iterator[TableLine]:
    """Yield the labelled lines of figures in windows, each given with whose document it is."""
    for owner, window in windows:
        periods = tuple(dict.fromkeys(m.group() for m in _YEAR.finditer(window.text)))
        start = 0
        for line in window.text.split("\n"):
            cells = [cell for cell in _CELLS.split(line.strip().strip("|")) if cell]
            label = re.sub(r"\s*\(\d+\)$", "", cells[0]).strip() if cells else ""
            words = label.split()
            if (
                len(cells) > 1
                and 1 <= len(words) <= 10
                and not _FIGURE.search(label)
                and all(_FIGURE.search(cell) or cell in {"—", "-", "$"} for cell in cells[1:])
                and not all(_YEAR.fullmatch(cell) for cell in cells[1:])
            ):
                yield TableLine(window, owner, label, (start, start + len(line)), periods)
            start += len(line) + 1


def rows_from_tables(lines: Sequence[TableLine], each: int, random: Random) -> Iterator[Row]:
    """Yield `each` rows that answer a line, and about as many that do not.

    A row that does not answer has another period or owner in its question, the same label in
    another's document, or another window of the same document.
    """
    by_label: dict[str, list[TableLine]] = defaultdict(list)
    by_owner: dict[str, list[TableLine]] = defaultdict(list)
    for line in lines:
        by_label[line.label.lower()].append(line)
        by_owner[line.owner].append(line)
    owners = sorted(by_owner)
    for line in lines:
        for _ in range(each):
            template = random.choice(_TEMPLATES)
            period = random.choice(line.periods) if line.periods else ""
            if "{period}" in template and not period:
                continue
            yield _row(line, template, line.owner, period, answered=True)
            named = "{owner}" in template
            elsewhere = [
                other for other in by_label[line.label.lower()] if other.owner != line.owner
            ]
            beside = random.choice(by_owner[line.owner])
            chance = random.random()
            if named and elsewhere and chance < 0.35:
                other = random.choice(elsewhere)
                yield _row(other, template, line.owner, period, answered=False)
            elif named and len(owners) > 1 and chance < 0.6:
                owner = random.choice([name for name in owners if name != line.owner])
                yield _row(line, template, owner, period, answered=False)
            elif "{period}" in template and chance < 0.75:
                yield _row(line, template, line.owner, _other_year(line, random), answered=False)
            elif line.label.lower() not in beside.window.text.lower():
                question = _question(line, template, line.owner, period)
                yield _made(beside.window, question, line.owner, None)


def _row(line: TableLine, template: str, owner: str, period: str, *, answered: bool) -> Row:
    question = _question(line, template, owner, period)
    return _made(line.window, question, owner, line.span if answered else None)


def _question(line: TableLine, template: str, owner: str, period: str) -> str:
    label = line.label if line.label[:2].isupper() else line.label[0].lower() + line.label[1:]
    return template.format(owner=owner, label=label, period=period)


def _made(window: Window, question: str, document: str, span: tuple[int, int] | None) -> Row:
    return Row(
        source="pdf-tables",
        made="" if span else "label",
        document=document,
        question=question,
        above=window.above,
        text=window.text,
        span=span,
    )


def _other_year(line: TableLine, random: Random) -> str:
    years = [str(year) for year in range(2012, 2025) if str(year) not in line.window.text]
    return random.choice(years)
