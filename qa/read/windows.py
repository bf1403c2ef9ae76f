"""Windows: the short stretches of text that a reader reads, with what stands above them.

`windows` packs the units of passages into windows, and `windows_to_read` picks those that promise
most to answer the question.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import NamedTuple

from index.records import Document, Passage, Span
from index.structure.units import MOST_UNIT_SIZE, Unit, stands_above, units_of
from qa.question.query import Coverage
from qa.retrieve.candidates import Candidate

PASSAGES = 12
"""Passages whose windows are considered."""
WINDOWS = 10
"""Windows that are read: docs/reader.md has the curve of quality over their number."""
_SHARE_WEIGHT = 0.5

MOST_WORDS = MOST_UNIT_SIZE
"""Of a window; a single longer sentence with its lead-in is one, too."""


class Held(NamedTuple):
    """Which of a question's terms a window holds, as bits of `Coverage`.

    `above` are held by what stands above it, `whole` by that and its text, and `units` by each unit
    with what leads in to it.
    """

    above: int = 0
    whole: int = 0
    units: tuple[int, ...] = ()


NOTHING_HELD = Held()


@dataclass(frozen=True, slots=True)
class Window:
    """Whole sentences of one passage, to be read together.

    `passage` is the passage's place in the list that the windows were made from, and `span` is
    where the window's `units` stand in the document. `parts` are what `text` joins with a newline:
    the header or lead-in of the first unit, if it has any, which may stand in a passage before, and
    `span`. `above` is the document's name and the nearest headings, joined by ": ". `held` is what
    it holds of the question that it was chosen for.
    """

    passage: int
    span: Span
    parts: tuple[Span, ...]
    text: str
    above: str
    units: tuple[Unit, ...] = ()
    held: Held = NOTHING_HELD

    @classmethod
    def of(
        cls, passage: int, text: str, above: str, units: Sequence[Unit], held: Held = NOTHING_HELD
    ) -> "Window":
        """Return the window of some units in a document's `text`."""
        parts = *units[0].parts[:-1], Span(units[0].span.start, units[-1].span.end)
        words = "\n".join(part.of(text) for part in parts)
        return cls(passage, parts[-1], parts, words, above, tuple(units), held)


def windows_to_read(
    candidates: Sequence[Candidate], coverage: Coverage, most: int = WINDOWS
) -> list[Window]:
    """Return the `most` windows of the candidates that promise most, in the candidates' order."""
    promising = windows_by_promise(candidates, coverage, most)
    return sorted(promising, key=lambda window: (window.passage, window.span))


def windows_by_promise(
    candidates: Sequence[Candidate], coverage: Coverage, most: int | None = None
) -> list[Window]:
    """Return windows, ranked by the passage's score and the share of the question they hold."""
    unread = [
        (number, units, held)
        for number, candidate in enumerate(candidates)
        for units, held in _windows_of(candidate, coverage)
    ]

    def promise(window: tuple[int, Sequence[Unit], Held]) -> float:
        number, _, held = window
        return candidates[number].score + _SHARE_WEIGHT * coverage.share(held.whole)

    ranked = sorted(unread, key=promise, reverse=True)[:most]
    chosen = {number: candidates[number] for number, *_ in ranked}
    above = {n: stands_above(each.document, each.passage) for n, each in chosen.items()}
    return [
        Window.of(number, chosen[number].document.text, above[number], units, held)
        for number, units, held in ranked
    ]


def windows(passages: Iterable[tuple[Document, Passage]]) -> list[Window]:
    """Cut passages into windows of whole units, of at most 80 words, or of one row, in order."""
    return [
        Window.of(number, document.text, stands_above(document, passage), units)
        for number, (document, passage) in enumerate(passages)
        for units in _packed(list(units_of(document.text, passage)))
    ]


def _windows_of(candidate: Candidate, coverage: Coverage) -> Iterator[tuple[list[Unit], Held]]:
    """Yield the units of a passage's windows, and what these hold of the question."""
    features, text = candidate.features, candidate.document.text
    units, sentence = features.units, 0
    needs_texts = coverage.needs_texts
    own: dict[int, int] = {}  # by where a unit starts
    leading: dict[int, int] = {}
    for unit in units:
        start, stop = features.ends[sentence], features.ends[sentence + unit.sentences]
        own[unit.span.start] = coverage.held_in_words(features.words[start:stop])
        if needs_texts:
            own[unit.span.start] |= coverage.held_in(unit.span.of(text))
        leads = (part for part in (unit.lead, unit.label) if part)
        leading[unit.span.start] = reduce(or_, (coverage.held_in(p.of(text)) for p in leads), 0)
        sentence += unit.sentences
    above = coverage.held_in_words(features.words_above)
    for run in _packed(units):
        starts = [unit.span.start for unit in run]
        whole = above | leading[starts[0]]
        whole |= reduce(or_, (own[at] for at in own if starts[0] <= at <= starts[-1]))
        yield run, Held(above, whole, tuple(own[at] | leading[at] for at in starts))


def _packed(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    """Fill windows one after another. What only announces the next unit goes with it."""
    run: list[Unit] = []
    size = between = 0  # of the run, and of what stands between it and the unit
    for unit in units:
        between += unit.size_before
        if unit.kind == "header":
            between += unit.size
            continue
        if unit.kind == "row":
            if run:
                yield run
            yield [unit]
            run, between = [], 0
            continue
        if run and size + between + unit.size > MOST_WORDS:
            announces = len(run) > 1 and run[-1].announces
            lead_in = [run.pop()] if announces else []
            yield run
            run = lead_in
            size = sum(each.size_above + each.size for each in run)
            if run and size + between + unit.size > MOST_WORDS:
                yield run
                run = []
        size = size + between + unit.size if run else unit.size_above + unit.size
        run.append(unit)
        between = 0
    if run:
        yield run
