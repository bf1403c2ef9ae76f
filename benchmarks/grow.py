"""A store of as many passages as are wanted, written by Pincite's own code, without an encoder.

`python -m benchmarks.grow STORE --passages N --into DIR` takes the documents of STORE with their
vectors, and perturbed copies of them where N is more (see copies.py). Nothing is cut or encoded;
all else is done as `pincite index` does it.
"""

import argparse
import json
import resource
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.copies import Copies
from index.encoding.choose import open_encoder
from index.encoding.model import find_model
from index.ingest import Ingested
from index.records import ChunkedDocument
from index.store.entries import Entry
from index.store.making import Making
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.store.vectors import VectorCache

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
