"""`python -m benchmarks.claims DATA`: how well written sentences are checked.

Each claim comes with what it rests on, and whether that says it: people's judgements (WiCE,
SciFact), sentences of real documents that rules changed, and claims written by hand. None of them
was learned from. Compared are the rules, the bundled reader, the checking network, both together,
and all as it is shipped.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.claims.by_hand import hand_written_claims
from benchmarks.claims.checks import CHECKS, RULES, SHIPPED, THRESHOLDS, TOGETHER, Scores, scores
from benchmarks.claims.evidence import Claim, Cutter
from benchmarks.claims.figures import Bools, Figure, Halves, outcome, shown_by_fitted, strictest
from benchmarks.claims.made import made_claims
from benchmarks.claims.published import scifact_claims, wice_claims
from benchmarks.results import LATEST, keep, table
from qa.read.reader import find_reader, open_reader, open_trained
from qa.read.reading import OF_CLAIMS
from qa.written.support import THRESHOLD, WEIGHTS

_METHOD = (
    "Share of supported and of unsupported claims that each check shows. One threshold for all "
    "sets: of 'as shipped' the shipped one, else that of the highest balanced accuracy, fitted on "
    "the other half of the claims."
)
_CURVE = tuple(threshold for threshold in THRESHOLDS if round(threshold * 64) % 4 == 0)
_FIGURES = "balanced accuracy", "unsupported shown", "supported kept"
Row = list[str]


def main(arguments: list[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="benchmarks.claims", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of public sets")
    parser.add_argument("--seeds", type=Path, default=Path("seeds"))
    parser.add_argument("--results", type=Path, default=LATEST, help="folder for the JSON file")
    parser.add_argument("--weights", type=Path, help="other weights of the checking network")
    parser.add_argument("--each", action="store_true", help="print each claim by hand, too")
    options = parser.parse_args(arguments)
    claims = list(all_claims(options.data, options.seeds))
    weights = options.weights or WEIGHTS
    checker = open_trained(find_reader(weights, None, OF_CLAIMS))
    scored = scores(claims, open_reader(), checker)
    print(report(claims, scored, options.results))
    if options.each:
        print(f"\n{each_by_hand(claims, scored)}")


def all_claims(data: Path, seeds: Path) -> Iterator[Claim]:
    """Yield the claims of every set."""
    cutter = Cutter()
    yield from wice_claims(data)
    yield from scifact_claims(data, cutter)
    yield from made_claims(data, seeds, cutter)
    yield from hand_written_claims(data, seeds, cutter)


def report(claims: Sequence[Claim], scored: Scores, results: Path) -> str:
    """Return the tables in Markdown, and keep them as JSON in the folder `results`."""
    supported = np.array([claim.supported for claim in claims], np.bool_)
    halves = Halves.of(claims)
    shown = {check: shown_by_fitted(scored[check], supported, halves) for check in CHECKS}
    shown |= {RULES: scored[RULES] > 0, SHIPPED: scored[SHIPPED] >= THRESHOLD}
    sets = {claim.origin: _of(claims, claim.origin) for claim in claims}
    parts = {
        "All claims": _outcomes({"all": supported | True}, CHECKS, shown, supported),
        "As shipped": _outcomes(sets, (SHIPPED,), shown, supported),
        "Sets": _outcomes(sets, CHECKS[:-1], shown, supported),
        "At most one of twenty": _at_most(scored, supported, halves),
        "The threshold": _curve(scored[SHIPPED], supported, halves),
        "Kinds": _kinds(claims, shown),
    }
    figures: dict[str, Any] = {
        name: {"columns": columns, "rows": rows} for name, (columns, rows) in parts.items()
    }
    figures["outcomes"] = {
        name: {check: asdict(outcome(shown[check][rows], supported[rows])) for check in CHECKS}
        for name, rows in {**sets, "all": supported | True}.items()
    }
    figures["threshold"] = THRESHOLD
    keep("claims", _METHOD, figures, results)
    return "\n\n".join(f"## {name}\n\n{table(*part)}" for name, part in parts.items())


def _of(claims: Sequence[Claim], origin: str) -> Bools:
    return np.array([claim.origin == origin for claim in claims], np.bool_)


def _outcomes(
    sets: Mapping[str, Bools], checks: Sequence[str], shown: Mapping[str, Bools], supported: Bools
) -> tuple[Row, list[Row]]:
    columns = ["claims", "check", "supported + not", *_FIGURES]
    rows: list[Row] = []
    for name, chosen in sets.items():
        for check in checks:
            found = outcome(shown[check][chosen], supported[chosen])
            counts = f"{found.supported} + {found.unsupported}"
            figures = found.balanced_accuracy, found.unsupported_shown, found.supported_kept
            rows.append([name, check, counts, *map(_written, figures)])
    return columns, rows


def _at_most(scored: Scores, supported: Bools, halves: Halves) -> tuple[Row, list[Row]]:
    """Choose each check's threshold on one half, and report the other and the claims by hand."""
    columns = ["check", "threshold", "claims", *_FIGURES[1:]]
    rows: list[Row] = []
    for check in CHECKS:
        own = scored[check]
        threshold = strictest(own[halves.first], supported[halves.first])
        for name, chosen in (("other half", halves.second), ("by hand", halves.by_hand)):
            found = outcome(own[chosen] >= threshold, supported[chosen])
            figures = found.unsupported_shown, found.supported_kept
            rows.append([check, f"{threshold:.3f}", name, *map(_written, figures)])
    return columns, rows


def _curve(own: np.ndarray, supported: Bools, halves: Halves) -> tuple[Row, list[Row]]:
    """Return what is shown by threshold, as shipped: where it was chosen, and elsewhere."""
    parts = {"chosen on": halves.first, "other half": halves.second, "by hand": halves.by_hand}
    columns = ["threshold", *(f"{n}: {what}" for n in parts for what in ("not", "kept"))]
    rows: list[Row] = []
    for threshold in sorted({*_CURVE, THRESHOLD}):
        row = [f"{threshold:.3f}{' (shipped)' if threshold == THRESHOLD else ''}"]
        for chosen in parts.values():
            row += [
                f"{(own[kind] >= threshold).mean():.3f}" if kind.any() else ""
                for kind in (chosen & ~supported, chosen & supported)
            ]
        rows.append(row)
    return columns, rows


def _kinds(claims: Sequence[Claim], shown: dict[str, Bools]) -> tuple[Row, list[Row]]:
    checks = (RULES, TOGETHER, SHIPPED)
    columns = ["set and kind", "say it", "claims", *(f"shown, {check}" for check in checks)]
    rows: list[Row] = []
    kinds = dict.fromkeys((claim.origin, claim.kind, claim.supported) for claim in claims)
    for kind in sorted(kinds, key=lambda kind: (kind[0], not kind[2])):
        chosen = np.array([(c.origin, c.kind, c.supported) == kind for c in claims], np.bool_)
        shares = [f"{shown[check][chosen].mean():.3f}" for check in checks]
        says = "yes" if kind[2] else "no"
        rows.append([f"{kind[0]}: {kind[1]}", says, str(chosen.sum()), *shares])
    return columns, rows


def each_by_hand(claims: Sequence[Claim], scored: Scores) -> str:
    """Return a table of the claims by hand with the score of each check."""
    by_hand = np.flatnonzero(Halves.of(claims).by_hand).tolist()
    columns = ["claim", "say it", *CHECKS]
    return table(
        columns,
        [
            [
                claims[at].text,
                "yes" if claims[at].supported else "no",
                *(f"{scored[check][at]:.2f}" for check in CHECKS),
            ]
            for at in by_hand
        ],
    )


def _written(figure: Figure | None) -> str:
    return str(figure) if figure else ""


if __name__ == "__main__":
    main()
