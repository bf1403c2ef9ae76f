"""Lists all that answers a question, from one snapshot."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import chain, starmap
from threading import Lock

from index.records import Span
from index.store.protocols import Snapshot
from index.store.records import Allowed
from qa.answer.tracing import Trace
from qa.exhaustive.columns import MOST_COLUMNS
from qa.exhaustive.conditions import conditions_on
from qa.exhaustive.listing import from_reading, from_tables, listing_of
from qa.exhaustive.reading import MOST_PASSAGES, MOST_UNITS, WideReading
from qa.exhaustive.table_words import RELATIVE_TO_TODAY, is_common
from qa.exhaustive.tables import (
    MOST_FILES,
    MOST_HEADERS,
    AskedTable,
    Table,
    near,
    table_below,
    tables_of,
    tables_of_file,
)
from qa.question.filters import Filter
from qa.read.reading import Reader
from qa.records import Answer, Listing
from qa.retrieve.near_duplicates import Families
from qa.retrieve.retriever import Retriever

_WANTS_ALL = re.compile(
    r"\W*(?:how many|list|name|show|find|all|every|each|wh(?:at|o) are"
    r"|(?:which|what) (?:\w+ ){1,3}(?:are|were|do|have)"
    r"|which (?:\w+ )?\w{3,}s(?! (?:is|was|has|does|did)\b))\b",
    re.IGNORECASE,
)

_MOST_TOLD = 3
"""Tables that are named because they do not explain the question."""
_UNITS_CUT = f"only the likeliest {MOST_UNITS} sentences of them were judged one by one"
_NOTHING_SURE = "no passage answers surely enough to be listed"


@dataclass(frozen=True)
class Lister:
    """Lists what answers. Threads may share it: searching and judging take `turn`."""

    snapshot: Snapshot
    retriever: Retriever
    reader: Reader | None
    turn: Lock

    def listing(
        self, trace: Trace, allowed: Allowed | None, wanted: Filter, *, answered: bool
    ) -> Listing:
        """Return all that answers: the rows that are asked for, and what is read, if `answered`.

        `allowed` are the passages of the documents that pass the filter `wanted`.
        """
        query, snapshot = trace.query, self.snapshot
        with self.turn:
            candidates = self.retriever.wide(query, allowed, MOST_PASSAGES)
        quoted = {quote.document.source for quote in trace.chosen} if answered else set[str]()
        files, headers = near(candidates)
        cut = _cut(files, MOST_FILES, "files of rows") + _cut(
            headers, MOST_HEADERS, "tables in texts"
        )
        files, headers = files[:MOST_FILES], headers[:MOST_HEADERS]
        tables = [*chain.from_iterable(map(self._of_file, files)), *starmap(self._below, headers)]
        first = next((each.document.source for each in candidates), "")
        asked, meant = self._asked(tables, query.read, quoted, first)
        found = list(from_tables(asked, snapshot, wanted))
        bounds = [*cut, *chain.from_iterable(map(_not_looked_at, asked))]
        bounds += map(_not_explained, meant[:_MOST_TOLD])
        bounds += [_subject_taken(each) for each in asked if each.table.source not in quoted]
        remarks = [_taken(each) for each in asked]
        if not answered:
            bounds += [] if asked or meant else [_NOTHING_SURE]
            return listing_of(found, bounds, remarks)
        with self.turn:
            families = Families(candidates, query.coverage)
            by_fields = {each.table.source for each in asked if each.table.header is None}
            reading = WideReading.of(query, families, by_fields)
        reading.read(query, self.reader, trace.windows)
        with self.turn:
            found += from_reading(query, reading, families, snapshot, trace.chosen, asked)
            told = reading.told(snapshot.info.passages)
            bounds += [f"only {told}"] if reading.is_cut else []
            bounds += [_UNITS_CUT] if reading.units_are_cut else []
            remarks += [] if reading.is_cut else [f"{told[0].upper()}{told[1:]}."]
            return listing_of(found, bounds, remarks)

    def has_more(self, trace: Trace, answer: Answer, wanted: Filter) -> bool:
        """Tell whether a question wants all that answers, and more does than the answer quotes."""
        if not _WANTS_ALL.match(trace.query.read):
            return False
        sources = {citation.document.source for citation in answer.citations}
        with self.turn:
            found = [each.document for each in trace.families.candidates]
            tables = [
                table
                for source in near(trace.families.candidates)[0][:MOST_FILES]
                for table in tables_of(
                    source, (d for d in found if d.source == source), is_whole=False
                )
            ]
            asked, _ = self._asked(tables, trace.query.read, sources, "")
            places = [
                (row.document.id, Span(0, len(row.document.text)))
                for table in asked
                for row in table.rows(wanted)
            ]
        if answer.answered:
            places += ((h.document.id, each) for h in answer.hits for each in h.highlights)
        return any(
            not any(c.document.id == document and c.span.overlaps(span) for c in answer.citations)
            for document, span in places
        )

    def _asked(
        self, tables: Iterable[Table], question: str, quoted: Collection[str], nearest: str
    ) -> tuple[list[AskedTable], list[AskedTable]]:
        """Return the tables that explain the question best, and those that it may mean that do not.

        A table that has another name for what is asked for must have a row `quoted`, or be the
        nearest one, unless what is asked for is a common word for something else.
        """
        considered = [AskedTable(each, conditions_on(each.columns, question)) for each in tables]
        understood = [
            each
            for each in considered
            if each.conditions.understood
            and (
                not each.conditions.subject
                or each.table.source in quoted
                or (each.table.source == nearest and not is_common(each.conditions.subject))
            )
            and (each.conditions.tests or not each.table.header)
        ]
        best = max((each.explains for each in understood), default=None)
        asked = [each for each in understood if each.explains == best]
        return asked, [
            each
            for each in considered
            if each not in understood
            and (
                (each.conditions.names_the_table and not each.table.header)
                or (not asked and (each.conditions.tests or each.table.source == nearest))
            )
        ]

    @cached_property
    def _of_file(self) -> Callable[[str], list[Table]]:
        return lru_cache(maxsize=MOST_FILES)(partial(tables_of_file, self.snapshot))

    @cached_property
    def _below(self) -> Callable[[str, Span], Table]:
        return lru_cache(maxsize=4 * MOST_HEADERS)(partial(table_below, self.snapshot))


def _cut(found: Sequence[object], most: int, what: str) -> list[str]:
    return [f"only the nearest {most} of {len(found)} {what} were looked at"] * (len(found) > most)


def _not_looked_at(asked: AskedTable) -> Iterator[str]:
    """Yield what of a table was not looked at, or could not be compared."""
    table, source = asked.table, asked.table.source
    if not table.is_whole:
        yield f"only {len(table.rows):,} rows of {source} were looked at"
    if not table.columns.are_all:
        yield f"only the first {MOST_COLUMNS} columns of {source} were looked at"
    for test in asked.conditions.tests:
        for column in test.columns if test.compares else ():
            if odd := sum(
                column.cannot_compare(row.fields.get(column.field)) for row in table.rows
            ):
                cells = "1 cell" if odd == 1 else f"{odd:,} cells"
                yield f"{cells} of {column.field} in {source} cannot be compared"


def _not_explained(asked: AskedTable) -> str:
    unexplained = asked.conditions.unexplained or (asked.conditions.subject,)
    words = ", ".join(f'"{word}"' for word in unexplained)
    source = asked.table.source
    why = f"the columns of {source} do not explain {words}"
    if relative := RELATIVE_TO_TODAY.intersection(unexplained):
        why = (
            f'"{min(relative)}" depends on the day, which Pincite does not go by: '
            "ask for dates, such as due before 2024-06-01"
        )
    return f"{why}; the rows of {source} are listed only where they were read"


def _subject_taken(asked: AskedTable) -> str:
    subject = asked.conditions.subject
    return f'nothing in {asked.table.source} is called "{subject}"' if subject else ""


def _taken(asked: AskedTable) -> str:
    taken = [f'"{word}" as its column "{name}"' for word, name in asked.conditions.taken]
    if asked.conditions.subject:
        taken.append(f'"{asked.conditions.subject}" as its rows')
    return f"In {asked.table.source}, Pincite took {', '.join(taken)}." if taken else ""
