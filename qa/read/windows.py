"""Windows: the short stretches of text that a reader reads, with what stands above them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.records import Document, Passage, Span
from qa.read.tables import headers
from qa.wording import is_lead_in, is_list_item, is_row, word_count

MOST_WORDS = 80
"""Of a window, but for one of a single longer sentence, row or item and what leads in to it."""
MOST_CHARACTERS_ABOVE = 120
"""Of title and headings, of which the reader needs room for what it reads."""
MOST_LEAD_WORDS = 40
"""A longer header or lead-in is not repeated: it would push out what it leads in to."""

_LINE_END = re.compile(r"[\r\n]")
_PIECE = re.compile(r"\d{1,3}|[^\W\d_]+|[^\w\s]")
_DIGIT = re.compile(r"\d")
_DENSE = re.compile(r"[\u0e00-\u0fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
"""A letter of a script without blanks between words: Thai, Lao, Tibetan, Chinese and others."""
_MARKER = re.compile(r"[-*+•–·▪◦‣]|\(?\w{1,3}[.)]|\[[ xX]\]")
_LONGEST_MARKER = 40


@dataclass(frozen=True, slots=True)
class Window:
    """Whole sentences of one passage, to be read together.

    `passage` is the passage's place in the list that the windows were made from, and `span` is
    where the window's own sentences stand in the document. `parts` are the stretches of the
    document that `text` joins with a newline: `span`, and before it, where the window begins amid
    a table or a list, the header or the lead-in. A header may stand in a passage before. `above`
    is what the document is called and the nearest headings of the passage, joined by ": ".
    """

    passage: int
    span: Span
    parts: tuple[Span, ...]
    text: str
    above: str

    def locate(self, start: int, end: int) -> Span | None:
        """Return where `text[start:end]` stands in the document.

        None if it does not stand within one of the parts, or is empty.
        """
        offset = 0
        for part in self.parts:
            length = part.end - part.start
            if offset <= start < end <= offset + length:
                return Span(part.start + start - offset, part.start + end - offset)
            offset += length + 1
        return None


@dataclass(frozen=True, slots=True)
class _Unit:
    """What no window divides: a sentence, a row or an item, and what leads in to it."""

    span: Span
    lead: Span | None = None


def windows(passages: Iterable[tuple[Document, Passage]]) -> list[Window]:
    """Cut passages into windows of whole sentences, of at most 80 words, in order.

    Each passage's sentences are divided among its windows, which do not overlap but for headers
    and lead-ins. Rows and items are kept whole if they are no longer than a window.
    """
    made: list[Window] = []
    for number, (document, passage) in enumerate(passages):
        above = ": ".join(_above(document, passage))
        for run in _packed(document.text, _units(document.text, passage)):
            parts = _parts(run)
            text = "\n".join(part.of(document.text) for part in parts)
            made.append(Window(number, parts[-1], parts, text, above))
    return made


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


def _packed(text: str, units: Iterable[_Unit]) -> Iterator[list[_Unit]]:
    """Fill windows one after another. What only announces the next unit goes with it."""
    run: list[_Unit] = []
    for unit in units:
        if run and _words(text, [*run, unit]) > MOST_WORDS:
            announcing = len(run) > 1 and is_lead_in(run[-1].span.of(text))
            carried = [run.pop()] if announcing else []
            yield run
            run = carried
            if run and _words(text, [*run, unit]) > MOST_WORDS:
                yield run
                run = []
        run.append(unit)
    if run:
        yield run


def _words(text: str, run: Sequence[_Unit]) -> int:
    return sum(size(part.of(text)) for part in _parts(run))


def size(text: str) -> int:
    """Return how many words a text counts as, by the tokens that it will have.

    "$24,160" is four words, and so are four letters of a script that puts no blanks between words.
    """
    return sum(_pieces(word) for word in text.split())


def _pieces(word: str) -> int:
    return len(_PIECE.findall(word)) if _DIGIT.search(word) else max(1, len(_DENSE.findall(word)))


def _parts(run: Sequence[_Unit]) -> tuple[Span, ...]:
    own = Span(run[0].span.start, run[-1].span.end)
    lead = run[0].lead
    return (lead, own) if lead else (own,)


def _units(text: str, passage: Passage) -> Iterator[_Unit]:
    lines = _lines(text, passage)
    spans = [Span(line[0].start, line[-1].end) for line in lines]
    lead_in: Span | None = None
    for line, span, header in zip(lines, spans, headers(text, spans), strict=True):
        row = is_row(span.of(text))
        item = not row and _is_item(text, span)
        lead = header if row or header else lead_in if item else None
        if lead and word_count(lead.of(text)) > MOST_LEAD_WORDS:
            lead = None
        if (row or item) and size(span.of(text)) <= MOST_WORDS:
            yield _Unit(span, lead)
        else:
            yield from (_Unit(sentence, lead) for sentence in line)
        if is_lead_in(line[-1].of(text)):
            lead_in = line[-1]
        elif not item:
            lead_in = None


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
