"""From ten thousand passages to a million: building, searching, serving, memory.

`python -m benchmarks.scale STORE QUESTIONS --sizes 10000 100000 1000000` grows STORE (see grow.py)
to each size, and measures it by search.py and service.py in processes of their own. A store that
was grown before is used again unless --anew is given.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.grow import BUILT, COSINES
from benchmarks.results import LATEST, WORK, keep

_METHOD = f"""\
The passages of {{real}} documents of {{name}}, and of perturbed copies of them up to this size: a \
copy's vectors have a cosine of {COSINES[0]} to {COSINES[1]} to those of its original, evenly \
distributed, what is added being differences of other real vectors; its sentences begin as the \
original's and end as others do. Built by Pincite's own writing code in one process; nothing is \
cut or encoded, so the time of building is that of writing and joining terms. \
{{questions}} real questions, one after another in one process: by vectors (100 \
nearest), by words (100 best), and the whole question with its encoding. Recall is against exact \
comparison with the same vectors. The service was started {{rounds}} times with default settings, \
but follows no source: medians; clients are a closed loop of one process."""


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("originals", type=Path, help="a store of real documents")
    parser.add_argument("questions", type=Path, help="JSON lines with `text` or `question`")
    parser.add_argument("--name", default="the set", help="what the originals are called")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000])
    parser.add_argument("--work", type=Path, default=WORK / "grown")
    parser.add_argument("--anew", action="store_true", help="build stores that are there already")
    parser.add_argument("--most", type=int, default=300, help="at most this many questions")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of each throughput")
    parser.add_argument("--results", type=Path, default=LATEST, help="where results are kept")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    asked = ["--most", str(options.most)]
    for size in options.sizes:
        store = options.work / f"{options.name}-{size}"
        kept = options.work / f"{store.name}.{BUILT}"
        if options.anew or not kept.is_file():
            _run("grow", options.originals, "--passages", size, "--into", store)
        built = json.loads(kept.read_text("utf-8"))
        print(f"{size} passages: built, {built}", flush=True)
        found = _run("search", store, options.questions, *asked)
        print(f"{size} passages: searched, {found}", flush=True)
        rounds = ("--rounds", options.rounds, "--seconds", options.seconds)
        served = _run("service", store, options.questions, *asked, *rounds)
        method = _METHOD.format(
            real=built["real_documents"],
            name=options.name,
            questions=found["questions"],
            rounds=options.rounds,
        )
        figures = {"originals": options.name, "build": built, "search": found, "service": served}
        keep(f"passages-{size}", method, figures, options.results)


def _run(part: str, *arguments: object) -> Any:
    command = [sys.executable, "-m", f"benchmarks.{part}", *map(str, arguments)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"benchmarks.{part} failed with {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
