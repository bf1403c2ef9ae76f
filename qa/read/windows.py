"""Windows: the short stretches of text that a reader reads, with what stands above them.

A passage is made of units (`units_of`): sentences, rows of tables, items of lists. `windows` packs
units into windows, and `windows_to_read` picks those that promise most to answer the question.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from index.records import Document, Passage, Span
from index.search.terms import terms
from qa.question.query import Coverage
from qa.question.wording import is_lead_in, is_list_item, is_row, word_count
from qa.read.tables import headers, is_label
from qa.retrieve.candidates import Candidate

PASSAGES = 12
"""Passages whose windows are considered."""
WINDOWS = 10
"""Windows that are read: docs/reader.md has the curve of quality over their number."""
SHARE_WEIGHT = 0.5

MOST_WORDS = 80
"""Of a window, but for one of a single longer sentence, row or item and what leads in to it."""
MOST_CHARACTERS_ABOVE = 120
"""Of title and headings, of which the reader needs room for what it reads."""
MOST_LEAD_WORDS = 40
"""A longer header or lead-in is not repeated: it would push out what it leads in to."""

Kind = Literal["sentence", "lead-in", "item", "row", "header"]

_LINE_END = re.compile(r"[\r\n]")
_PIECE = re.compile(r"\d{1,3}|[^\W\d_]+|[^\w\s]")
_DIGIT = re.compile(r"\d")
_DENSE = re.compile(r"[\u0e00-\u0fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
"""A letter of a script without blanks between words: Thai, Lao, Tibetan, Chinese and others."""
_MARKER = re.compile(r"[-*+•–·▪◦‣]|\(?\w{1,3}[.)]|\[[ xX]\]")
_LONGEST_MARKER = 40


@dataclass(frozen=True, slots=True)
class Unit:
    """What no window divides: a sentence, or the whole row of a table or item of a list.

    `kind` tells which. A sentence that only announces what follows is a "lead-in". A line that
    heads the rows below it, all columns or as a label, is a "header". `lead` is the header or the
    lead-in that the unit stands under, None if there is none, or a long one, and `label` the
    label that a row stands under.
    """

    span: Span
    kind: Kind = "sentence"
    lead: Span | None = None
    label: Span | None = None

    @property
    def parts(self) -> tuple[Span, ...]:
        """The unit and what it stands under, in order."""
        return tuple(part for part in (self.lead, self.label, self.span) if part)


@dataclass(frozen=True, slots=True)
class Window:
    """Whole sentences of one passage, to be read together.

    `passage` is the passage's place in the list that the windows were made from, and `span` is
    where the window's own sentences stand in the document. `parts` are the stretches of the
    document that `text` joins with a newline: `span`, and before it, where the window begins amid
    a table or a list, the header or the lead-in. A header may stand in a passage before. `above`
    is what the document is called and the nearest headings of the passage, joined by ": ". `units`
    are what `span` is made of, in order.
    """

    passage: int
    span: Span
    parts: tuple[Span, ...]
    text: str
    above: str
    units: tuple[Unit, ...] = ()


def windows_to_read(
    candidates: Sequence[Candidate], coverage: Coverage, most: int = WINDOWS
) -> list[Window]:
    """Return the `most` windows of the candidates that promise most, in the candidates' order."""
    best = windows_by_promise(candidates, coverage)[:most]
    return sorted(best, key=lambda window: (window.passage, window.span))


def windows_by_promise(candidates: Sequence[Candidate], coverage: Coverage) -> list[Window]:
    """Return all windows of the candidates, those that promise most first.

    A window promises its passage's score and half of the share of the question's words, by
    weight, that it holds together with what stands above it.
    """

    def promise(window: Window) -> float:
        return candidates[window.passage].score + SHARE_WEIGHT * share_of(window, coverage)

    all_windows = windows((each.document, each.passage) for each in candidates)
    return sorted(all_windows, key=promise, reverse=True)


def share_of(window: Window, coverage: Coverage) -> float:
    """Return the share of the question's words that a window and what is above it hold, 0..1."""
    return coverage.share(coverage.held(frozenset(terms(f"{window.above}\n{window.text}"))))


def windows(passages: Iterable[tuple[Document, Passage]]) -> list[Window]:
    """Cut passages into windows of whole sentences, of at most 80 words, in order.

    Each passage's sentences are divided among its windows, which do not overlap but for lead-ins.
    Items are kept whole if they are no longer than a window. Each row of a table is a window of its
    own, below the header of its columns and its label: what heads rows makes no window itself.
    """
    packed: list[Window] = []
    for number, (document, passage) in enumerate(passages):
        above = ": ".join(_above(document, passage))
        units = units_of(document.text, passage)
        for run in _packed(document.text, (unit for unit in units if unit.kind != "header")):
            parts = _parts(run)
            text = "\n".join(part.of(document.text) for part in parts)
            packed.append(Window(number, parts[-1], parts, text, above, tuple(run)))
    return packed


def _above(document: Document, passage: Passage) -> Sequence[str]:
    """Return the document's name, then as many of the nearest headings as there is room for.

    Its name is its title, else what its file's name says.
    """
    names = [line for line in (document.title, *passage.context) if line.strip()][:1]
    path = [line for line in passage.heading_path if line.strip() and line not in names]
    room = MOST_CHARACTERS_ABOVE - sum(map(len, names))
    nearest: list[str] = []
    for line in reversed(path):
        room -= len(line)
        if room < 0 and nearest:
            break
        nearest.insert(0, line)
    return [line[:MOST_CHARACTERS_ABOVE] for line in (*names, *nearest)]


def _packed(text: str, units: Iterable[Unit]) -> Iterator[list[Unit]]:
    """Fill windows one after another. What only announces the next unit goes with it."""
    run: list[Unit] = []
    for unit in units:
        row = unit.kind == "row"
        if run and (row or _words(text, [*run, unit]) > MOST_WORDS):
            announcing = not row and len(run) > 1 and is_lead_in(run[-1].span.of(text))
            carried = [run.pop()] if announcing else []
            yield run
            run = carried
            if run and _words(text, [*run, unit]) > MOST_WORDS:
                yield run
                run = []
        if row:
            yield [unit]
        else:
            run.append(unit)
    if run:
        yield run


def _words(text: str, run: Sequence[Unit]) -> int:
    return sum(size(part.of(text)) for part in _parts(run))


def size(text: str) -> int:
    """Return how many words a text counts as, by the tokens that it will have.

    "$24,160" is four words, and so are four letters of a script that puts no blanks between words.
    """
    words = text.split()
    if text.isascii() and not _DIGIT.search(text):
        return len(words)
    return sum(map(_pieces, words))


def _pieces(word: str) -> int:
    return len(_PIECE.findall(word)) if _DIGIT.search(word) else max(1, len(_DENSE.findall(word)))


def _parts(run: Sequence[Unit]) -> tuple[Span, ...]:
    return (*run[0].parts[:-1], Span(run[0].span.start, run[-1].span.end))


def units_of(text: str, passage: Passage) -> Iterator[Unit]:
    """Yield what a passage is made of, in order."""
    lines = _lines(text, passage)
    spans = [Span(line[0].start, line[-1].end) for line in lines]
    above = headers(text, spans)
    lead_in: Span | None = None
    label: Span | None = None
    for number, (line, span, header) in enumerate(zip(lines, spans, above, strict=True)):
        row = is_row(span.of(text))
        item = not row and _is_item(text, span)
        if row and any(each and each.contains(span) for each in above):
            yield Unit(span, "header")
            label = None
        elif row and size(span.of(text)) <= MOST_WORDS:
            yield Unit(span, "row", _short(text, header), label)
        elif header and is_label(text, spans, number):
            yield Unit(span, "header")
            label = span
        elif item and size(span.of(text)) <= MOST_WORDS:
            yield Unit(span, "item", _short(text, lead_in))
        else:
            for sentence in line:
                announces = is_lead_in(sentence.of(text))
                lead = _short(text, lead_in) if item else None
                yield Unit(sentence, "lead-in" if announces else "sentence", lead)
        if not (row or header):
            label = None
        if is_lead_in(line[-1].of(text)):
            lead_in = line[-1]
        elif not item:
            lead_in = None


def _short(text: str, lead: Span | None) -> Span | None:
    return lead if lead and word_count(lead.of(text)) <= MOST_LEAD_WORDS else None


def _lines(text: str, passage: Passage) -> list[list[Span]]:
    """Divide a passage's sentences where a line ends between two of them."""
    lines: list[list[Span]] = []
    for sentence in passage.sentences:
        if lines and not _LINE_END.search(text, lines[-1][-1].end, sentence.start):
            lines[-1].append(sentence)
        else:
            lines.append([sentence])
    return lines


def _is_item(text: str, line: Span) -> bool:
    """Tell whether a line is a list's item: it has a marker before it, or begins with a label.

    No sentence begins with a marker: it stands between the line's beginning and the sentence.
    """
    above = text[max(0, line.start - _LONGEST_MARKER) : line.start]
    marker = _LINE_END.split(above)[-1].strip(" \t>#")
    return bool(_MARKER.fullmatch(marker)) or is_list_item(line.of(text))
