"""Files that rows are appended to: vectors, and numbers a passage and a sentence.

Rows that are committed never change. Their number stands in the database, and a checksum of each
block of the file; what a crash left behind them is written over.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamagedError
from index.files import sync_folder
from index.store.local.database import VECTORS

BLOCK_BYTES = 1 << 20
Block = tuple[str, int, bytes]
"""The name of a file, the number of one of its blocks, and the SHA-256 of this."""
_THREADS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class AppendedFile:
    """A file of rows, each of them `dtype` with the `shape` that a row has."""

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...] = ()

    @property
    def row_bytes(self) -> int:
        """The size of a row."""
        return int(self.dtype.itemsize * np.prod(self.shape, dtype=int))

    def write(self, first: int, rows: NDArray[Any]) -> None:
        """Write rows behind the first ones; they are not on the disk before `sync`."""
        content = np.ascontiguousarray(rows, self.dtype)
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(self.path, flags, 0o600), "wb") as file:
            file.seek(first * self.row_bytes)
            file.write(content.tobytes())

    def sync(self, before: int, count: int) -> list[Block]:
        """Bring rows from `before` up to `count` to the disk; return new checksums of blocks."""
        with self.path.open("ab") as file:
            file.truncate(count * self.row_bytes)
            os.fsync(file.fileno())
        if not before:
            sync_folder(self.path.parent)
        changed = range(before * self.row_bytes // BLOCK_BYTES, self._blocks(count))
        digests = self._digests(changed, count)
        return [(self.path.name, *block) for block in zip(changed, digests, strict=True)]

    def check(
        self, connection: sqlite3.Connection, count: int, checked: dict[int, bytes]
    ) -> dict[int, bytes]:
        """Compare the checksums of the first `count` rows but for blocks in `checked`; return all.

        The last block may be written to, so it is compared as far as it is committed. Raises
        StoreDamagedError.
        """
        written = self._written(connection, count)
        unchecked = [number for number in written if checked.get(number) != written[number]]
        found = dict(zip(unchecked, self._digests(unchecked, count), strict=True))
        if len(written) != self._blocks(count) or found != {n: written[n] for n in unchecked}:
            raise StoreDamagedError(f"{self._name} was altered")
        return written

    def damaged_rows(self, connection: sqlite3.Connection, count: int) -> NDArray[np.bool_]:
        """Return for each of the first `count` rows whether it lies in a block that was altered."""
        damaged, written = np.zeros(count, np.bool_), self._written(connection, count)
        numbers = range(self._blocks(count))
        for number, digest in zip(numbers, self._digests(numbers, count), strict=True):
            if written.get(number) != digest:
                start = number * BLOCK_BYTES // self.row_bytes
                damaged[start : (number + 1) * BLOCK_BYTES // self.row_bytes + 1] = True
        return damaged

    def map(self, count: int) -> NDArray[Any]:
        """Return the first `count` rows, read from the disk where they are looked at."""
        if not count:
            return np.empty((0, *self.shape), self.dtype)
        try:
            mapped = np.memmap(self.path, self.dtype, "r", shape=(count, *self.shape))
        except (OSError, ValueError):
            raise StoreDamagedError(f"{self._name} is too short") from None
        return mapped.view(np.ndarray)  # np.memmap itself is slow to slice

    def _written(self, connection: sqlite3.Connection, count: int) -> dict[int, bytes]:
        """Return the checksums of the blocks of the first `count` rows, as they were written."""
        query = "SELECT number, sha256 FROM blocks WHERE file = ? AND number < ?"
        found = connection.execute(query, (self.path.name, self._blocks(count))).fetchall()
        return {number: sha256 for number, sha256 in found if isinstance(number, int)}

    def _blocks(self, count: int) -> int:
        return -(-count * self.row_bytes // BLOCK_BYTES)

    def _digests(self, numbers: Iterable[int], count: int) -> list[bytes]:
        """Return the SHA-256 of blocks as far as they hold the first `count` rows.

        It is b"" where the file ends before.
        """
        end = count * self.row_bytes

        def digest(number: int) -> bytes:
            size = min(BLOCK_BYTES, end - number * BLOCK_BYTES)
            with self.path.open("rb") as file:
                file.seek(number * BLOCK_BYTES)
                block = file.read(size)
            return hashlib.sha256(block).digest() if len(block) == size else b""

        numbers = list(numbers)
        try:
            if len(numbers) < 2:  # no thread is worth it
                return list(map(digest, numbers))
            with ThreadPoolExecutor(_THREADS) as threads:
                return list(threads.map(digest, numbers))
        except FileNotFoundError:
            raise StoreDamagedError(f"{self._name} is missing") from None

    @property
    def _name(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"


ROW = np.dtype(
    [
        ("first", "<i4"),  # row of the first passage of the document
        ("stop", "<i4"),  # row behind its last one
        ("length", "<i4"),  # terms of the passage
        ("document_length", "<i4"),
        ("sentences", "<i8"),  # where the digests of its sentences begin in their file
        ("sentence_count", "<i4"),
        ("features", "<i4"),  # so many numbers of `index.search.features` come behind them
    ]
)
"""What a question looks at of every passage."""


@dataclass(frozen=True, slots=True)
class Generation:
    """The files of a generation: vectors in half precision, rows, and what sentences hold."""

    number: int
    vectors: AppendedFile
    rows: AppendedFile
    sentences: AppendedFile

    @classmethod
    def of(cls, folder: Path, number: int, dimension: int) -> "Generation":
        """Return the files of a generation in a store's folder."""
        name = folder / VECTORS / str(number)
        return cls(
            number,
            AppendedFile(name.with_suffix(".f16"), np.dtype("<f2"), (dimension,)),
            AppendedFile(name.with_suffix(".rows"), ROW),
            AppendedFile(name.with_suffix(".sentences"), np.dtype("<u8")),
        )

    @property
    def files(self) -> tuple[AppendedFile, AppendedFile, AppendedFile]:
        """All of them."""
        return self.vectors, self.rows, self.sentences

    def sync(self, before: tuple[int, int], counts: tuple[int, int]) -> list[Block]:
        """Bring new rows and sentences of all files to the disk; return checksums of blocks.

        What was there before, and is now, is counted in rows and sentences.
        """
        numbers = zip(self.files, (0, 0, 1), strict=True)
        return [block for file, n in numbers for block in file.sync(before[n], counts[n])]

    def cut(self, rows: int, sentences: int) -> None:
        """Give back the room of what lies behind the rows and sentences that are committed."""
        for file, count in zip(self.files, (rows, rows, sentences), strict=True):
            size = count * file.row_bytes
            if file.path.exists() and file.path.stat().st_size > size:
                os.truncate(file.path, size)
