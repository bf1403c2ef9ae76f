"""A store of as many passages as are wanted, written by Pincite's own code, without an encoder.

`python -m benchmarks.grow STORE --passages N --into DIR` takes the documents of STORE with their
vectors, and perturbed copies of them where N is more (see copies.py). Nothing is cut or encoded;
all else is done as `pincite index` does it, the measure of the background included.
"""

import argparse
import json
import resource
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.copies import Copies
from index.backends.choose import open_encoder
from index.encoder import Vectors
from index.gathering import Gathered
from index.making import Making
from index.model import find_model
from index.records import ChunkedDocument, Document
from index.snapshot import open_snapshot
from index.store import Store
from index.vectors import VectorCache
from qa.probing import background_measure

BUILT = "built.json"
"""Beside the store: how it was built."""


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
    encoder = open_encoder(model)  # for the background's questions alone
    shutil.rmtree(into, ignore_errors=True)
    store = Store(into)
    with store.writing():
        measure = background_measure(model, encoder)
        making = Making.after(None, store, model, encoder, measure)
        making = replace(making, cache=KnownVectors(copies))
        gathered = Gathered([copies.document(number) for number in copies.numbers(passages)])
        manifest = making.write(gathered)
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


class KnownVectors(VectorCache):
    """The vectors of grown documents, made when they are asked for."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._copies.dimension

    def passages(self, documents: Sequence[ChunkedDocument]) -> Vectors:
        """Return the passages' vectors in order, shape (passages, dimension)."""
        return np.concatenate([self._copies.passage_vectors(each) for each in _plain(documents)])

    def sentences(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the sentences' vectors in order, shape (sentences, dimension)."""
        found = [self._copies.sentence_vectors(each) for each in _plain(documents)]
        return np.concatenate(found).astype(np.float16)

    def headings(self, documents: Sequence[ChunkedDocument]) -> NDArray[np.float16]:
        """Return the distinct titles' vectors in order, shape (titles, dimension)."""
        first = {each.title: each for each in reversed(list(_plain(documents))) if each.title}
        order = dict.fromkeys(each.title for each in _plain(documents) if each.title)
        found = [self._copies.title_vector(first[title]) for title in order]
        none = np.empty((0, self.dimension), np.float16)
        return np.concatenate([none, *found]).astype(np.float16)


def _plain(documents: Iterable[ChunkedDocument]) -> Iterable[Document]:
    return (each.document for each in documents)


if __name__ == "__main__":
    main()
