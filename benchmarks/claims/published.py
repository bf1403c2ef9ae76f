"""Claims of which people said whether a text supports them: WiCE and SciFact."""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.claims.evidence import (
    Claim,
    CutDocument,
    Cutter,
    nearest,
    packed,
    shared,
    window_of,
)
from eval.sets.layouts import markdown_document
from index.chunking.sentences import split_sentences
from index.records import Span
from index.structure.units import MOST_UNIT_SIZE, size
from qa.read.windows import Window
from training.rows import share

WICE, SCIFACT = "WiCE", "SciFact"
_MOST_LISTS = 8
"""Of the lists of sentences that support a claim, the shortest ones are tried."""


def wice_claims(folder: Path) -> Iterator[Claim]:
    """Yield the half of WiCE's claims that the network did not learn from.

    What is supported in part only counts as not supported.
    """
    with gzip.open(folder / "wice" / "claim-dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            claim, label = row["claim"], row["label"]
            if share(claim) < 0.5:
                continue
            if label == "not_supported":
                cited = nearest(claim, packed(row["evidence"]))
            else:
                cited = tuple(_supporting(row["evidence"], row["supporting_sentences"]))
            yield Claim(WICE, label.replace("_", " "), claim, cited, label == "supported")


def _supporting(evidence: Sequence[str], lists: Sequence[Sequence[int]]) -> Iterator[Window]:
    """Yield a window of each list of sentences, and its parts where that is long."""
    for numbers in sorted({tuple(sorted(numbers)) for numbers in lists}, key=len)[:_MOST_LISTS]:
        sentences = [evidence[number] for number in numbers]
        whole = " ".join(sentences)
        yield window_of(whole)
        if size(whole) > MOST_UNIT_SIZE:
            yield from packed(sentences)


def scifact_claims(folder: Path, cutter: Cutter) -> Iterator[Claim]:
    """Yield SciFact's test claims, each with what people say supports or contradicts it.

    Every second one comes once more, with the abstract of another claim that shares most words.
    """
    claims = test_claims(folder)
    abstracts = Abstracts(folder, cutter)
    judged = {name for claim in claims for name in claim["metadata"]}
    for number, claim in enumerate(claims):
        text, metadata = claim["text"], claim["metadata"]
        for name, rationales in metadata.items():
            label = rationales[0]["label"]
            cited = abstracts.around(name, [each["sentences"] for each in rationales])
            kind = "supported" if label == "SUPPORT" else "contradicted"
            own = abstracts[name]
            yield own.claim(SCIFACT, kind, text, cited, supported=label == "SUPPORT")
        if number % 2:
            continue
        others = sorted(judged - set(metadata) - claim["relevant"])
        other = max(others, key=lambda name: shared(text, abstracts[name].document.text))
        cited = nearest(text, abstracts[other].windows)
        kind = "abstract of another claim"
        yield abstracts[other].claim(SCIFACT, kind, text, cited, supported=False)


def test_claims(folder: Path) -> list[dict[str, Any]]:
    """Return the test claims, with the ids of the `relevant` abstracts."""
    relevant = relevant_abstracts(folder / "scifact" / "qrels" / "test.tsv")
    queries = folder / "scifact" / "queries.jsonl"
    rows = map(json.loads, queries.read_text("utf-8").splitlines())
    return [row | {"relevant": relevant[row["_id"]]} for row in rows if row["_id"] in relevant]


def relevant_abstracts(qrels: Path) -> dict[str, set[str]]:
    """Return the ids of abstracts that are relevant, by the claim's id."""
    relevant: dict[str, set[str]] = {}
    with qrels.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            relevant.setdefault(row["query-id"], set()).add(row["corpus-id"])
    return relevant


class Abstracts(Mapping[str, CutDocument]):
    """SciFact's abstracts by id, each cut when it is first asked for."""

    def __init__(self, folder: Path, cutter: Cutter) -> None:
        lines = (folder / "scifact" / "corpus.jsonl").read_text("utf-8").splitlines()
        self._rows = {row["_id"]: row for row in map(json.loads, lines)}
        self._cutter = cutter
        self._cut: dict[str, CutDocument] = {}

    def __getitem__(self, name: str) -> CutDocument:
        if name not in self._cut:
            row = self._rows[name]
            source, title, text = f"scifact/{name}", row["title"], row["text"]
            document = markdown_document(source, title, text, "beir/1")
            self._cut[name] = self._cutter.cut(document)
        return self._cut[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def around(self, name: str, lists: Sequence[Sequence[int]]) -> tuple[Window, ...]:
        """Return the windows that hold a sentence of these numbers.

        All windows, where the abstract has fewer sentences: people counted otherwise.
        """
        cut = self[name]
        text = cut.document.text
        sentences = split_sentences(text, Span(0, len(text)))
        numbers = {number for each in lists for number in each}
        if max(numbers) >= len(sentences):
            return tuple(cut.windows)
        cited = [sentences[number] for number in numbers]
        return tuple(w for w in cut.windows if any(w.span.overlaps(span) for span in cited))
