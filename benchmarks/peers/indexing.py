"""How fast systems index: a whole process, from its start to a store that can be searched.

A set of the BEIR layout is written as every system takes it: rows of JSON, and a folder of files.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.systems import Corpus, System
from benchmarks.results import spread
from eval.gold import Question
from eval.sets.layouts import BeirSet

_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "NO_COLOR": "1"}


def environment(system: System) -> dict[str, str]:
    """Return what a system is run with: no setting of Pincite's, and no network."""
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("PINCITE_")}
    return {**inherited, **_OFFLINE, **system.env}


def timed(system: System, command: Sequence[str], folder: Path) -> float:
    """Run one of a system's commands and return its wall-clock seconds; end if it fails."""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(system),
        cwd=folder,
    )
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 3):  # 3: no answer in the documents
        sys.exit(f"{' '.join(command[:4])} … failed: {done.stderr.decode()[-1000:]}")
    return seconds


def index_whole(
    system: System, corpus: Corpus, documents: int, work: Path
) -> tuple[Path, dict[str, float]]:
    """Index all documents once; return the store, kept in `work`, and what it took."""
    store = work / f"store-{documents}-{system.store}"
    kept = store.with_suffix(".indexed.json")
    if not kept.is_file():
        _remove(store)
        seconds = timed(system, system.index(corpus, store), work)
        kept.write_text(json.dumps({"seconds": seconds, "documents_per_s": documents / seconds}))
        print(f"{system.store}: {documents} documents in {seconds:.0f} s", flush=True)
    return store, json.loads(kept.read_text("utf-8"))


def index_aside(system: System, corpus: Corpus, work: Path) -> float:
    """Index into a store that is removed again; return the seconds it took."""
    store = work / f"scratch-{system.store}"
    _remove(store)
    seconds = timed(system, system.index(corpus, store), work)
    _remove(store)
    return seconds


def index_in_turns(
    systems: Sequence[System],
    corpora: tuple[Corpus, Corpus],
    documents: int,
    rounds: int,
    work: Path,
) -> dict[str, Any]:
    """Time the indexing of one document and of so many, in turns; return figures by store.

    The rate with the start taken off is that of the documents beyond the first one.
    """
    seconds: dict[str, list[tuple[float, float]]] = {system.store: [] for system in systems}
    for _ in range(rounds):
        for system in systems:
            one, many = (index_aside(system, corpus, work) for corpus in corpora)
            seconds[system.store].append((one, many))
            print(f"{system.store}: 1 document {one:.1f} s, {documents} {many:.1f} s", flush=True)
    return {
        name: {
            "documents": documents,
            "one_document_s": spread(one for one, _ in each),
            "documents_per_s": spread(documents / many for _, many in each),
            "documents_per_s_without_start": spread(
                (documents - 1) / (many - one) for one, many in each
            ),
        }
        for name, each in seconds.items()
    }


def _remove(store: Path) -> None:
    """Remove a store, be it a folder or a file."""
    shutil.rmtree(store, ignore_errors=True)
    store.unlink(missing_ok=True)


def write_corpus(whole: BeirSet, data: Path, documents: int, folder: Path) -> Corpus:
    """Write so many documents into `folder`, once; the relevant ones first if they are not all."""
    corpus = Corpus(folder / "corpus.jsonl", folder / "files")
    if corpus.rows.is_file():
        return corpus
    shutil.rmtree(corpus.files, ignore_errors=True)
    corpus.files.mkdir(parents=True)
    relevant = {name for _, grades in relevance(whole) for name in grades}
    lines = (data / "corpus.jsonl").read_text("utf-8").splitlines()
    if documents < len(lines):
        lines.sort(key=lambda line: json.loads(line)["_id"] not in relevant)
    wanted = lines[:documents]
    texts = {document.source: document.text for document in whole.documents}
    folder_name = whole.documents[0].source.rpartition("/")[0]
    for line in wanted:
        name = json.loads(line)["_id"]
        (corpus.files / f"{name}.md").write_text(texts[f"{folder_name}/{name}"], "utf-8")
    corpus.rows.write_text("\n".join(wanted) + "\n", "utf-8")
    return corpus


def relevance(whole: BeirSet) -> list[tuple[Question, dict[str, int]]]:
    """Return each question with the grades of documents by the set's own ids."""
    names = {document.id: Path(document.source).name for document in whole.documents}
    return [
        (question, {names[each]: grade for each, grade in question.documents.items()})
        for question in whole.asked.questions
    ]
