"""Claims that a person wrote as a language model would: by_hand.jsonl.

`anchor` is where the first unit that is cited stands, and `after` how many behind it are cited,
too. `why` tells what is wrong.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.claims.evidence import Claim, Cutter

BY_HAND = "by hand"
_FILE = Path(__file__).with_suffix(".jsonl")


def hand_written_claims(data: Path, seeds: Path, cutter: Cutter) -> Iterator[Claim]:
    """Yield claims on the seeds and on the filings. Raises ValueError where an anchor is gone."""
    rows = [json.loads(line) for line in _FILE.read_text("utf-8").splitlines()]
    folders = seeds, data / "pdf"
    paths = {path.name: path for folder in folders for path in folder.iterdir()}
    used = {row["document"] for row in rows}.intersection(paths)
    documents = {cut.document.source: cut for cut in cutter.files(paths[name] for name in used)}
    for row in rows:
        if cut := documents.get(row["document"]):
            start = cut.document.text.index(row["anchor"])
            kind = "seeds" if row["document"].endswith(".txt") else "filings"
            cited = [cut.cited(start, row["after"])]
            yield cut.claim(BY_HAND, kind, row["claim"], cited, supported=row["supported"])
