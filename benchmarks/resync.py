"""Time and memory of a sync after one of 20,000 documents changed.

`python -m benchmarks.resync FOLDER` makes 20,000 Markdown files of five sections each, from the
words of FOLDER/corpus.jsonl (BEIR layout), indexes them, changes one, and indexes again. Vectors
are random ones by a text's digest: what is measured is everything but the encoder, which sees one
paragraph the second time.
"""

import argparse
import hashlib
import json
import random
import resource
import shutil
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.results import LATEST, WORK, keep_table
from index.encoding.encoder import Role, Vectors
from index.encoding.model import find_model
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.sync import sync

_METHOD = """\
{documents} Markdown files of five sections, {passages} passages; one file is changed, and the \
store synced again. Vectors are random by the text's digest: an encoder would have one text to \
encode."""
SECTIONS, SENTENCES, DIMENSION = 5, 4, 384


class RandomEncoder:
    """A vector by a text's digest."""

    backend = "random"

    def __init__(self) -> None:
        self.count = 0

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        self.count += len(texts)
        found = np.empty((len(texts), DIMENSION), np.float32)
        for row, text in enumerate(texts):
            seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
            found[row] = np.random.Generator(np.random.SFC64(seed)).standard_normal(DIMENSION)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=WORK / "resync")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--results", type=Path, default=LATEST, help="where the result is kept")
    arguments = parser.parse_args()
    files = arguments.work / "files"
    if not files.is_dir():
        _write(files, arguments.data, arguments.documents)
    store, model, encoder = Store(arguments.work / "store"), find_model(), RandomEncoder()
    started = time.perf_counter()
    report = sync(store, [files], model, encoder)
    first = time.perf_counter() - started
    print(f"first sync {first:.1f} s, {report.passages} passages")
    started = time.perf_counter()
    snapshot = open_snapshot(store)
    opened = time.perf_counter() - started
    print(f"open {opened:.2f} s")
    del snapshot
    took = []
    for run in range(arguments.runs):
        changed = files / "000" / "7.md"
        changed.write_text(f"# Changed\n\nThis was changed for the time {run} at {time.time()}.\n")
        started = time.perf_counter()
        report = sync(store, [], model, encoder)
        took.append(time.perf_counter() - started)
        print(f"one changed: {took[-1]:.2f} s, {report.embedded} texts embedded")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    figures = {"median_s": statistics.median(took), "least_s": min(took), "most_s": max(took)}
    method = _METHOD.format(documents=arguments.documents, passages=report.passages)
    rows = [*figures.items(), ("first_sync_s", first), ("open_s", opened), ("peak_mib", peak)]
    keep_table("resync", method, ["one document changed", ""], rows, arguments.results)


def _write(files: Path, data: Path, documents: int) -> None:
    shutil.rmtree(files, ignore_errors=True)
    words = [
        word
        for line in (data / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
        for word in json.loads(line)["text"].split()
    ]
    random.seed(0)
    for number in range(documents):
        lines = [f"# {' '.join(random.sample(words, 5))}\n"]
        for _ in range(SECTIONS):
            lines.append(f"## {' '.join(random.sample(words, 4))}\n")
            for _ in range(SENTENCES):
                at = random.randrange(len(words) - 30)
                lines.append(" ".join(words[at : at + random.randint(10, 30)]).rstrip(".") + ".")
            lines.append("")
        path = files / f"{number % 200:03}" / f"{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
