"""Immutable files named by their SHA-256: the ground that a store stands on.

A file appears under its name only when all of it is on disk, so a crash at any instant
leaves either the whole file or none. Every read compares the checksum: FAISS, for one,
would load a flipped bit without a word.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamagedError, StoreError
from index.store.array_file import arrays_in, arrays_to_bytes

SMALLEST_MAPPED = 1 << 16
"""Bytes: a smaller file is read, for a process can have only so many files open."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file's name, which is its checksum, and its size in bytes."""

    sha256: str
    bytes: int


def stored_as(content: bytes) -> StoredFile:
    """Return what a file of this content is called."""
    return StoredFile(hashlib.sha256(content).hexdigest(), len(content))


class ObjectFolder:
    """A folder of content-addressed files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> StoredFile:
        """Write `content` unless it is there already, intact."""
        file = stored_as(content)
        path = self.folder / file.sha256
        if not self._is_intact(file):
            write_atomically(path, content)
        return file

    def get(self, file: StoredFile) -> bytes:
        """Return the content. Raises StoreDamagedError unless it is what was written."""
        with self._opened(file) as opened:
            content = opened.read()
        if len(content) != file.bytes:
            found = f"{file.sha256} has {len(content)} bytes instead of {file.bytes}"
            raise StoreDamagedError(found)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise StoreDamagedError(f"{file.sha256} was altered")
        return content

    def check(self, file: StoredFile) -> None:
        """Raise StoreDamagedError unless a file is what was written."""
        with self._opened(file) as opened:
            self._compare(file, opened)

    def path(self, file: StoredFile) -> Path:
        """Return where a file lies."""
        return self.folder / file.sha256

    def put_array(self, content: NDArray[Any]) -> StoredFile:
        """Write an array in NumPy's own format."""
        return self.put(arrays_to_bytes([content]))

    def map_bytes(self, file: StoredFile) -> NDArray[np.uint8]:
        """Return the content, that of a large file read from the disk where it is looked at.

        It is read-only. Each mapped file stays open. Raises StoreDamagedError unless it is what was
        written.
        """
        if file.bytes < SMALLEST_MAPPED:
            return np.frombuffer(self.get(file), np.uint8)
        with self._opened(file) as opened:
            self._compare(file, opened)
            mapped = np.memmap(opened, np.uint8, "r")
        return mapped.view(np.ndarray)  # np.memmap itself is slow to slice

    def map_array(self, file: StoredFile) -> NDArray[Any]:
        """Return an array that was put, as `map_bytes` does; none of it is in memory yet."""
        if file.bytes < SMALLEST_MAPPED:
            return next(arrays_in(self.map_bytes(file)))
        with self._opened(file) as opened:
            self._compare(file, opened)
            # The head is read, not mapped: touching one page may bring in two megabytes.
            opened.seek(0)
            np.lib.format.read_magic(opened)
            shape, _, dtype = np.lib.format.read_array_header_1_0(opened)
            mapped = np.memmap(opened, dtype, "r", opened.tell(), shape)
        return mapped.view(np.ndarray)

    @staticmethod
    def _compare(file: StoredFile, opened: io.BufferedReader) -> None:
        if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
            raise StoreDamagedError(f"{file.sha256} was altered")

    @contextmanager
    def _opened(self, file: StoredFile) -> Iterator[io.BufferedReader]:
        path = self.folder / file.sha256
        try:
            with path.open("rb") as opened:
                yield opened
        except FileNotFoundError:
            raise StoreDamagedError(f"{path.name} is missing") from None
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}.") from error

    def remove_all_but(self, keep: set[str]) -> None:
        """Delete the files whose names are not in `keep`, and what a crash left half-written."""
        for path in self.folder.iterdir():
            if path.name not in keep:
                path.unlink(missing_ok=True)

    def total_bytes(self) -> int:
        """Return how much disk the files take."""
        return sum(path.stat().st_size for path in self.folder.iterdir())

    def _is_intact(self, file: StoredFile) -> bool:
        try:
            self.get(file)
        except StoreError:
            return False
        return True


def write_atomically(path: Path, content: bytes, aside: Path | None = None) -> None:
    """Write `content` aside, bring it to the disk, and only then give it its name.

    `aside` is the folder to write in, the file's own if not given. A crash leaves a
    half-written file there, so it should be one that is tidied up.
    """
    handle, name = tempfile.mkstemp(dir=aside or path.parent, prefix="writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def fsync_folder(folder: Path) -> None:
    """Bring the folder's list of names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def write_errors_explained(store: Path) -> Iterator[None]:
    """Turn a full disk or a forbidden folder into an error that says what to do."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The store {store} cannot be written: {error.strerror or error}. What it held is "
            "unchanged; make room there, or choose another place with --store."
        ) from error
