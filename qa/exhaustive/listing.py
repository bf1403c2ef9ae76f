"""The listing of all that answers: rows that were asked for, and quotes that were read."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice

from index.records import Document, Passage, Span
from index.store.protocols import Snapshot
from index.structure.units import units_of
from qa.answer.decision import with_names
from qa.answer.quotes import Quote, also_in, quotes
from qa.answer.units import ReadUnit
from qa.exhaustive.reading import LEAST_TO_THE_POINT, WideReading, to_the_point
from qa.exhaustive.tables import AskedTable, quoted
from qa.question.filters import Filter
from qa.question.query import Query
from qa.records import Citation, ListedQuote, Listing, Place
from qa.retrieve.near_duplicates import Families, says_the_same

MOST_QUOTES = 1000
_MOST_ITEMS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of a document that answers, how likely, and where else it is said."""

    document: Document
    span: Span
    heading_path: tuple[str, ...]
    confidence: float
    also_in: tuple[Place, ...] = ()
    is_row: bool = False

    @property
    def text(self) -> str:
        """The words that stand there."""
        return self.span.of(self.document.text)


def listing_of(
    found: Iterable[Found], bounds: Iterable[str], remarks: Iterable[str] = ()
) -> Listing:
    """Return what was found by file and place, the file of the best quote first."""
    kept = _folded(_merged(found))
    told = list(dict.fromkeys(filter(None, bounds)))
    if len(kept) > MOST_QUOTES:
        told.append(f"only the best {MOST_QUOTES} are listed")
    by_file: dict[str, list[Found]] = {}
    for each in kept[:MOST_QUOTES]:
        by_file.setdefault(each.document.source, []).append(each)
    in_order = (each for of in by_file.values() for each in sorted(of, key=_place))
    return Listing(
        tuple(
            ListedQuote(_citation(number, each), each.confidence)
            for number, each in enumerate(in_order, 1)
        ),
        tuple(told),
        tuple(dict.fromkeys(filter(None, remarks))),
    )


def from_tables(asked: Iterable[AskedTable], snapshot: Snapshot, wanted: Filter) -> Iterator[Found]:
    """Yield the rows that meet what the question says of them, as many as can be listed."""
    for table in asked:
        rows = list(islice(table.rows(wanted), MOST_QUOTES + 1))
        snapshot.prefetch_chunked(row.document.id for row in rows if not row.span)
        for row in rows:
            if place := quoted(row, snapshot):
                yield Found(row.document, *place, table.confidence, is_row=True)


def from_reading(
    query: Query,
    reading: WideReading,
    families: Families,
    snapshot: Snapshot,
    chosen: Sequence[Quote],
    asked: Sequence[AskedTable],
) -> Iterator[Found]:
    """Yield what was read and answers, lists whole; what was `chosen` for the answer in any case.

    Nothing is taken of the tables that were `asked`: their rows are listed by their fields.
    """
    tables = {(each.table.source, each.table.header) for each in asked}
    named, _ = with_names(query, reading.windows)
    documents = {read.candidate.document.id for read in named}
    units = [
        unit
        for unit in reading.units
        if unit.candidate.document.id in documents and not _is_of(unit, tables)
    ]
    units.sort(key=lambda unit: (unit.candidate.row, -unit.log_odds))
    listed: list[Quote] = []
    for _, of_passage in groupby(units, key=lambda unit: unit.candidate.row):
        listed += (each for each in quotes(list(of_passage)) if each.score >= LEAST_TO_THE_POINT)
    listed = to_the_point(query, listed)
    listed += [
        each
        for each in chosen
        if not _is_of(each.key, tables) and not any(map(each.overlaps, listed))
    ]
    rows = set(families.candidates.rows.tolist())
    for quote in listed:
        document = quote.document
        is_known = quote.candidate.row in rows and document.row_number is None
        yield Found(
            document,
            _with_whole_list(quote, snapshot),
            quote.candidate.passage.heading_path,
            quote.score,
            also_in(quote, families) if is_known else (),
            is_row=quote.key.unit.kind == "row" or document.row_number is not None,
        )


def _is_of(unit: ReadUnit, tables: Collection[tuple[str, Span | None]]) -> bool:
    document = unit.candidate.document
    header = None if document.row_number is not None else unit.unit.lead
    is_row = document.row_number is not None or unit.unit.kind == "row"
    return is_row and (document.source, header) in tables


def _with_whole_list(quote: Quote, snapshot: Snapshot) -> Span:
    """Return where a quote stands; where it begins a list, with all items of that.

    A list may go on in the passages that follow.
    """
    unit, passage, span = quote.key.unit, quote.candidate.passage, quote.span
    items = [each for each in quote.candidate.features.units if each.kind == "item" and each.lead]
    lead = next((each.lead for each in items if each.lead and span.contains(each.lead)), None)
    if unit.kind == "row" or lead is None:
        return span
    of_list = [item.span for item in items if item.lead == lead]
    if len(of_list) < 2 or not any(map(span.overlaps, of_list)):
        return span
    end = max(span.end, of_list[-1].end)
    if end == passage.end:
        end = _end_of_items(quote.document, passage, snapshot) or end
    return Span(span.start, end)


def _end_of_items(document: Document, passage: Passage, snapshot: Snapshot) -> int | None:
    """Return where the items end that go on behind a passage; None where there are none."""
    chunked = snapshot.chunked(document.id)
    after = [each for each in chunked.passages if each.start >= passage.end] if chunked else []
    end, items = None, 0
    for following in after:
        if following.heading_path != passage.heading_path:
            return end
        for unit in units_of(document.text, following):
            items += 1
            if unit.kind != "item" or unit.lead or items > _MOST_ITEMS:
                return end
            end = unit.span.end
    return end


def _merged(found: Iterable[Found]) -> Iterator[Found]:
    """Yield what was found, what overlaps in one document as one."""
    in_order = sorted(found, key=lambda each: (each.document.id, each.span))
    last: Found | None = None
    for each in in_order:
        if last and each.document.id == last.document.id and each.span.start < last.span.end:
            better = max(last, each, key=lambda one: one.confidence)
            span = Span(last.span.start, max(last.span.end, each.span.end))
            last = replace(better, span=span, heading_path=last.heading_path)
            continue
        if last:
            yield last
        last = each
    if last:
        yield last


def _folded(found: Iterable[Found]) -> list[Found]:
    """Return what was found, the best first; what repeats a better one is among its `also_in`.

    Rows of a file are never folded, rows of tables in texts only where they are the same.
    """
    in_order = sorted(found, key=_best_first)
    kept: list[Found] = [each for each in in_order if each.document.row_number is not None]
    same_rows: dict[str, int] = {}
    sentences: list[int] = []
    for each in in_order:
        if each.document.row_number is not None:
            continue
        if each.is_row:
            number = same_rows.setdefault(each.text, len(kept))
        else:
            said = (n for n in sentences if says_the_same(each.text, kept[n].text))
            number = next(said, len(kept))
        if number == len(kept):
            kept.append(each)
            sentences += [] if each.is_row else [number]
        else:
            kept[number] = _also_at(kept[number], each)
    return sorted(kept, key=_best_first)


def _also_at(found: Found, other: Found) -> Found:
    place = Place(other.document, other.span)
    is_known = any(
        known.document.id == other.document.id and known.span.overlaps(other.span)
        for known in found.also_in
    )
    return found if is_known else replace(found, also_in=(*found.also_in, place))


def _best_first(found: Found) -> tuple[object, ...]:
    return -found.confidence, found.document.source, *_place(found)


def _place(found: Found) -> tuple[object, ...]:
    document = found.document
    return document.sheet, document.row_number or 0, document.id, found.span


def _citation(number: int, found: Found) -> Citation:
    return Citation(
        number=number,
        document=found.document,
        heading_path=found.heading_path,
        start=found.span.start,
        end=found.span.end,
        also_in=tuple(sorted(found.also_in, key=lambda p: (p.document.source, p.span))),
    )
