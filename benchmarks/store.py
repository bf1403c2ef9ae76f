"""What the store costs: building, opening, syncing, putting documents, memory, disk.

`python -m benchmarks.store FOLDER --after CHECKOUT --before OTHER-CHECKOUT` measures two versions
of Pincite in turns, by what users have: the command line and HTTP. FOLDER is a set of the BEIR
layout, such as SciFact. Stores whose build was measured are used again, others built anew. Without
--before one version is measured alone.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.grow import BUILT, write_files
from benchmarks.load import Measured, Plan, measure
from benchmarks.peers.answering import CLIENTS
from benchmarks.peers.indexing import environment, timed
from benchmarks.peers.systems import TOP_K, Corpus, System, pincite
from benchmarks.results import LATEST, WORK, keep_table, middle, spread
from benchmarks.running import free_port, serving
from benchmarks.search import read_questions
from eval.sets.layouts import read_beir

ORIGINALS = "scifact"
FILES = {"files-100k": 20_000}
"""Sets of so many short Markdown files of five sections, each a passage."""
GROWN = {"grown-100k": 100_000, "grown-1m": 1_000_000}
"""Sets of so many passages grown from the originals. They come from no file, so none is synced."""
SETS = ("seeds", ORIGINALS, *FILES, *GROWN)

_SEEDS, _GOLD = Path("seeds"), Path("eval/gold/seeds.jsonl")
_LONGEST_WAIT_S = 900
_MARKDOWN, _JSON = "text/markdown", "application/json"
_LETTERS = str.maketrans("0123456789", "bcdfghklmp")

Values = defaultdict[str, defaultdict[str, list[float]]]
"""What was measured, by the figure's name and the version's."""

_METHOD = """\
{set}; {commits}. Versions in turns, {rounds} rounds, file caches warm: medians, with the least \
and the greatest. Indexing and `pincite ask` are whole processes. A store is opened in a fresh \
process; the time is that of the call, without imports and models. The service is started with \
`--no-watch` in each round. It answers up to {questions} questions, one after another, then takes \
a document and {puts} more: the time is that after which a question was sent that found it. Memory \
is that of the service after the questions, children counted. The first build was measured once."""

_OPEN = """\
import sys, time
from pathlib import Path
folder = Path(sys.argv[1])
from index.store import open_store
store = open_store(folder)
started = time.perf_counter()
snapshot = store.open()
print(time.perf_counter() - started)
"""


@dataclass(frozen=True, slots=True)
class Version:
    """A checkout of Pincite, and the folder of its stores."""

    name: str
    system: System
    stores: Path
    commit: str

    @classmethod
    def of(cls, name: str, checkout: Path, stores: Path) -> "Version":
        """Return the version that lies in a checkout."""
        command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
        commit = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        stores.mkdir(parents=True, exist_ok=True)
        # What was grown comes from no source: a service that watched would find that all is gone.
        served = pincite(serving=("--no-watch",))
        system = replace(served, name=name, env={"PYTHONPATH": str(checkout.resolve())})
        return cls(name, system, stores.resolve(), commit)

    def run(self, *command: str) -> float:
        """Run a command to its end; return its seconds."""
        return timed(self.system, command, self.stores)

    def index(self, files: Path, store: Path) -> float:
        """Run `pincite index`; return its seconds."""
        return self.run(*self.system.index(Corpus(files, files), store))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a folder of the BEIR layout")
    parser.add_argument("--before", type=Path, help="a checkout to compare with")
    parser.add_argument("--after", type=Path, default=Path(), help="the checkout to measure")
    parser.add_argument("--stores-before", type=Path, default=WORK / "store" / "before")
    parser.add_argument("--stores-after", type=Path, default=WORK / "store" / "after")
    parser.add_argument("--files", type=Path, default=WORK / "store" / "files")
    parser.add_argument("--sets", nargs="*", choices=SETS, default=SETS[:-1])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--puts", type=int, default=2, help="after the first one in each round")
    parser.add_argument("--results", type=Path, default=LATEST, help="where the results are kept")
    options = parser.parse_args()
    versions = [Version.of("after", options.after, options.stores_after)]
    if options.before:
        versions.insert(0, Version.of("before", options.before, options.stores_before))
    for name in options.sets:
        files = files_of(name, options.data, options.files.resolve())
        for version in versions:
            build(version, name, options.data, options.files.resolve())
        questions = read_questions(_GOLD if name == "seeds" else options.data / "queries.jsonl")
        figures = measure_in_turns(
            versions, name, files, questions[: options.questions], options.rounds, options.puts
        )
        commits = ", ".join(f"{version.name}: {version.commit}" for version in versions)
        method = _METHOD.format(set=name, commits=commits, **vars(options))
        columns = [name, *(version.name for version in versions), "after / before"]
        rows = [
            [figure, *found.values(), _ratio(*map(middle, found.values()))]
            for figure, found in figures.items()
        ]
        keep_table(f"store-{name}", method, columns, rows, options.results)


def files_of(name: str, data: Path, folder: Path) -> Path | None:
    """Return the files of a set, written if they are not there; None for one that is grown."""
    files = folder / name
    if name in GROWN:
        return None
    if not files.is_dir():
        unfinished = files.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        if name == "seeds":
            shutil.copytree(_SEEDS, unfinished)
        elif name == ORIGINALS:
            unfinished.mkdir(parents=True)
            for document in read_beir(data, "test").documents:
                file = unfinished / f"{Path(document.source).name}.md"
                file.write_text(document.text, "utf-8")
        else:
            write_files(unfinished, data, FILES[name])
        unfinished.rename(files)
    return files


def build(version: Version, name: str, data: Path, folder: Path) -> None:
    """Build a version's store of a set, if it is not there."""
    store = version.stores / name
    built = version.stores / f"{name}.{BUILT}"
    if built.is_file():
        return
    shutil.rmtree(store, ignore_errors=True)
    if files := files_of(name, data, folder):
        built.write_text(json.dumps({"seconds": version.index(files, store)}), "utf-8")
    else:
        build(version, ORIGINALS, data, folder)
        grow = sys.executable, "-m", "benchmarks.grow", str(version.stores / ORIGINALS)
        version.run(*grow, "--passages", str(GROWN[name]), "--into", str(store))


def measure_in_turns(
    versions: Sequence[Version],
    name: str,
    files: Path | None,
    questions: Sequence[str],
    rounds: int,
    puts: int,
) -> dict[str, dict[str, Any]]:
    """Return the figures of a set by name and version."""
    values: Values = defaultdict(lambda: defaultdict(list))
    for version in versions:
        store = version.stores / name
        built = json.loads((version.stores / f"{name}.{BUILT}").read_text("utf-8"))
        values["first build, s"][version.name] = [built["seconds"]]
        values["on disk, MiB"][version.name] = [_disk_mib(store)]
        _open_seconds(version, store)  # warms the file caches
        if files:
            version.index(files, store)
    for number in range(rounds):
        for version in versions if number % 2 == 0 else versions[::-1]:
            store = version.stores / name
            question = questions[number % len(questions)]
            figures = {
                "opening, s": [_open_seconds(version, store)],
                "`pincite ask`, s": [version.run(*version.system.ask(store, question))],
                **served(version, store, questions, puts),
            }
            if files:
                figures["`pincite index`, nothing changed, s"] = [version.index(files, store)]
            for figure, measured in figures.items():
                values[figure][version.name] += measured
            print(f"{name}, round {number}, {version.name}: {figures}", flush=True)
        if files:
            _change_one(versions, files, values["`pincite index`, one document changed, s"])
    for version in versions:
        disk = _disk_mib(version.stores / name)
        values["on disk after all of this, MiB"][version.name] = [disk]
    return {
        figure: {each: spread(measured) for each, measured in by_version.items() if measured}
        for figure, by_version in values.items()
    }


def _change_one(
    versions: Sequence[Version], files: Path, seconds: defaultdict[str, list[float]]
) -> None:
    """Index after one file changed, and once more when it is as it was."""
    changed = next(path for path in sorted(files.rglob("*")) if path.is_file())
    content = changed.read_bytes()
    added = f"\n\nThis was added at {time.time_ns()}.\n".encode()
    try:
        for text in (content + added, content):
            changed.write_bytes(text)
            for version in versions:
                seconds[version.name].append(version.index(files, version.stores / files.name))
    finally:
        changed.write_bytes(content)


def _open_seconds(version: Version, store: Path) -> float:
    command, env = [sys.executable, "-c", _OPEN, str(store)], environment(version.system)
    return float(subprocess.check_output(command, text=True, env=env, cwd=version.stores))


def served(
    version: Version, store: Path | str, questions: Sequence[str], puts: int, seconds: float = 0
) -> dict[str, list[float]]:
    """Start the service, ask, put documents, and delete them again; return figures by their names.

    With `seconds`, 8 clients ask for so long, too.
    """
    requests = [version.system.request(question, TOP_K) for question in questions]
    port, env = free_port(), environment(version.system)
    command = version.system.serve(store, port)
    with serving(command, port, requests[0], env, version.stores) as server:
        asked = measure(Plan(port, requests, count=len(requests)))
        if asked.failed:
            sys.exit(f"{version.name}: {asked.failed} questions failed.")
        loaded = measure(Plan(port, requests, CLIENTS, seconds=seconds)) if seconds else None
        memory = server.memory().figures()
        uploads = [f"benchmark-{time.time_ns() + number}" for number in range(1 + puts)]
        first, *others = [_seconds_until_found(port, upload) for upload in uploads]
        for upload in uploads:
            _send(port, "DELETE", f"/v1/documents/{upload}", _JSON)
        return {
            "the service's first answer, s": [server.seconds],
            "a question over HTTP, ms": [spread(asked.latencies_ms)["median"]],
            **(_of_clients(asked, loaded) if loaded else {}),
            "anonymous memory of the service, MiB": [memory["anonymous_mib"]],
            "file-backed memory of the service, MiB": [memory["file_backed_mib"]],
            "the first document put until found, s": [first],
            "a document put until found, s": others,
        }


def _of_clients(alone: Measured, loaded: Measured) -> dict[str, list[float]]:
    """Return figures of a client alone and of several at once."""
    if loaded.failed:
        sys.exit(f"{loaded.failed} questions of {CLIENTS} clients failed.")
    return {
        "a question over HTTP, p99 ms": [float(np.percentile(alone.latencies_ms, 99))],
        f"a question of {CLIENTS} clients, ms": [float(np.median(loaded.latencies_ms))],
        f"a question of {CLIENTS} clients, p99 ms": [float(np.percentile(loaded.latencies_ms, 99))],
        f"answers a second, {CLIENTS} clients": [loaded.per_second],
    }


def _seconds_until_found(port: int, upload: str) -> float:
    """Put a document; return after how many seconds a question was sent that found it."""
    word = upload.rpartition("-")[2].translate(_LETTERS)
    text = f"# The {word} gauge\n\nThe {word} gauge reads twelve units at noon.\n"
    question = json.dumps({"question": f"what does the {word} gauge read at noon"})
    started = time.perf_counter()
    _send(port, "PUT", f"/v1/documents/{upload}", _MARKDOWN, text)
    while (seconds := time.perf_counter() - started) < _LONGEST_WAIT_S:
        answer = _send(port, "POST", "/v1/ask", _JSON, question)
        if upload in (passage["document_id"] for passage in answer["passages"]):
            return seconds
    sys.exit(f"The document {upload} is not found.")


def _send(port: int, method: str, path: str, kind: str, body: str = "") -> Any:
    with closing(HTTPConnection("127.0.0.1", port, timeout=_LONGEST_WAIT_S)) as connection:
        connection.request(method, path, body or None, {"Content-Type": kind})
        response = connection.getresponse()
        content = response.read()
    if response.status >= 300:
        sys.exit(f"{method} {path} was answered with {response.status}: {content[:300]!r}")
    return json.loads(content) if content else None


def _disk_mib(store: Path) -> float:
    return sum(file.stat().st_size for file in store.rglob("*") if file.is_file()) / 2**20


def _ratio(before: float | None, after: float | None = None) -> float | None:
    return after / before if before and after is not None else None


if __name__ == "__main__":
    main()
