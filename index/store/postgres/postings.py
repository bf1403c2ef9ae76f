"""The terms of a snapshot's passages as tables: what the search by words reads, and how it grows.

A snapshot has a few parts, each the terms of passages that came or, with negative numbers, went.
Their sums are those of the passages that are in the snapshot, so that scores are the same as those
of a store in a folder. Small parts are joined, so that there are never many.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.recently_used import RecentlyUsed
from index.search.postings import Terms
from index.store.postgres.connection import Connection
from index.store.postgres.database import Database
from index.store.postgres.history import select

Entries = tuple[NDArray[np.int32], NDArray[np.uint8]]

_KEPT_BYTES = 64 << 20
_KEPT_FORMS = 1 << 12
_GROWTH = 4
"""A part is joined to the one before unless that is so many times larger."""

_NONE: Entries = np.zeros(0, np.int32), np.zeros(0, np.uint8)


class StoredPostings:
    """The parts of a snapshot, read as `index.search.postings.Postings` are."""

    def __init__(self, database: Database, parts: Sequence[int]) -> None:
        self._database, self._parts = database, list(parts)
        self._terms = RecentlyUsed[str, tuple[int, Entries]](_KEPT_BYTES)
        self._forms = RecentlyUsed[str, str | None](_KEPT_FORMS)

    def bring(self, terms: Sequence[str]) -> None:
        """Read terms that are soon asked for, all at once."""
        missing = [term for term in dict.fromkeys(terms) if term not in self._terms]
        read = dict.fromkeys(missing, (0, _NONE)) | self._read(missing) if missing else {}
        for term, found in read.items():
            self._keep(term, found)

    def of(self, term: str) -> Entries:
        """Return the passages that hold a term, in order, and how often each does."""
        return self._term(term)[1]

    def frequency(self, term: str) -> int:
        """Return in how many passages a term stands."""
        return self._term(term)[0]

    def form(self, term: str) -> str | None:
        """Return the word that a term most often comes from, None if no passage holds it."""

        def read() -> tuple[str | None, int]:
            if not self.frequency(term):
                return None, 1
            rows = self._database.rows(f"{_FORMS} AND term = %s {_BY_TERM}", [self._parts, term])
            return rows[0]["word"] if rows else term, 1

        return self._forms.get(term, read)

    def forms_beginning_with(self, letter: str, lengths: range) -> list[str]:
        """Return the forms of terms that begin with a letter and have so many bytes, by term."""
        rows = self._database.rows(
            f"SELECT word FROM ({_FORMS} AND term >= %s AND term < %s {_BY_TERM}) AS forms"
            " WHERE octet_length(word) BETWEEN %s AND %s AND term IN (SELECT term FROM postings"
            "  WHERE part = ANY(%s) AND term >= %s AND term < %s"
            "  GROUP BY term HAVING sum(held) > 0) ORDER BY term",
            [
                *(self._parts, letter, chr(ord(letter) + 1), lengths.start, lengths.stop - 1),
                *(self._parts, letter, chr(ord(letter) + 1)),
            ],
        )
        return [row["word"] for row in rows]

    def _term(self, term: str) -> tuple[int, Entries]:
        def read() -> tuple[tuple[int, Entries], int]:
            found = self._read([term]).get(term, (0, _NONE))
            return found, _weight(found)

        return self._terms.get(term, read)

    def _keep(self, term: str, found: tuple[int, Entries]) -> None:
        self._terms.get(term, lambda: (found, _weight(found)))

    def _read(self, terms: Sequence[str]) -> dict[str, tuple[int, Entries]]:
        rows = self._database.rows(
            "SELECT term, sum(held)::bigint AS held,"
            " string_agg(rows, ''::bytea ORDER BY part) AS rows,"
            " string_agg(counts, ''::bytea ORDER BY part) AS counts"
            " FROM postings WHERE part = ANY(%s) AND term = ANY(%s) GROUP BY term",
            [self._parts, list(terms)],
        )
        return {
            row["term"]: (
                row["held"],
                (np.frombuffer(row["rows"], "<i4"), np.frombuffer(row["counts"], np.uint8)),
            )
            for row in rows
        }


_FORMS = (
    "SELECT DISTINCT ON (term) term, word FROM (SELECT term, word, sum(said) AS said,"
    " sum(headed) AS headed FROM words WHERE part = ANY(%s)"
)
_BY_TERM = (
    "GROUP BY term, word HAVING sum(said) <> 0 OR sum(headed) <> 0) AS sums"
    " ORDER BY term, said DESC, char_length(word), word"
)
"""Of each term the word that is said most often, then the shortest, then the first."""


def _weight(found: tuple[int, Entries]) -> int:
    return 200 + sum(entries.nbytes for entries in found[1])


def write_part(connection: Connection, terms: Terms) -> int:
    """Write terms as a new part; return its number."""
    (row,) = select(
        connection,
        "INSERT INTO parts SELECT coalesce(max(number), 0) + 1, %s FROM parts RETURNING number",
        [len(terms.rows) + len(terms.vocabulary)],
    )
    number: int = row["number"]
    with connection.cursor() as cursor:
        with cursor.copy(
            "COPY postings (part, term, held, rows, counts) FROM STDIN (FORMAT BINARY)"
        ) as copy:
            copy.set_types(["int4", "text", "int8", "bytea", "bytea"])
            for posting in _postings_of(terms):
                copy.write_row((number, *posting))
        with cursor.copy(
            "COPY words (part, term, word, said, headed) FROM STDIN (FORMAT BINARY)"
        ) as copy:
            copy.set_types(["int4", "text", "text", "int8", "int8"])
            vocabulary = list(terms.vocabulary)
            for word, term, said, headed in zip(
                terms.words,
                terms.word_terms.tolist(),
                terms.said.tolist(),
                terms.headed.tolist(),
                strict=True,
            ):
                copy.write_row((number, vocabulary[term], word, said, headed))
    return number


def _postings_of(terms: Terms) -> Iterator[tuple[str, int, bytes, bytes]]:
    rows, counts = terms.rows.astype("<i4"), terms.counts
    for term, held, (first, stop) in zip(
        terms.vocabulary, terms.held.tolist(), pairwise(terms.starts.tolist()), strict=True
    ):
        yield term, held, rows[first:stop].tobytes(), counts[first:stop].tobytes()


def join_parts(connection: Connection, parts: Sequence[int]) -> list[int]:
    """Join the last parts as long as the one before is not much larger; return what there is."""
    rows = select(
        connection, "SELECT number, entries FROM parts WHERE number = ANY(%s)", [list(parts)]
    )
    sizes = {row["number"]: row["entries"] for row in rows}
    kept, joined, size = list(parts), list[int](), 0
    while kept and (not joined or sizes[kept[-1]] < _GROWTH * size):
        joined.insert(0, kept.pop())
        size += sizes[joined[0]]
    if len(joined) < 2:
        return list(parts)
    (row,) = select(
        connection,
        "INSERT INTO parts SELECT max(number) + 1, %s FROM parts RETURNING number",
        [size],
    )
    values = {"new": row["number"], "old": joined}
    connection.execute(
        "INSERT INTO postings (part, term, held, rows, counts)"
        " SELECT %(new)s, term, sum(held), string_agg(rows, ''::bytea ORDER BY part),"
        " string_agg(counts, ''::bytea ORDER BY part)"
        " FROM postings WHERE part = ANY(%(old)s) GROUP BY term",
        values,
    )
    connection.execute(
        "INSERT INTO words (part, term, word, said, headed)"
        " SELECT %(new)s, term, word, sum(said), sum(headed)"
        " FROM words WHERE part = ANY(%(old)s) GROUP BY term, word",
        values,
    )
    return [*kept, row["number"]]
