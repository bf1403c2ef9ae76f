"""A store of as many passages as are wanted, written by Pincite's own code, without an encoder.

`python -m benchmarks.grow STORE --passages N --into DIR` takes the documents of STORE with their
vectors, and perturbed copies of them where N is more. Nothing is cut or encoded; all else is done
as `pincite index` does it.

A copy's sentences begin as those of its original and end as others of the set do, so that its words
are real ones and hardly any sentence stands twice. A copy's vectors have a cosine of 0.6 to 0.9,
evenly distributed, to those of its original, as near neighbours have in real sets. What is added to
them is at a right angle and a difference of two other real vectors, so that copies spread in the
directions in which real vectors do. Each copy is a function of its number.
"""

import argparse
import hashlib
import json
import resource
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from index.encoding.choose import open_encoder
from index.encoding.encoder import Vectors
from index.encoding.model import find_model
from index.ingest import Ingested
from index.records import ChunkedDocument, Document, Passage, Skipped, Span, passage_id
from index.sources.listing import document_id
from index.store.entries import Entry
from index.store.making import Making
from index.store.snapshot import Snapshot, open_snapshot
from index.store.store import Store
from index.store.vectors import VectorCache

BUILT = "built.json"
"""Beside the store: how it was built."""

COSINES = 0.6, 0.9
_FOLDER = "grown"
_TEXT, _PASSAGES = range(2)
"""What a random generator is for: each has its own, by the number of the document."""


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("originals", type=Path, help="a store of real documents")
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--into", type=Path, required=True, help="a folder for the new store")
    options = parser.parse_args()
    print(json.dumps(grow(options.originals, options.passages, options.into)))


def grow(originals: Path, passages: int, into: Path) -> dict[str, float]:
    """Build a store of at least so many passages at `into`, in place of what is there.

    Returns figures: `seconds`, `peak_mib` of memory, and what the store holds.
    """
    started = time.perf_counter()
    copies = Copies(open_snapshot(Store(originals)))
    model = find_model()
    shutil.rmtree(into, ignore_errors=True)
    store = Store(into)
    with store.writing():
        making = Making.after(None, store, model, open_encoder(model))
        making = replace(making, cache=KnownVectors(copies))
        ingested = Ingested([_entry(copies, number) for number in copies.numbers(passages)])
        manifest = making.write(ingested)
        store.publish(manifest, checked=False, keep_aside=False)
    built = {
        "seconds": time.perf_counter() - started,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
        "documents": manifest.documents,
        "passages": manifest.passages,
        "sentences": manifest.sentences,
        "real_documents": min(manifest.documents, len(copies.originals)),
        "disk_mib": sum(f.stat().st_size for f in into.rglob("*") if f.is_file()) / 2**20,
    }
    (into.parent / f"{into.name}.{BUILT}").write_text(json.dumps(built), "utf-8")
    return built


@dataclass(frozen=True, slots=True)
class Original:
    """A real document: the sentences of its passages, and the rows of the passages' vectors."""

    title: str
    passages: tuple[tuple[str, ...], ...]
    rows: range


class Copies:
    """Documents by their numbers, from 0: first the real ones of a snapshot, then their copies."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.originals = _originals(snapshot)
        self._sentences = [s for each in self.originals for p in each.passages for s in p]
        vectors = np.stack(list(snapshot.passage_vectors))
        self._passage_vectors: Vectors = vectors.astype(np.float32)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._passage_vectors.shape[1])

    def numbers(self, passages: int) -> range:
        """Return the fewest first documents that have at least so many passages."""
        held = accumulate(len(each.passages) for each in self.originals)
        ends = [0, *held]
        rounds, rest = divmod(passages, ends[-1])
        return range(rounds * len(self.originals) + int(np.searchsorted(ends, rest)))

    def source(self, number: int) -> str:
        """Return what a document is called."""
        return f"{_FOLDER}/{number}"

    def id(self, number: int) -> str:
        """Return a document's id."""
        return document_id(self.source(number))

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


def _originals(snapshot: Snapshot) -> tuple[Original, ...]:
    """Return the documents of a snapshot, their passages and sentences in the order of its rows."""
    rows_of: dict[str, list[int]] = {}
    for row, passage in enumerate(snapshot.passages):
        rows_of.setdefault(passage.document_id, []).append(row)
    found = []
    for name, rows in rows_of.items():
        document = snapshot.document(name)
        passages = tuple(
            tuple(" ".join(s.of(document.text).split()) for s in snapshot.passages[row].sentences)
            for row in rows
        )
        title = " ".join(document.title.split())
        found.append(Original(title, passages, range(rows[0], rows[-1] + 1)))
    return tuple(found)


def _chunked(source: str, title: str, passages: Sequence[Sequence[str]]) -> ChunkedDocument:
    """Return a Markdown document of these sentences, cut into these passages."""
    paragraphs = [f"# {title}"] if title else []
    paragraphs += [" ".join(sentences) for sentences in passages]
    text = "\n\n".join(paragraphs)
    digest = hashlib.sha256(text.encode()).hexdigest()
    document = Document(
        document_id(source), source, title, text, "text/markdown", "grown/1", digest, digest
    )
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


class KnownVectors(VectorCache):
    """The vectors of grown documents, made when they are asked for."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._copies.dimension

    def vectors_of(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the vectors of the documents' passages, shape (passages, dimension)."""
        none = np.empty((0, self.dimension), np.float16)
        found = (self._copies.passage_vectors(each.document) for each in documents)
        return np.concatenate([none, *found]).astype(np.float16)


def _entry(copies: Copies, number: int) -> Entry:
    """Return the entry of a document that is made when its shard is written."""
    # The digests would be compared with those of an older snapshot: there is none.
    load = partial(copies.document, number)
    return Entry(copies.id(number), copies.source(number), "", "", "", load)


if __name__ == "__main__":
    main()
