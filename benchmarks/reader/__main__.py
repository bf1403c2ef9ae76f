"""`python -m benchmarks.reader DATA`: the reader's separation and ranking by windows read.

A third table has the rows that were kept out of its training.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.reader.reading import WINDOWS, Read, measured_sets, read, separation, success
from benchmarks.reader.rows import kept_out_rows, table_of_rows
from benchmarks.results import table
from qa.read.reader import open_reader

Sets = Mapping[str, Sequence[Read]]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="benchmarks.reader", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of public sets, as docs/reader.md names")
    parser.add_argument("--reader", help="a CrossEncoder by name or folder; else the bundled one")
    parser.add_argument("--seeds", type=Path, default=Path("seeds"))
    parser.add_argument("--cache", type=Path, help="where sets are kept once indexed")
    options = parser.parse_args()
    reader = open_reader(options.reader)
    sets: dict[str, list[Read]] = {}
    for measured in measured_sets(options.data, options.seeds, options.cache):
        print(f"reading: {measured.name}", flush=True)
        sets[measured.name] = list(read(measured, reader))
    print(f"\n{separation_table(sets)}\n\n{ranking_table(sets)}\n")
    print(table_of_rows(kept_out_rows(options.data / "reader"), reader))


def separation_table(sets: Sets) -> str:
    """Return the AUROC of the highest logit, for each kind of unanswerable questions of a set."""
    return table(
        ["set", "unanswerable", "questions", *(f"{most} windows" for most in WINDOWS)],
        [
            [name, kind, *cells]
            for name, questions in sets.items()
            for kind in ("near-miss", "far-off")
            for cells in _separation(
                [each for each in questions if each.kind in ("answerable", kind)]
            )
        ],
    )


def ranking_table(sets: Sets) -> str:
    """Return the share of answerable questions with a relevant passage among the first ones."""
    rows = []
    for name, questions in sets.items():
        ranks = [each.ranks for each in questions if each.kind == "answerable"]
        for k in (1, 3):
            shares = [success([of[most] for of in ranks], k) for most in (0, *WINDOWS)]
            rows.append([f"{name}, success@{k}", str(len(ranks)), *(f"{s:.3f}" for s in shares)])
    return table(["set", "questions", "not read", *(f"{most} windows" for most in WINDOWS)], rows)


def _separation(questions: Sequence[Read]) -> Iterator[list[str]]:
    """Yield the cells of a row, where there are questions of both kinds."""
    answerable = np.array([each.kind == "answerable" for each in questions], np.bool_)
    if answerable.any() and not answerable.all():
        figures = [
            separation(np.array([each.highest[most] for each in questions]), answerable)
            for most in WINDOWS
        ]
        yield [f"{answerable.sum()} + {(~answerable).sum()}", *map(str, figures)]


if __name__ == "__main__":
    main()
