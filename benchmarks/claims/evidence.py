"""A claim, and the windows that a written sentence would cite for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from index.chunking.chunker import Chunker
from index.encoding.model import find_model
from index.parsers import read_file
from index.records import Document, Passage, Span
from index.search.features import words_in
from index.sources.listing import SourceFile
from index.structure.units import MOST_UNIT_SIZE, size, stands_above, units_of
from qa.read.windows import Window, windows

Origin = str
"""The set that a claim belongs to."""

NEAREST = 3
"""Windows that are read for a claim that nothing is known to support."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, the windows that it rests on, the best of which counts, and whether one says it.

    `kind` tells, within its set, how the claim came about. `passages` are those that the windows
    stand in; there are none where no document is known.
    """

    origin: Origin
    kind: str
    text: str
    windows: tuple[Window, ...]
    supported: bool
    passages: tuple[tuple[Document, Passage], ...] = ()


@dataclass(frozen=True)
class CutDocument:
    """A document and its passages."""

    document: Document
    passages: tuple[Passage, ...]

    @cached_property
    def windows(self) -> list[Window]:
        """The windows of all passages, in order."""
        return windows((self.document, passage) for passage in self.passages)

    def cited(self, start: int, more: int) -> Window:
        """Return the window of the unit at `start` and of so `many` units behind it.

        The units of one passage are meant. Raises ValueError where no unit stands.
        """
        text = self.document.text
        for number, passage in enumerate(self.passages):
            units = [unit for unit in units_of(text, passage) if unit.kind != "header"]
            for at, unit in enumerate(units):
                if unit.span.start <= start < unit.span.end:
                    above = stands_above(self.document, passage)
                    return Window.of(number, text, above, units[at : at + 1 + more])
        raise ValueError(f"nothing that can be cited stands at {start} of {self.document.source}")

    def claim(
        self, origin: Origin, kind: str, text: str, cited: Iterable[Window], *, supported: bool
    ) -> Claim:
        """Return a claim that rests on some of the windows."""
        rested = tuple(cited)
        numbers = sorted({window.passage for window in rested})
        passages = tuple((self.document, self.passages[number]) for number in numbers)
        return Claim(origin, kind, text, rested, supported, passages)


class Cutter:
    """Cuts documents into passages as an index does."""

    def __init__(self) -> None:
        model = find_model()
        self._chunker = Chunker(model.tokenizer(), model.budget())

    def cut(self, document: Document) -> CutDocument:
        """Return the document with its passages."""
        return CutDocument(document, tuple(self._chunker.chunk(document).passages))

    def files(self, paths: Iterable[Path]) -> list[CutDocument]:
        """Return the documents of some files, by the order of their names."""
        return [
            self.cut(document)
            for path in sorted(paths)
            for document in read_file(SourceFile(path, path.name))
        ]


def window_of(text: str) -> Window:
    """Return a window of a text that is no part of a document."""
    whole = Span(0, len(text))
    return Window(0, whole, (whole,), text, "")


def packed(sentences: Sequence[str]) -> list[Window]:
    """Return windows of whole sentences, as many in each as a window takes."""
    runs: list[list[str]] = []
    room = 0
    for sentence in sentences:
        words = size(sentence)
        if not runs or words > room:
            runs.append([])
            room = MOST_UNIT_SIZE
        runs[-1].append(sentence)
        room -= words
    return [window_of(" ".join(run)) for run in runs]


def shared(claim: str, text: str) -> float:
    """Return the share of the claim's words that a text has."""
    words = set(words_in(claim))
    return len(words.intersection(words_in(text))) / max(1, len(words))


def nearest(claim: str, candidates: Sequence[Window]) -> tuple[Window, ...]:
    """Return the windows that share most words with the claim."""
    ranked = sorted(candidates, key=lambda window: -shared(claim, window.text))
    return tuple(ranked[:NEAREST])
