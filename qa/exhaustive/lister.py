"""Lists all that answers a question, from one snapshot."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import starmap
from threading import Lock

from index.records import Span
from index.store.protocols import Snapshot
from index.store.records import Allowed
from qa.answer.tracing import Trace
from qa.exhaustive.listing import from_reading, from_tables, listing_of
from qa.exhaustive.reading import MOST_PASSAGES, WideReading
from qa.exhaustive.tables import (
    MOST_FILES,
    MOST_HEADERS,
    AskedTable,
    Table,
    near,
    table_below,
    table_of_file,
    tables_asked,
)
from qa.question.filters import Filter
from qa.read.reading import Reader
from qa.records import Listing
from qa.retrieve.candidates import Candidates
from qa.retrieve.near_duplicates import Families
from qa.retrieve.retriever import Retriever


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
        asked = self._asked(candidates, trace, answered=answered)
        found = list(from_tables(asked, snapshot, wanted))
        bounds = [_some_rows_only(each) for each in asked if not each.table.is_whole]
        if not answered:
            return listing_of(found, bounds)
        with self.turn:
            families = Families(candidates, query.coverage)
            files = {each.table.source for each in asked if each.table.header is None}
            reading = WideReading.of(query, families, files)
        reading.read(query, self.reader)
        with self.turn:
            found += from_reading(query, reading, families, snapshot, trace.chosen, asked)
            return listing_of(found, [*bounds, reading.bound])

    def _asked(self, candidates: Candidates, trace: Trace, *, answered: bool) -> list[AskedTable]:
        """Return the tables that explain the question, all of it or else with a row quoted."""
        files, headers = near(candidates)
        tables = [*map(self._of_file, files), *starmap(self._below, headers)]
        quoted = {quote.document.source for quote in trace.chosen} if answered else set[str]()
        return [
            each
            for each in tables_asked(tables, trace.query.read)
            if each.conditions.understood == "fully" or each.table.source in quoted
        ]

    @cached_property
    def _of_file(self) -> Callable[[str], Table]:
        return lru_cache(maxsize=MOST_FILES)(partial(table_of_file, self.snapshot))

    @cached_property
    def _below(self) -> Callable[[str, Span], Table]:
        return lru_cache(maxsize=4 * MOST_HEADERS)(partial(table_below, self.snapshot))


def _some_rows_only(asked: AskedTable) -> str:
    return f"only {len(asked.table.rows):,} rows of {asked.table.source} were looked at"
