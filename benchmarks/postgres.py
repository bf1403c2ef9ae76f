"""A store on a PostgreSQL server beside one in a folder: the same passages, in one run.

`python -m benchmarks.postgres ORIGINALS QUESTIONS --url postgresql://USER@HOST/DATABASE` grows a
store of real documents (see grow.py) into a folder and into a database of its own, next to the one
that the URL names, unless they are there. It searches each in a process of its own (search.py), and
serves them in turns.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks.grow import BUILT
from benchmarks.results import LATEST, WORK, at, keep_table, spread
from benchmarks.search import read_questions
from benchmarks.store import Version, served

FOLDER, SERVER = "folder", "PostgreSQL"

_METHOD = """\
{passages} passages of {originals} and perturbed copies (grow.py), written by one process. \
{server}; store, server and clients on one machine, so a round trip takes no time to speak of. \
Searches: up to {most} real questions, one after another in one process; recall is against exact \
comparison. Services: {rounds} rounds in turns, `--no-watch`; medians, with the least and the \
greatest. A service answers {questions} questions, one after another, then 8 clients for {seconds} \
s, then it takes a document and {puts} more: the time is that after which a question was sent that \
found it. Memory is that of the service alone, not of the server."""

_FIGURES = {
    "build, s": ("build", "seconds"),
    "peak memory of building, MiB": ("build", "peak_mib"),
    "on disk, MiB": ("build", "disk_mib"),
    "opening an engine, s": ("search", "open_s"),
    "by vectors, p50 ms": ("search", "dense_ms", "p50"),
    "by vectors, p99 ms": ("search", "dense_ms", "p99"),
    "recall@10 by vectors": ("search", "recall_at_10"),
    "recall@100 by vectors": ("search", "recall_at_100"),
    "by words, p50 ms": ("search", "words_ms", "p50"),
    "by words, p99 ms": ("search", "words_ms", "p99"),
    "a whole question, p50 ms": ("search", "question_ms", "p50"),
    "a whole question, p99 ms": ("search", "question_ms", "p99"),
}


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("originals", type=Path, help="a store of real documents")
    parser.add_argument("questions", type=Path, help="JSON lines with `text` or `question`")
    parser.add_argument("--url", required=True, help="a database beside which others can be made")
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--work", type=Path, default=WORK / "postgres")
    parser.add_argument("--most", type=int, default=300, help="at most this many questions")
    parser.add_argument("--asked", type=int, default=50, help="of a service in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of each throughput")
    parser.add_argument("--puts", type=int, default=2, help="after the first one in each round")
    parser.add_argument("--results", type=Path, default=LATEST, help="where results are kept")
    options = parser.parse_args()
    work, passages = options.work.resolve(), options.passages
    work.mkdir(parents=True, exist_ok=True)
    database = f"pincite_bench_{passages}"
    server = _made(options.url, database)
    stores: dict[str, Path | str] = {
        FOLDER: work / str(passages),
        SERVER: urlsplit(options.url)._replace(path=f"/{database}").geturl(),
    }
    found: dict[str, Mapping[str, Any]] = {}
    for name, store in stores.items():
        built = _built(options.originals, passages, store, work / f"{database}-{name}.{BUILT}")
        searched = _run("search", store, options.questions, "--most", options.most)
        found[name] = {"build": built, "search": searched}
        print(f"{name}: {found[name]}", flush=True)
    version = Version.of("this", Path(), work)
    asked = read_questions(options.questions)[: options.asked]
    values = {name: defaultdict[str, list[float]](list) for name in stores}
    for number in range(options.rounds):
        for name, store in [*stores.items()][:: 1 if number % 2 == 0 else -1]:
            figures = served(version, store, asked, options.puts, options.seconds)
            for figure, measured in figures.items():
                values[name][figure] += measured
            print(f"round {number}, {name}: {figures}", flush=True)
    rows = [[row, *(at(found[name], place) for name in stores)] for row, place in _FIGURES.items()]
    rows += [[each, *(spread(values[name][each]) for name in stores)] for each in values[FOLDER]]
    method = _METHOD.format(**{**vars(options), "questions": len(asked), "server": server})
    columns = [f"{passages:,} passages", *stores]
    keep_table(f"postgres-{passages}", method, columns, rows, options.results)


def _made(url: str, database: str) -> str:
    """Make a database unless it is there; return what the server is."""
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not connection.execute(query, [database]).fetchone():
            connection.execute(f"CREATE DATABASE {database} ENCODING 'UTF8' TEMPLATE template0")
        names = "server_version", "shared_buffers", "maintenance_work_mem"
        shown = [(connection.execute(f"SHOW {name}").fetchone() or ("?",))[0] for name in names]
        return f"PostgreSQL {shown[0]} (shared_buffers {shown[1]}, maintenance_work_mem {shown[2]})"


def _built(originals: Path, passages: int, store: Path | str, kept: Path) -> Any:
    """Build a store unless it is there; return how that went."""
    if not kept.is_file():
        built = _run("grow", originals, "--passages", passages, "--into", store)
        kept.write_text(json.dumps(built), "utf-8")
    return json.loads(kept.read_text("utf-8"))


def _run(part: str, *arguments: object) -> Any:
    command = [sys.executable, "-m", f"benchmarks.{part}", *map(str, arguments)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"benchmarks.{part} failed with {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
