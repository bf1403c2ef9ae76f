"""Stores and files of as many passages as are wanted.

`python -m benchmarks.grow STORE --passages N --into DIR|URL` takes the documents of STORE with
their vectors, and perturbed copies of them where N is more. Nothing is cut or encoded; the store
writes them as it does those of `pincite index`.

A copy's sentences begin as those of its original and end as others of the set do, so that its words
are real ones and hardly any sentence stands twice. A copy's vectors have a cosine of 0.6 to 0.9,
evenly distributed, to those of its original, as near neighbours have in real sets. What is added to
them is at a right angle and a difference of two other real vectors, so that copies spread in the
directions in which real vectors do. Each copy is a function of its number.
"""

import argparse
import json
import resource
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from random import Random

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from eval.sets.layouts import markdown_document
from index.chunking.chunker import VERSION as CHUNKING
from index.encoding.encoder import Vectors
from index.records import (
    ChunkedDocument,
    Document,
    Passage,
    Skipped,
    Span,
    passage_id,
    passage_text,
)
from index.store import open_store
from index.store.location import Location, location_of
from index.store.protocols import Rows, Snapshot
from index.store.records import embedded_digest

BUILT = "built.json"
"""Beside the store: how it was built."""

COSINES = 0.6, 0.9
SECTIONS = 5
"""How many each file of `write_files` has."""
_FOLDER = "grown"
_BATCH = 2000
_TEXT, _PASSAGES = range(2)
"""What a random generator is for: each has its own, by the number of the document."""


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("originals", type=Path, help="a store of real documents")
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--into", type=location_of, required=True, help="where the new store is")
    options = parser.parse_args()
    print(json.dumps(grow(options.originals, options.passages, options.into)))


def grow(originals: Path, passages: int, into: Location) -> dict[str, float]:
    """Build a store of at least so many passages at `into`, in place of what is in that folder.

    Returns figures: `seconds`, `peak_mib` of memory, and what the store holds.
    """
    started = time.perf_counter()
    snapshot = open_store(originals).open()
    copies = Copies(snapshot)
    if isinstance(into, Path):
        shutil.rmtree(into, ignore_errors=True)
    store = open_store(into)
    with store.writing():
        # Cut as it is now, or the first upload would have all cut anew.
        draft = store.draft(replace(snapshot.info.made_by, chunking=CHUNKING), None)
        numbers = copies.numbers(passages)
        for start in range(0, len(numbers), _BATCH):
            documents = [copies.document(number) for number in numbers[start : start + _BATCH]]
            draft.put(documents, copies.vectors_by_digest(documents))
        info = draft.commit(live=True)
    built = {
        "seconds": time.perf_counter() - started,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
        "documents": info.documents,
        "passages": info.passages,
        "sentences": info.sentences,
        "real_documents": min(info.documents, len(copies.originals)),
        "disk_mib": store.total_bytes() / 2**20,
    }
    if isinstance(into, Path):
        (into.parent / f"{into.name}.{BUILT}").write_text(json.dumps(built), "utf-8")
    return built


@dataclass(frozen=True, slots=True)
class Original:
    """A real document: the sentences of its passages, and where the passages' vectors stand."""

    title: str
    passages: tuple[tuple[str, ...], ...]
    rows: range


class Copies:
    """Documents by their numbers, from 0: first the real ones of a snapshot, then their copies."""

    def __init__(self, snapshot: Snapshot) -> None:
        rows, self.originals = _originals(snapshot)
        self._sentences = [s for each in self.originals for p in each.passages for s in p]
        self._passage_vectors: Vectors = snapshot.vectors(rows).astype(np.float32)

    def numbers(self, passages: int) -> range:
        """Return the fewest first documents that have at least so many passages."""
        held = accumulate(len(each.passages) for each in self.originals)
        ends = [0, *held]
        rounds, rest = divmod(passages, ends[-1])
        return range(rounds * len(self.originals) + int(np.searchsorted(ends, rest)))

    def source(self, number: int) -> str:
        """Return what a document is called."""
        return f"{_FOLDER}/{number}"

    def document(self, number: int) -> ChunkedDocument:
        """Return a document, its title as the heading of all its passages."""
        original = self._original(number)
        title, passages = original.title, original.passages
        if self._is_copy(number):
            random = default_rng((_TEXT, number))
            title = self._mixed(title, random) if title else ""
            passages = tuple(tuple(self._mixed(s, random) for s in p) for p in passages)
        return _chunked(self.source(number), title, passages)

    def passage_vectors(self, document: Document) -> Vectors:
        """Return the vectors of a document's passages, shape (passages, dimension)."""
        number = int(document.source.rpartition("/")[2])
        rows = self._original(number).rows
        real = self._passage_vectors[rows.start : rows.stop]
        return (
            self._perturbed(real, default_rng((_PASSAGES, number)))
            if self._is_copy(number)
            else real
        )

    def vectors_by_digest(
        self, documents: Sequence[ChunkedDocument]
    ) -> dict[bytes, NDArray[np.float16]]:
        """Return the vectors of the documents' passages by the digest of what is embedded."""
        return {
            embedded_digest(passage_text(chunked.document, passage)): vector
            for chunked in documents
            for passage, vector in zip(
                chunked.passages,
                self.passage_vectors(chunked.document).astype(np.float16),
                strict=True,
            )
        }

    def _original(self, number: int) -> Original:
        return self.originals[number % len(self.originals)]

    def _is_copy(self, number: int) -> bool:
        return number >= len(self.originals)

    def _mixed(self, sentence: str, random: Generator) -> str:
        """Return the first half of a sentence and the second half of another."""
        own = sentence.split()
        other = self._sentences[random.integers(len(self._sentences))].split()
        return " ".join([*own[: (len(own) + 1) // 2], *other[len(other) // 2 :]])

    def _perturbed(self, real: Vectors, random: Generator) -> Vectors:
        """Return vectors of length one, each at a random cosine to one of `real`."""
        count, rows = len(real), len(self._passage_vectors)
        some = random.integers(rows, size=count)
        others = (some + random.integers(1, rows, size=count)) % rows
        added = self._passage_vectors[some] - self._passage_vectors[others]
        added -= np.sum(added * real, axis=1, keepdims=True) * real
        added /= np.linalg.norm(added, axis=1, keepdims=True)
        cosines = random.uniform(*COSINES, size=(count, 1))
        mixed: Vectors = (cosines * real + np.sqrt(1 - cosines**2) * added).astype(np.float32)
        return mixed


def _originals(snapshot: Snapshot) -> tuple[Rows, tuple[Original, ...]]:
    """Return the documents of a snapshot, and the rows of their passages, one after another."""
    row_of = {passage.id: row for row, passage in snapshot.passages()}
    rows: list[int] = []
    originals = []
    for chunked in snapshot.documents():
        text = chunked.document.text
        passages = tuple(
            tuple(" ".join(sentence.of(text).split()) for sentence in passage.sentences)
            for passage in chunked.passages
        )
        title = " ".join(chunked.document.title.split())
        originals.append(Original(title, passages, range(len(rows), len(rows) + len(passages))))
        rows += [row_of[passage.id] for passage in chunked.passages]
    return np.array(rows, np.int64), tuple(originals)


def _chunked(source: str, title: str, passages: Sequence[Sequence[str]]) -> ChunkedDocument:
    """Return a Markdown document of these sentences, cut into these passages."""
    paragraphs = [f"# {title}"] if title else []
    paragraphs += [" ".join(sentences) for sentences in passages]
    text = "\n\n".join(paragraphs)
    document = markdown_document(source, title, text, "grown/1")
    path = (title,) if title else ()
    skipped = (Skipped(0, len(paragraphs[0]), "heading"),) if title else ()
    start = len(paragraphs[0]) + 2 if title else 0
    cut = []
    for sentences in passages:
        starts = list(accumulate((len(s) + 1 for s in sentences), initial=start))
        spans = tuple(
            Span(first, first + len(s)) for first, s in zip(starts, sentences, strict=False)
        )
        end = spans[-1].end
        name = passage_id(document.id, start, end)
        cut.append(Passage(name, document.id, start, end, path, spans))
        start = end + 2
    return ChunkedDocument(document, tuple(cut), skipped)


def write_files(folder: Path, data: Path, documents: int) -> None:
    """Write short Markdown files of sections of a sentence each, from the words of a BEIR set."""
    lines = (data / "corpus.jsonl").read_text("utf-8").splitlines()
    words = [word for line in lines for word in json.loads(line)["text"].split()]
    chosen = Random(0)
    for number in range(documents):
        parts = [f"# {' '.join(chosen.sample(words, 5))}"]
        for _ in range(SECTIONS):
            start = chosen.randrange(len(words) - 30)
            sentence = " ".join(words[start : start + chosen.randint(10, 30)]).rstrip(".")
            parts += [f"## {' '.join(chosen.sample(words, 4))}", f"{sentence}."]
        path = folder / f"{number % 200:03}" / f"{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    main()
