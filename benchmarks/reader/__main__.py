"""`python -m benchmarks.reader DATA`: AUROC, ranking and calibration of the reader, as tables."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.reader.evidence import Retrieved, passage_logits, retrieved
from benchmarks.reader.measures import (
    Figure,
    Read,
    calibration_error,
    mixed,
    rank_of_first,
    ranking,
    separation,
    success,
)
from benchmarks.reader.rows import kept_out_rows, table_of_rows
from benchmarks.reader.sets import measured_sets
from qa.read.choose import open_reader
from qa.read.reader import Reader

PASSAGES = (3, 5, 10)
DECIDED_BY = 5
_KINDS = ("near-miss", "far-off")
Sets = Mapping[str, Sequence[Read]]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of public sets, as docs/reader.md names")
    parser.add_argument("--reader", help="a CrossEncoder by name or folder; else the bundled one")
    parser.add_argument("--seeds", type=Path, default=Path("seeds"))
    parser.add_argument("--cache", type=Path, help="where sets are kept once indexed")
    options = parser.parse_args()
    reader = open_reader(options.reader)
    sets: dict[str, list[Retrieved]] = {}
    for each in measured_sets(options.data, options.seeds, options.cache):
        print(f"retrieving: {each.name}", flush=True)
        sets[each.name] = list(retrieved(each))
    print(report(sets, reader))
    print(f"\n{table_of_rows(kept_out_rows(options.data / 'reader'), reader)}")


def report(sets: Mapping[str, Sequence[Retrieved]], reader: Reader) -> str:
    """Return the tables in Markdown."""
    read = {
        name: [Read(each, passage_logits(each, reader)) for each in found]
        for name, found in sets.items()
    }
    return "\n\n".join([_separating(read), _ranking(read)])


def _separating(sets: Sets) -> str:
    deciding = {name: read for name, read in sets.items() if _has_unanswerable(read)}
    together = mixed(deciding, DECIDED_BY)
    lines = [
        "| set | unanswerable | questions | before | reader alone | mixed | calibration error |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for name, read in deciding.items():
        kinds = np.array([each.found.kind for each in read])
        before = np.array([each.found.confidence for each in read])
        alone = np.array([each.logits[:DECIDED_BY].max(initial=-8.0) for each in read])
        for kind in _KINDS:
            rows = (kinds == kind) | (kinds == "answerable")
            if not (kinds == kind).any():
                continue
            wanted = kinds[rows] == "answerable"
            figures = [separation(s[rows], wanted) for s in (before, alone, together[name])]
            error = calibration_error(together[name][rows], wanted)
            cells = [name, kind, f"{wanted.sum()} + {(~wanted).sum()}", *map(str, figures)]
            lines.append(f"| {' | '.join(cells)} | {error:.3f} |")
    return "\n".join(lines)


def _ranking(sets: Sets) -> str:
    answerable = {
        name: [each for each in read if each.found.kind == "answerable"]
        for name, read in sets.items()
    }
    names = [f"{what}, first {n}" for n in PASSAGES for what in ("reader", "mixed")]
    lines = [
        f"| set | questions | k | before | plain | {' | '.join(names)} |",
        "|---|---:|---:|" + "---:|" * (2 + len(names)),
    ]
    fitted = {n: ranking(answerable, n) for n in PASSAGES}
    for name, read in answerable.items():
        ways = [
            [each.found.rank_before for each in read],
            [rank_of_first(each.found.scores, each.found.relevant, 10) for each in read],
        ]
        for n in PASSAGES:
            ways.append([rank_of_first(e.logits, e.found.relevant, n) for e in read])
            ways.append(
                [
                    rank_of_first(scores, each.found.relevant, n)
                    for scores, each in zip(fitted[n][name], read, strict=True)
                ]
            )
        for k in (1, 3):
            cells = [_short(success(ranks, k)) for ranks in ways]
            lines.append(f"| {name} | {len(read)} | {k} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _short(figure: Figure) -> str:
    return f"{figure.value:.3f}"


def _has_unanswerable(read: Sequence[Read]) -> bool:
    return any(each.found.kind != "answerable" for each in read)


if __name__ == "__main__":
    main()
