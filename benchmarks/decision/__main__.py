"""`python -m benchmarks.decision DATA`: fit the decision, and show how it does on each set.

Prints the weights that stand in qa/answer/. For each set, the figures are of a model that was
fitted on the other sets.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.decision.fitting import (
    Fitted,
    best_threshold,
    confidences,
    fit_confidence,
    fit_passages,
    fit_units,
    shares,
)
from benchmarks.decision.observing import observed
from benchmarks.decision.sets import decision_sets
from benchmarks.results import table
from qa.answer.decision import NOT_READ, READ
from qa.settings import Settings


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="benchmarks.decision", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of public sets and rows")
    parser.add_argument("--reader", help="as `pincite ask --reader`")
    parser.add_argument("--cache", type=Path, help="where sets are kept once indexed")
    options = parser.parse_args()
    settings = Settings(reader=options.reader)
    sets = {
        each.name: list(observed(each))
        for each in decision_sets(options.data, options.cache, settings)
    }
    names = tuple((NOT_READ if options.reader == "none" else READ).weights)
    _print_weights("units: window, words, score, share, share_above, kind", fit_units(sets))
    _print_weights("passages: logit, score", fit_passages(sets))
    _print_weights(f"confidence: {', '.join(names)}", fit_confidence(sets, names))
    apart = {}
    for name, own in sets.items():
        others = {other: found for other, found in sets.items() if other != name}
        apart[name] = confidences(fit_confidence(others, names), own, names)
    threshold = best_threshold(apart, sets)
    print(f"\nthreshold {threshold:.2f}\n")
    columns = ["set", "questions", "answerable answered", "near misses", "far-off"]
    columns += ["right of answered", "AUROC near", "AUROC far"]
    columns += ["best threshold", "answerable", "near misses"]
    rows = []
    for name, own in sets.items():
        best = best_threshold({name: apart[name]}, {name: own})
        cells = [name, f"{len(own)}", *shares(apart[name], own, threshold), f"{best:.2f}"]
        rows.append([*cells, *shares(apart[name], own, best)[:2]])
    print(table(columns, rows))


def _print_weights(what: str, fitted: Fitted) -> None:
    told = ", ".join(f"{weight:.3f}" for weight in np.asarray(fitted.weights))
    print(f"{what}: {fitted.intercept:.3f}; {told}", flush=True)


if __name__ == "__main__":
    main()
