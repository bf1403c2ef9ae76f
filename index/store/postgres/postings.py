"""The terms of a snapshot's passages as tables: what the search by words reads, and how it grows.

A snapshot has a few parts, each the terms of passages that came or, with negative numbers, went.
Their sums are those of the passages that are in the snapshot, so that scores are the same as those
of a store in a folder. Small parts are joined, so that there are never many.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.recently_used import RecentlyUsed
from index.search.postings import Terms
from index.store.postgres.connection import Connection
from index.store.postgres.database import Database
from index.store.postgres.history import select

_KEPT_BYTES = 64 << 20
_KEPT_FORMS = 1 << 18
_AT_ONCE = 1000
_GROWTH = 4
"""A part is joined to the one before unless that is so many times larger."""


class StoredTerm(NamedTuple):
    """The passages that hold a term, how often each does, and the word it mostly comes from.

    `rows` are in order; those of passages that went may be among them, but not in `held`.
    """

    held: int
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]
    form: str | None

    @property
    def weight(self) -> int:
        """How many bytes it takes."""
        return 400 + self.rows.nbytes + self.counts.nbytes


_NOWHERE = StoredTerm(0, np.zeros(0, np.int32), np.zeros(0, np.uint8), None)


class StoredPostings:
    """The parts of a snapshot, read as `index.search.postings.Postings` are."""

    def __init__(self, database: Database, parts: Sequence[int]) -> None:
        self._database, self._parts = database, list(parts)
        self._terms = RecentlyUsed[str, StoredTerm](_KEPT_BYTES)
        self._forms = RecentlyUsed[str, list[tuple[str, int]]](_KEPT_FORMS)

    def prefetch(self, terms: Iterable[str]) -> None:
        """Read terms at once that are soon asked for."""
        if missing := [term for term in dict.fromkeys(terms) if term not in self._terms]:
            self._read(missing)

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Return the passages that hold a term, in order, and how often each does."""
        found = self._term(term)
        return found.rows, found.counts

    def frequency(self, term: str) -> int:
        """Return in how many passages a term stands."""
        return self._term(term).held

    def form(self, term: str) -> str | None:
        """Return the word that a term most often comes from, None if no passage holds it."""
        return self._term(term).form

    def forms_beginning_with(self, letter: str, lengths: range) -> list[str]:
        """Return the forms of terms that begin with a letter and have so many bytes, by term."""

        def read() -> tuple[list[tuple[str, int]], int]:
            rows = self._database.rows(
                f"SELECT word, octet_length(word) AS length FROM ({_FORMS} AND term >= %(first)s"
                f" AND term < %(end)s {_BY_TERM}) AS forms WHERE term IN"
                " (SELECT term FROM postings WHERE part = ANY(%(parts)s) AND term >= %(first)s"
                "  AND term < %(end)s GROUP BY term HAVING sum(held) > 0) ORDER BY term",
                {"parts": self._parts, "first": letter, "end": chr(ord(letter) + 1)},
            )
            return [(row["word"], row["length"]) for row in rows], len(rows)

        forms = self._forms.get(letter, read)
        return [form for form, length in forms if length in lengths]

    def _term(self, term: str) -> StoredTerm:
        def read() -> tuple[StoredTerm, int]:
            found = self._read([term])[term]
            return found, found.weight

        return self._terms.get(term, read)

    def _read(self, terms: Sequence[str]) -> dict[str, StoredTerm]:
        """Return terms, and keep them: as many as there is room for."""
        rows = self._database.rows(
            f"SELECT sums.*, word FROM ({_SUMS}) AS sums LEFT JOIN ({_FORMS} AND term ="
            f" ANY(%(terms)s) {_BY_TERM}) AS forms USING (term)",
            {"parts": self._parts, "terms": list(terms)},
        )
        found = dict.fromkeys(terms, _NOWHERE)
        for row in rows:
            entries = np.frombuffer(row["rows"], "<i4"), np.frombuffer(row["counts"], np.uint8)
            form = (row["word"] or row["term"]) if row["held"] else None
            found[row["term"]] = StoredTerm(row["held"], *entries, form)
        for term, read in found.items():
            self._terms.get(term, lambda read=read: (read, read.weight))  # type: ignore[misc]
        return found


_SUMS = (
    "SELECT term, sum(held)::bigint AS held,"
    " string_agg(rows, ''::bytea ORDER BY part) AS rows,"
    " string_agg(counts, ''::bytea ORDER BY part) AS counts"
    " FROM postings WHERE part = ANY(%(parts)s) AND term = ANY(%(terms)s) GROUP BY term"
)
_FORMS = (
    "SELECT DISTINCT ON (term) term, word FROM (SELECT term, word, sum(said) AS said,"
    " sum(headed) AS headed FROM words WHERE part = ANY(%(parts)s)"
)
_BY_TERM = (
    "GROUP BY term, word HAVING sum(said) <> 0 OR sum(headed) <> 0) AS sums"
    " ORDER BY term, said DESC, char_length(word), word"
)
"""Of each term the word that is said most often, then the shortest, then the first."""


def write_part(connection: Connection, terms: Terms) -> int:
    """Write terms as a new part; return its number."""
    (row,) = select(
        connection,
        "INSERT INTO parts (entries) VALUES (%s) RETURNING number",
        [len(terms.rows) + len(terms.vocabulary)],
    )
    number: int = row["number"]
    _copy_postings(connection, number, _postings_of(terms))
    with connection.cursor().copy(
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


def _copy_postings(
    connection: Connection, number: int, postings: Iterable[tuple[str, int, bytes, bytes]]
) -> None:
    with connection.cursor().copy(
        "COPY postings (part, term, held, rows, counts) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["int4", "text", "int8", "bytea", "bytea"])
        for posting in postings:
            copy.write_row((number, *posting))


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
    (row,) = select(connection, "INSERT INTO parts (entries) VALUES (%s) RETURNING number", [size])
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


def write_parts_anew(
    connection: Connection, parts: Sequence[int], alive: NDArray[np.bool_]
) -> list[int]:
    """Join all parts of a snapshot, without what is not in it; return what there is.

    The first part has all then: who has the snapshot open reads the same as before.
    """
    if not parts:
        return []
    number = parts[0]
    with connection.cursor("postings") as cursor:
        cursor.execute(
            "SELECT term, sum(held)::bigint, string_agg(rows, ''::bytea ORDER BY part),"
            " string_agg(counts, ''::bytea ORDER BY part) FROM postings WHERE part = ANY(%s)"
            " GROUP BY term HAVING sum(held) > 0",
            [list(parts)],
        )
        joined = cursor.fetchmany(_AT_ONCE)
        connection.execute("DELETE FROM postings WHERE part = ANY(%s)", [list(parts)])
        while joined:
            kept = ((*row[:2], *_of_alive(row[2], row[3], alive)) for row in joined)
            _copy_postings(connection, number, kept)
            joined = cursor.fetchmany(_AT_ONCE)
    connection.execute(
        "WITH joined AS (DELETE FROM words WHERE part = ANY(%(parts)s) RETURNING *)"
        " INSERT INTO words (part, term, word, said, headed)"
        " SELECT %(number)s, term, word, sum(said), sum(headed) FROM joined"
        " GROUP BY term, word HAVING sum(said) <> 0 OR sum(headed) <> 0",
        {"parts": list(parts), "number": number},
    )
    connection.execute(
        "UPDATE parts SET entries = (SELECT coalesce(sum(octet_length(counts) + 1), 0)"
        " FROM postings WHERE part = number) WHERE number = %s",
        [number],
    )
    return [number]


def _of_alive(rows: bytes, counts: bytes, alive: NDArray[np.bool_]) -> tuple[bytes, bytes]:
    passages = np.frombuffer(rows, "<i4")
    kept = alive[passages]
    return passages[kept].tobytes(), np.frombuffer(counts, np.uint8)[kept].tobytes()
