"""The files of a snapshot: mapped, every checksum compared, and what is derived is written."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamagedError
from index.search.bm25 import Lexicon
from index.search.dense import DenseIndex, codes_of, read_codes
from index.search.postings import Postings, Terms, combine
from index.store.local.appended import Generation
from index.store.local.arrays import ArrayFolder
from index.store.local.database import ARRAYS
from index.store.local.history import SnapshotRow, array_names

ALIVE, BASE, DELTA, CODES = "alive", "base", "delta", "codes"
"""Kinds of arrays: which rows a snapshot has, the terms of its passages, and codes of vectors."""

KINDS = frozenset({ALIVE, BASE, DELTA, CODES})
"""A snapshot has one of each kind, but that few rows have no codes."""

_READ: dict[str, Callable[[dict[str, NDArray[Any]]], Any]] = {
    BASE: Terms.from_arrays,
    DELTA: Terms.from_arrays,
    CODES: lambda arrays: read_codes(arrays["codes"]),
}


class ArraysDamagedError(StoreDamagedError):
    """Derived arrays are not what was written: they can be made again."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """The files of a snapshot, ready to be searched.

    `rows` are `appended.ROW` for each passage that the generation has up to this snapshot, and
    `alive` tells which of them are in it, None for all. `derived` has terms and codes by the
    SHA-256 of their files, `checked` a digest by file and block.
    """

    row: SnapshotRow
    checked: list[dict[int, bytes]]
    rows: NDArray[np.void]
    sentences: NDArray[np.uint64]
    alive: NDArray[np.bool_] | None
    derived: dict[str, Any]
    dense: DenseIndex
    lexicon: Lexicon[Postings]

    @property
    def living(self) -> NDArray[np.bool_]:
        """Tell of each row whether it is in the snapshot."""
        return np.ones(len(self.rows), np.bool_) if self.alive is None else self.alive


def map_files(
    folder: Path, connection: sqlite3.Connection, row: SnapshotRow, before: Mapped | None
) -> Mapped:
    """Compare the checksums of a snapshot's files, and map them.

    What was checked and mapped `before`, for a snapshot of the same generation, is taken over.
    Raises StoreDamagedError, ArraysDamagedError.
    """
    files = Generation.of(folder, row.generation, row.info.made_by.dimension)
    rows, sentences = connection.execute(
        "SELECT rows, sentences FROM generations WHERE number = ?", [row.generation]
    ).fetchone()
    if not isinstance(rows, int) or not isinstance(sentences, int):
        raise StoreDamagedError(f"what it says of generation {row.generation} was altered")
    counts = rows, rows, sentences
    checked = [
        file.check(connection, count, blocks)
        for file, count, blocks in zip(
            files.files, counts, before.checked if before else ({}, {}, {}), strict=True
        )
    ]
    arrays, names = ArrayFolder(folder / ARRAYS), array_names(connection, row.number)
    derived: dict[str, Any] = before.derived if before else {}
    try:
        bits = arrays.map(names[ALIVE])["rows"]
        derived = {
            name: derived.get(name) or _READ[kind](arrays.map(name))
            for kind, name in names.items()
            if kind != ALIVE
        }
        postings = Postings(derived[names[BASE]], derived[names[DELTA]])
    except (KeyError, StoreDamagedError) as error:
        raise ArraysDamagedError(f"{ARRAYS}/: {error}") from error
    numbers, alive = files.rows.map(row.rows), None
    if row.info.passages < row.rows:
        alive = np.unpackbits(bits, count=row.rows, bitorder="little").view(np.bool_)
    lexicon = Lexicon.of(
        postings,
        firsts=numbers["first"],
        ends=numbers["stop"],
        lengths=numbers["length"],
        document_lengths=numbers["document_length"],
        alive=alive,
        passages=row.info.passages,
        documents=row.info.documents,
        total_length=row.terms,
    )
    return Mapped(
        row=row,
        checked=checked,
        rows=numbers,
        sentences=files.sentences.map(row.row_sentences),
        alive=alive,
        derived=derived,
        dense=DenseIndex(files.vectors.map(row.rows), derived.get(names.get(CODES, ""))),
        lexicon=lexicon,
    )


def write_arrays(
    folder: Path,
    terms: Mapping[str, Terms],
    alive: NDArray[np.bool_],
    vectors: NDArray[np.float16],
    before: Mapping[str, str],
) -> dict[str, str]:
    """Write what is derived from a snapshot's rows; return the SHA-256 of the files by kind.

    `before` are the files of the parent: what is not in `terms` stays, and codes are added to.
    """
    arrays, names = ArrayFolder(folder / ARRAYS), dict(before)
    names |= {kind: arrays.write(part.arrays()) for kind, part in terms.items()}
    names[ALIVE] = arrays.write({"rows": np.packbits(alive, bitorder="little")})
    old = arrays.map(names[CODES])["codes"] if CODES in names else None
    codes = codes_of(vectors, old)
    if codes is not None and codes is not old:
        names[CODES] = arrays.write({"codes": codes})
    return names


def base_of(parts: Sequence[Terms], alive: NDArray[np.bool_]) -> dict[str, Terms]:
    """Return the terms of all passages that are alive as a base, with an empty delta."""
    return {BASE: combine(parts or [Terms.empty()], alive), DELTA: Terms.empty()}
