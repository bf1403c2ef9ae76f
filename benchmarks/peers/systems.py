"""What is compared: how each system indexes, serves, and answers on the command line.

Each peer has a virtual environment of pinned packages, so that none decides another's.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.load import Request

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
TOP_K = 10
PINCITE = "Pincite"
WITHOUT_READER = "Pincite without a reader"
WITH_READER = "plain + CrossEncoder"
PEERS = {
    "plain": (
        "plain",
        "plain.py",
        "one vector a document; sentence-transformers, FAISS (flat, inner product), bm25s; FastAPI",
    ),
    WITH_READER: (
        "plain",
        "plain.py",
        "the same; a CrossEncoder with the weights of Pincite's reader ranks its first ten",
    ),
    "txtai": (
        "txtai",
        "txtai_service.py",
        "Embeddings with hybrid and content, all vectors searched, its own API under uvicorn",
    ),
}
"""The environment, the script and the notes of each peer, by its name."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The same documents twice: `rows` as a corpus.jsonl, `files` as a folder of Markdown files."""

    rows: Path
    files: Path


@dataclass(frozen=True, slots=True)
class System:
    """One system. Commands are argument vectors, `env` is added to their environment.

    `store` names what it indexes into: systems that index alike share one. `request` makes an HTTP
    request for so many documents, and `ranked` takes the ids of documents, best first, from its
    answer. `notes` say how it is set up.
    """

    name: str
    store: str
    index: Callable[[Corpus, Path], Sequence[str]]
    serve: Callable[[Path | str, int], Sequence[str]]
    ask: Callable[[Path, str], Sequence[str]]
    request: Callable[[str, int], Request]
    ranked: Callable[[Any], list[str]]
    env: Mapping[str, str]
    notes: str


def pincite(*flags: str, serving: Sequence[str] = (), store: str = PINCITE) -> System:
    """Return Pincite as a user runs it, all settings at their defaults but for `flags`.

    `serving` are flags of the service alone; `store` is the name of the store.
    """

    chosen = " ".join((*flags, *serving)) or "default settings"

    def run(*arguments: str) -> Sequence[str]:
        return (sys.executable, "-m", "pincite", *arguments, *flags)

    def request(question: str, documents: int) -> Request:
        return Request("/v1/ask", json.dumps({"question": question, "top_k": documents}))

    def ranked(answer: Any) -> list[str]:
        sources = (passage["source"] for passage in answer["passages"])
        return list(dict.fromkeys(Path(source).stem for source in sources))

    return System(
        PINCITE,
        store=store,
        index=lambda corpus, store: run("index", str(corpus.files), "--store", str(store)),
        serve=lambda store, port: run(
            "serve", "--store", str(store), "--port", str(port), *serving
        ),
        ask=lambda store, question: run("ask", question, "--store", str(store)),
        request=request,
        ranked=ranked,
        env={"PYTHONPATH": str(_ROOT)},
        notes="`pincite index` of a folder with a Markdown file for each document (the title is "
        f"its heading), `pincite serve`, `pincite ask`; {chosen}",
    )


def without_reader(own: System) -> System:
    """Return Pincite that indexes as `own` does, and answers without a reader."""
    none = ("--reader", "none")
    return replace(
        own,
        name=WITHOUT_READER,
        serve=lambda store, port: (*own.serve(store, port), *none),
        ask=lambda store, question: (*own.ask(store, question), *none),
        notes=f"the same store, served and asked with {' '.join(none)}",
    )


def peer(name: str, python: Path, env: Mapping[str, str]) -> System:
    """Return a system that is a script of this folder, run by the Python of its environment."""
    environment, script, notes = PEERS[name]
    command = (str(python), str(_HERE / script))
    plain = environment == "plain"

    def request(question: str, documents: int) -> Request:
        if plain:
            return Request("/ask", json.dumps({"question": question, "top_k": documents}))
        return Request(f"/search?query={quote(question, safe='')}&limit={documents}")

    def ranked(answer: Any) -> list[str]:
        if plain:
            return [document["_id"] for document in answer["documents"]]
        return [document["id"] for document in answer]

    return System(
        name,
        store=environment,
        index=lambda corpus, store: (*command, "index", str(corpus.rows), str(store)),
        serve=lambda store, port: (*command, "serve", str(store), str(port)),
        ask=lambda store, question: (*command, "ask", str(store), question),
        request=request,
        ranked=ranked,
        env=env,
        notes=notes,
    )


def python_of(name: str, folder: Path) -> Path:
    """Return the Python of the environment `name` in `folder`, made if it is not there or outdated.

    torch comes first and by itself, as in the Makefile: where pip finds a CPU build of the
    pinned version, that one is taken.
    """
    requirements = _HERE / f"requirements-{name}.txt"
    environment = folder / name
    python = environment / "bin" / "python"
    ready = environment / "ready"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if ready.is_file() and ready.read_text("ascii") == digest:
        return python
    print(f"Installing {name} into {environment}", flush=True)
    torch = next(line for line in requirements.read_text("ascii").split() if "torch==" in line)
    _run(sys.executable, "-m", "venv", "--clear", str(environment))
    _run(python, "-m", "pip", "install", "--quiet", torch)
    _run(python, "-m", "pip", "install", "--quiet", "--requirement", requirements)
    ready.write_text(digest, "ascii")
    return python


def versions(python: Path) -> dict[str, str]:
    """Return the packages of an environment."""
    done = subprocess.run(
        [python, "-m", "pip", "freeze", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
        text=True,
    )
    pairs = (line.split("==", 1) for line in done.stdout.splitlines() if "==" in line)
    return dict(pairs)


def _run(*command: str | Path) -> None:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed: {done.stderr.decode()[-1000:]}")
