"""All of it, as `make bench` runs it: stages, sizes, other systems if wanted; then a report.

`python -m benchmarks [--data FOLDER] [--sizes N …] [--peers] [--float32]`. Without a folder of the
BEIR layout the originals are the seeds, five short texts: enough to see whether a change made
something slower.
"""

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

from benchmarks.report import write_report
from benchmarks.results import LATEST, WORK

_GOLD = Path("eval/gold/seeds.jsonl")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of the BEIR layout, such as SciFact")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000])
    parser.add_argument("--peers", action="store_true", help="measure other systems, too")
    parser.add_argument(
        "--float32", action="store_true", help="peers and stages compute in float32 only"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=LATEST, help="where results are kept")
    options = parser.parse_args()
    if options.peers and not options.data:
        parser.error("--peers needs --data, a folder of the BEIR layout")
    if importlib.util.find_spec("matplotlib") is None:
        parser.error("matplotlib is not installed: run `make bench`, or pip install '.[bench]'")
    kept = ("--results", options.results)
    rounds = ("--rounds", options.rounds)
    backend = ("--backend", "openvino-float32") if options.float32 else ()
    if options.data:
        others = () if options.peers else ("--only",)
        precision = ("--float32",) if options.float32 else ()
        _run("benchmarks.peers", options.data, *rounds, *kept, *others, *precision)
        found = (WORK / "peers").glob("store-*-Pincite*")
        store = max(filter(Path.is_dir, found), key=lambda path: path.stat().st_mtime)
        questions, name = options.data / "queries.jsonl", options.data.resolve().name
    else:
        store, questions, name = WORK / "seeds", _GOLD, "seeds"
        _run("pincite", "index", "seeds", "--store", store)
    _run("benchmarks.stages", store, questions, "--name", name, *kept, *backend)
    sizes = ("--sizes", *options.sizes, "--name", name)
    _run("benchmarks.scale", store, questions, *sizes, *rounds, *kept)
    print(f"See {write_report(options.results, options.results.parent)}")


def _run(module: str, *arguments: object) -> None:
    done = subprocess.run([sys.executable, "-m", module, *map(str, arguments)], check=False)
    if done.returncode:
        sys.exit(f"{module} failed with {done.returncode}")


if __name__ == "__main__":
    main()
