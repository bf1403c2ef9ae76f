"""Pincite beside a plain service and txtai: same documents, same weights, one run.

`python -m benchmarks.peers FOLDER` (of the BEIR layout) makes an environment for each peer, indexes
with each, and measures in turns: Pincite beside peers that only retrieve, and beside the plain
service with a CrossEncoder of the reader's size. With `--only` and no name, Pincite alone.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.peers.answering import CLIENTS, one_round, together
from benchmarks.peers.cross_encoder import write_cross_encoder
from benchmarks.peers.indexing import (
    index_aside,
    index_in_turns,
    index_whole,
    relevance,
    write_corpus,
)
from benchmarks.peers.systems import (
    PEERS,
    PINCITE,
    TOP_K,
    WITH_READER,
    System,
    peer,
    pincite,
    python_of,
    versions,
    without_reader,
)
from benchmarks.results import LATEST, WORK, keep
from eval.sets.layouts import read_beir
from index.encoding.model import find_model
from index.encoding.openvino_model import precisions
from qa.read.reader import find_reader

_METHOD = """\
Systems in turns, {rounds} rounds, one server at a time; medians, with the least and the greatest. \
Clients are a closed loop on kept connections in one process of sockets alone; {top_k} documents \
or passages are asked for. Right after the first answer one client asks each question for the \
first time, then each again; then {clients} clients ask for {seconds:g} s. Memory is that of the \
server after this, children counted. Indexing is the whole process, from its start to a store that \
can be searched; without its start: less the time of indexing one document. The first answer and \
the command line are whole processes with warm file caches. nDCG@10 and recall@10 are of the \
documents that the HTTP answers rank (documents by their best passage)."""


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a folder of the BEIR layout, such as SciFact")
    parser.add_argument("--work", type=Path, default=WORK / "peers")
    parser.add_argument("--only", nargs="*", choices=tuple(PEERS), help="these peers")
    parser.add_argument("--float32", action="store_true", help="Pincite, too, computes in float32")
    parser.add_argument("--documents", type=int, help="only this many, relevant ones first")
    parser.add_argument("--most", type=int, default=300, help="at most this many questions")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--index-documents", type=int, default=500, help="indexed in each round")
    parser.add_argument("--index-rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of the throughput")
    parser.add_argument("--results", type=Path, default=LATEST, help="where the result is kept")
    options = parser.parse_args()
    work = options.work.resolve()
    whole = read_beir(options.data, "test")
    documents = min(options.documents or len(whole.documents), len(whole.documents))

    wanted = PEERS if options.only is None else options.only
    precision = "float32" if options.float32 else precisions()[0]
    systems, packages = _systems(wanted, work, precision)
    corpora = {
        count: write_corpus(whole, options.data, count, work / f"corpus-{count}")
        for count in (1, options.index_documents, documents)
    }
    indexing = list({system.store: system for system in systems}.values())
    for system in indexing:  # makes what is made once a machine, and warms the file caches
        index_aside(system, corpora[1], work)
    whole_set = {
        system.store: index_whole(system, corpora[documents], documents, work)
        for system in indexing
    }
    in_turns = index_in_turns(
        indexing,
        (corpora[1], corpora[options.index_documents]),
        options.index_documents,
        options.index_rounds,
        work,
    )
    judged = relevance(whole)[: options.most]
    questions = [question.text for question, _ in judged]
    rounds: dict[str, list[dict[str, Any]]] = {system.name: [] for system in systems}
    for number in range(options.rounds):
        for system in systems:
            store, asked = whole_set[system.store][0], judged if number == 0 else None
            found = one_round(system, store, questions, options.seconds, asked)
            rounds[system.name].append(found)
            print(f"{system.name}, round {number + 1}: {_short(found)}", flush=True)
    keep(
        ("peers" if wanted else "alone") + ("-float32" if options.float32 else ""),
        _METHOD.format(
            rounds=options.rounds, top_k=TOP_K, clients=CLIENTS, seconds=options.seconds
        ),
        {
            "set": whole.asked.name,
            "documents": documents,
            "questions": len(judged),
            "precision": precision,
            "packages": packages,
            "systems": {
                system.name: {
                    "notes": system.notes,
                    "indexing_whole": whole_set[system.store][1],
                    "indexing": in_turns[system.store],
                    **together(rounds[system.name]),
                }
                for system in systems
            },
        },
        options.results,
    )


def _systems(
    wanted: Iterable[str], work: Path, precision: str
) -> tuple[list[System], dict[str, dict[str, str]]]:
    """Return what is measured, in its order, and the packages of each environment."""
    names = dict.fromkeys(PEERS[name][0] for name in wanted)
    pythons = {name: python_of(name, work / "environments") for name in names}
    peers: list[System] = []
    for name in wanted:
        env = {"MODEL": str(find_model().folder)}
        if name == WITH_READER:
            reader = write_cross_encoder(find_reader(), work / "cross-encoder")
            env |= {"READER": str(reader), "READER_DTYPE": precision}
        peers.append(peer(name, pythons[PEERS[name][0]], env))
    alone = "--no-watch"  # the others follow no folder either
    float32 = ("--backend", "openvino-float32")
    own = pincite(serving=[alone])
    if precision == "float32":
        own = pincite(*float32, serving=[alone], store=f"{PINCITE}-float32")
    packages = {name: versions(python) for name, python in pythons.items()}
    return [*peers, without_reader(own), own], packages


def _short(found: dict[str, Any]) -> str:
    names = ("first_answer_s", "latency_ms_p50", "per_s_8", "loaded_resident_mib", "command_line_s")
    return ", ".join(f"{name} {found[name]:.4g}" for name in names)


if __name__ == "__main__":
    main()
