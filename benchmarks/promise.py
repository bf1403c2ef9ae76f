"""Does a calibration keep its promise? Fit on some questions of a run, look at the others.

Takes the eval.json of a run with unanswerable questions. In each draw, so many unanswerable and
answerable questions are taken at random to fit on; the rest tells what share of unanswerable
questions the fitted threshold really lets through.
"""

import argparse
from pathlib import Path

import numpy as np

from eval.calibration.fitting import Observation, calibrate
from eval.errors import CalibrationError
from eval.report.stored import read_run


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="an eval.json")
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--unanswerable", type=int, default=60, help="so many to fit on")
    parser.add_argument("--answerable", type=int, default=60)
    parser.add_argument("--max-false-answers", type=float, default=0.1)
    options = parser.parse_args()
    seen = [Observation(r.score, r.kind, r.right) for r in read_run(options.run).results]
    can = np.array([i for i, each in enumerate(seen) if each.kind == "answerable"])
    cannot = np.array([i for i, each in enumerate(seen) if each.kind != "answerable"])
    chance = np.random.default_rng(0)
    false, answered, refused = [], [], 0
    for _ in range(options.draws):
        can_order, cannot_order = chance.permutation(can), chance.permutation(cannot)
        own = [*can_order[: options.answerable], *cannot_order[: options.unanswerable]]
        try:
            fit = calibrate([seen[i] for i in own], max_false_answers=options.max_false_answers)
        except CalibrationError:
            refused += 1
            continue
        rest = cannot_order[options.unanswerable :], can_order[options.answerable :]
        shares = [np.mean([seen[i].score >= fit.threshold for i in rows]) for rows in rest]
        false.append(shares[0])
        answered.append(shares[1])
    broken = np.mean(np.array(false) > options.max_false_answers)
    print(
        f"{len(can)} answerable, {len(cannot)} unanswerable; {len(false)} draws "
        f"({refused} refused): promise of {options.max_false_answers:.0%} broken in {broken:.1%} "
        f"(5 % allowed); false answers {np.mean(false):.1%} on average, answerable ones "
        f"answered {np.mean(answered):.1%}"
    )


if __name__ == "__main__":
    main()
