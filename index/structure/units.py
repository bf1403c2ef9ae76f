"""Units: what no quote and no reader's window divides, such as a sentence or the row of a table.

A passage is made of units (`units_of`). They are found when the passage is cut, and kept with it
(`index.search.features`).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from index.records import Document, Passage, Span
from index.structure.tables import headers, is_label
from index.structure.wording import is_lead_in, is_list_item, is_row, word_count

MOST_UNIT_SIZE = 80
"""A longer row or item is no unit: its sentences are."""
MOST_LEAD_WORDS = 40
"""A longer header or lead-in is not repeated: it would push out what it leads in to."""
_MOST_CHARACTERS_ABOVE = 120

Kind = Literal["sentence", "lead-in", "item", "row", "header"]
KINDS: tuple[Kind, ...] = ("sentence", "lead-in", "item", "row", "header")

_LINE_END = re.compile(r"[\r\n]")
_PIECE = re.compile(r"\d{1,3}|[^\W\d_]+|[^\w\s]")
_DIGIT = re.compile(r"\d")
_DENSE = re.compile(r"[\u0e00-\u0fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
"""A letter of a script without blanks between words: Thai, Lao, Tibetan, Chinese and others."""
_MARKER = re.compile(r"[-*+•–·▪◦‣]|\(?\w{1,3}[.)]|\[[ xX]\]")
_LONGEST_MARKER = 40


class Unit(NamedTuple):
    """A sentence, or the whole row of a table or item of a list.

    A sentence that only announces what follows is a "lead-in". A line that heads the rows below
    it, all columns or as a label, is a "header". `lead` is the header or the lead-in that the unit
    stands under, unless that is long, and `label` the label that a row stands under. `size` is that
    of the unit, `size_above` that of its lead and label, and `size_before` that of what is between
    it and the unit before, such as the marker of a list. It is made of so many `sentences`. It
    `announces` what follows if it is a lead-in, or an item that ends as one.
    """

    span: Span
    kind: Kind
    lead: Span | None
    label: Span | None
    size: int
    size_above: int
    size_before: int
    sentences: int
    announces: bool

    @property
    def parts(self) -> tuple[Span, ...]:
        """The unit and what it stands under, in order."""
        return tuple(part for part in (self.lead, self.label, self.span) if part)


def units_of(text: str, passage: Passage) -> Iterator[Unit]:
    """Yield what a passage is made of, in order: each of its sentences is in one unit."""
    lines = _lines(text, passage)
    spans = [Span(line[0].start, line[-1].end) for line in lines]
    above = headers(text, spans)
    lead_in: Span | None = None
    label: Span | None = None
    end = passage.start
    for number, (line, span, header) in enumerate(zip(lines, spans, above, strict=True)):
        words = span.of(text)
        row = is_row(words)
        item = not row and _is_item(text, span)
        whole = (row or item) and size(words) <= MOST_UNIT_SIZE
        if not (row or header):
            label = None
        if row and any(each and each.contains(span) for each in above):
            yield _unit(text, end, "header", line)
            label = None
        elif row and whole:
            yield _unit(text, end, "row", line, _if_short(text, header), label)
        elif header and is_label(text, spans, number):
            yield _unit(text, end, "header", line)
            label = span
        elif item and whole:
            yield _unit(text, end, "item", line, _if_short(text, lead_in))
        else:
            lead = _if_short(text, lead_in) if item else None
            for sentence in line:
                kind: Kind = "lead-in" if is_lead_in(sentence.of(text)) else "sentence"
                yield _unit(text, end, kind, [sentence], lead)
                end = sentence.end
        end = span.end
        if is_lead_in(line[-1].of(text)):
            lead_in = line[-1]
        elif not item:
            lead_in = None


def _unit(
    text: str,
    after: int,
    kind: Kind,
    sentences: Sequence[Span],
    lead: Span | None = None,
    label: Span | None = None,
) -> Unit:
    span = Span(sentences[0].start, sentences[-1].end)
    size_above = sum(size(part.of(text)) for part in (lead, label) if part)
    words = span.of(text)
    sizes = size(words), size_above, size(text[after : span.start])
    return Unit(span, kind, lead, label, *sizes, len(sentences), is_lead_in(words))


def size(text: str) -> int:
    """Return how many words a text counts as, by the tokens that it will have.

    "$24,160" is four words, and so are four letters of a script without blanks between words.
    """
    words = text.split()
    if not text.isascii():
        dense = (max(1, len(_DENSE.findall(word))) for word in words if not _DIGIT.search(word))
        return sum(dense) + sum(len(_PIECE.findall(w)) for w in words if _DIGIT.search(w))
    with_marks = (word for word in words if not word.isalpha())
    return len(words) + sum(
        len(_PIECE.findall(word)) - 1 for word in with_marks if _DIGIT.search(word)
    )


def stands_above(document: Document, passage: Passage) -> str:
    """Return the title, else the file's name, then the nearest headings that there is room for."""
    names = [line for line in (document.title, *passage.context) if line.strip()][:1]
    path = [line for line in passage.heading_path if line.strip() and line not in names]
    room = _MOST_CHARACTERS_ABOVE - sum(map(len, names))
    while len(path) > 1 and sum(map(len, path)) > room:
        path.pop(0)
    return ": ".join(line[:_MOST_CHARACTERS_ABOVE] for line in (*names, *path))


def _if_short(text: str, lead: Span | None) -> Span | None:
    words = lead.of(text).replace("|", " ") if lead else ""
    return lead if word_count(words) <= MOST_LEAD_WORDS else None


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
    """Tell whether a line is a list's item: it begins with a label, or a marker is before it."""
    before = _LINE_END.split(text[max(0, line.start - _LONGEST_MARKER) : line.start])[-1]
    return bool(_MARKER.fullmatch(before.strip(" \t>#"))) or is_list_item(line.of(text))
