"""Windows: the short stretches of text that a reader reads, with what stands above them.

`windows` packs the units of passages into windows, and `windows_to_read` picks those that promise
most to answer the question. The row of a table is looked for in more passages than sentences are:
its passage has many other rows, and so is seldom among the first (`passages_with_rows`).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import NamedTuple

from index.records import Document, Passage, Span
from index.search.features import words_in
from index.structure.columns import with_one_heading_each
from index.structure.units import MOST_UNIT_SIZE, Unit, stands_above, units_of
from qa.question.query import Coverage
from qa.retrieve.candidates import Candidate, Candidates

PASSAGES = 12
"""Passages whose windows are considered."""
WINDOWS = 10
"""Windows that are read: docs/reader.md has the curve of quality over their number."""
ROWS = 4
"""Rows of tables that are read beside, and passages beyond the first ones that are taken in."""
_PASSAGES_WITH_ROWS = 40
"""Passages beyond the first ones whose rows are compared with the question."""
_SHARE_WEIGHT = 0.5

MOST_WORDS = MOST_UNIT_SIZE
"""Of a window; a single longer sentence with its lead-in is one, too."""


class Held(NamedTuple):
    """Which of a question's terms a window holds, as bits of `Coverage`.

    `above` are held by what stands above it, `whole` by that and its text, and `units` by each unit
    with what leads in to it. `named` is how much of what a row is called the question says, in
    0..1; it is 0 for other windows.
    """

    above: int = 0
    whole: int = 0
    units: tuple[int, ...] = ()
    named: float = 0.0


NOTHING_HELD = Held()


@dataclass(frozen=True, slots=True)
class Window:
    """Whole sentences of one passage, to be read together.

    `passage` is the passage's place in the list that the windows were made from, and `span` is
    where the window's `units` stand in the document. `parts` are what `text` joins with a newline:
    the header or lead-in of the first unit, if it has any, which may stand in a passage before, and
    `span`. Of a header of several lines `text` has one line, with one heading for each column.
    `above` is the document's name and the nearest headings, joined by ": ". `held` is what it holds
    of the question that it was chosen for.
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
        words = [part.of(text) for part in parts]
        if units[0].kind == "row" and units[0].lead:
            words[0] = with_one_heading_each(words[0], words[-1])
        return cls(passage, parts[-1], parts, "\n".join(words), above, tuple(units), held)


def windows_to_read(
    candidates: Sequence[Candidate], coverage: Coverage, most: int = WINDOWS, rows: int = ROWS
) -> list[Window]:
    """Return the `most` windows that promise most, and `rows` others, in the candidates' order.

    The first are those of the first twelve candidates, the others the rows of any of them that
    agree best with the question.
    """
    promising = windows_by_promise(candidates, coverage)
    first = [window for window in promising if window.passage < PASSAGES][:most]
    chosen = {(window.passage, window.span) for window in first}
    others = [w for w in promising if w.held.named and (w.passage, w.span) not in chosen]
    others.sort(key=lambda window: -agreement(window.held, coverage))
    return sorted([*first, *others[:rows]], key=lambda window: (window.passage, window.span))


def passages_with_rows(
    candidates: Candidates, but: Collection[int], coverage: Coverage, most: int = ROWS
) -> list[Candidate]:
    """Return the passages whose best row agrees best with the question.

    `but` are the rows of passages in the snapshot that are not looked at.
    """
    shares: dict[int, float] = {}
    for number, row in enumerate(candidates.rows.tolist()):
        features = candidates.features(number)
        if row not in but and features.has_rows:
            shares[number] = coverage.share(coverage.held_in_words(features.words))
    promising = sorted(shares, key=lambda number: -shares[number])[:_PASSAGES_WITH_ROWS]
    candidates.prefetch(promising)
    passages = list(map(candidates.candidate, promising))
    best = [max(agreement(h, coverage) for _, h in _windows_of(p, coverage)) for p in passages]
    ranked = sorted(zip(best, passages, strict=True), key=lambda ranked: -ranked[0])
    return [passage for agreement, passage in ranked[:most] if agreement]


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


def agreement(held: Held, coverage: Coverage) -> float:
    """Return how well a row agrees with the question, in 0..1; 0 for other windows.

    It holds much of the question, and what it is called says little else (F1).
    """
    precision, recall = held.named, coverage.share(held.whole)
    return 2 * precision * recall / (precision + recall) if precision * recall else 0.0


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
        of_units = tuple(own[at] | leading[at] for at in starts)
        is_named = run[0].kind == "row" and own[starts[0]]
        named = _share_of_name(run[0].span.of(text), coverage) if is_named else 0.0
        yield run, Held(above, whole, of_units, named)


def _share_of_name(row: str, coverage: Coverage) -> float:
    name = words_in(row.partition("|")[0])
    return sum(word in coverage.bits_of_numbers for word in name) / max(1, len(name))


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
