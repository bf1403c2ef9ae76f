"""`python -m benchmarks.answers DATA`: ask public sets, the seeds and filings, and print figures.

Every question is asked as a person asks it, at the threshold that the engine has by itself.
Of scifact and medquad_skin, half of the documents are left out, too: what only these answer is a
near miss then.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.answers.figures import best_threshold, figures
from benchmarks.answers.sets import SETS, AskedSet
from benchmarks.results import conditions
from eval.measures import Measure
from eval.records import Estimate
from eval.sets.protocols import IndexedSets
from index.progress import no_progress
from qa.settings import Settings


def main(arguments: list[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="benchmarks.answers", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of public sets, as docs/reader.md names")
    parser.add_argument("--seeds", type=Path, default=Path("seeds"))
    parser.add_argument("--cache", type=Path, help="where sets are kept once indexed")
    parser.add_argument("--out", type=Path, help="a JSON file for all figures")
    parser.add_argument("--only", choices=SETS, action="append", help="may be given several times")
    parser.add_argument("--reader", help="as `pincite ask --reader`")
    options = parser.parse_args(arguments)
    sets = IndexedSets(Settings(reader=options.reader), options.cache, no_progress)
    stored: dict[str, Any] = {"conditions": conditions(), "sets": {}}
    rows = [_row("set", "figure", "questions", "value (95 % interval)"), "|---|---|---:|---:|"]
    print("\n".join(rows), flush=True)
    for name in options.only or SETS:
        for asked in SETS[name](options.data, options.seeds, sets):
            estimates = figures(asked.results, asked.measures, asked.columns)
            print("\n".join(_lines(asked, estimates)), flush=True)
            stored["sets"][asked.name] = _stored(asked, estimates)
            if options.out:
                options.out.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def _stored(asked: AskedSet, estimates: dict[str, Estimate]) -> dict[str, Any]:
    return {
        "questions": len(asked.results),
        "threshold": asked.threshold,
        "best_threshold": best_threshold(asked.results),
        "figures": {name: asdict(estimate) for name, estimate in estimates.items()},
    }


def _lines(asked: AskedSet, estimates: dict[str, Estimate]) -> list[str]:
    return [
        _row(asked.name, each.label, str(found.questions), _written(each, found))
        for each in asked.measures
        if (found := estimates.get(each.name))
    ]


def _written(measure: Measure, found: Estimate) -> str:
    value, low, high = (f"{x:.{measure.digits}f}" for x in (found.value, found.low, found.high))
    return f"{value} ({low} to {high})"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
