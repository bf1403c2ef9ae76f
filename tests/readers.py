"""Readers for the tests of what is made of a reading."""

from collections.abc import Sequence

from qa.read.reading import Reader, Reading
from qa.read.windows import Window


class RememberingReader:
    """A reader that reads the same windows for the same question only once: reading takes long."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[tuple[str, tuple[Window, ...]], Reading] = {}
        self.name = reader.name
        self.digest = reader.digest
        self.backend = reader.backend

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        key = question, tuple(windows)
        if key not in self._known:
            self._known[key] = self._reader.read(question, windows)
        return self._known[key]
