"""Pincite beside a plain service, txtai and Haystack: same documents, same weights, one run.

`python -m benchmarks.peers FOLDER` (of the BEIR layout) makes an environment for each peer, indexes
with each, and measures in turns; with `--only` and no name, Pincite alone.
"""

import argparse
from pathlib import Path
from typing import Any

from benchmarks.peers.answering import one_round, together
from benchmarks.peers.indexing import (
    index_aside,
    index_in_turns,
    index_whole,
    relevance,
    write_corpus,
)
from benchmarks.peers.systems import PEERS, TOP_K, peer, pincite, python_of, versions
from benchmarks.results import LATEST, WORK, keep
from eval.sets.layouts import read_beir
from index.encoding.model import find_model

_METHOD = """\
Systems in turns, {rounds} rounds, one server at a time; \
medians, with the least and the greatest. Clients are a closed loop on kept connections in one \
process of sockets alone; {top_k} documents or passages are asked for. Indexing is the whole \
process, from its start to a store that can be searched; without its start: less the time of \
indexing one document. The first answer and the command line are whole processes with warm file \
caches. Memory is that of the server after all of this, children counted. nDCG@10 and recall@10 \
are of the documents that the HTTP answers rank (documents by their best passage)."""


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a folder of the BEIR layout, such as SciFact")
    parser.add_argument("--work", type=Path, default=WORK / "peers")
    parser.add_argument("--only", nargs="*", choices=tuple(PEERS), help="these peers")
    parser.add_argument("--documents", type=int, help="only this many, relevant ones first")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--index-documents", type=int, default=500, help="indexed in each round")
    parser.add_argument("--index-rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of each throughput")
    parser.add_argument("--results", type=Path, default=LATEST, help="where the result is kept")
    options = parser.parse_args()
    work = options.work.resolve()
    whole = read_beir(options.data, "test")
    documents = min(options.documents or len(whole.documents), len(whole.documents))

    wanted = PEERS if options.only is None else options.only
    pythons = {name: python_of(name.lower(), work / "environments") for name in wanted}
    model = find_model().folder
    systems = [pincite(), *(peer(name, python, model) for name, python in pythons.items())]
    corpora = {
        count: write_corpus(whole, options.data, count, work / f"corpus-{count}")
        for count in (1, options.index_documents, documents)
    }
    for system in systems:  # makes what is made once a machine, and warms the file caches
        index_aside(system, corpora[1], work)
    indexed: dict[str, Any] = {}
    stores: dict[str, Path] = {}
    for system in systems:
        store, took = index_whole(system, corpora[documents], documents, work)
        stores[system.name], indexed[system.name] = store, took
    in_turns = index_in_turns(
        systems,
        (corpora[1], corpora[options.index_documents]),
        options.index_documents,
        options.index_rounds,
        work,
    )
    judged = relevance(whole)
    questions = [question.text for question, _ in judged]
    rounds: dict[str, list[dict[str, Any]]] = {system.name: [] for system in systems}
    for number in range(options.rounds):
        for system in systems:
            found = one_round(
                system,
                stores[system.name],
                questions,
                options.seconds,
                judged if number == 0 else None,
            )
            rounds[system.name].append(found)
            print(f"{system.name}, round {number + 1}: {_short(found)}", flush=True)
    keep(
        "peers" if wanted else "alone",
        _METHOD.format(rounds=options.rounds, top_k=TOP_K),
        {
            "set": whole.asked.name,
            "documents": documents,
            "questions": len(judged),
            "systems": {
                system.name: {
                    "notes": system.notes,
                    "versions": versions(pythons[system.name]) if system.name in pythons else {},
                    "indexing_whole": indexed[system.name],
                    "indexing": in_turns[system.name],
                    **together(rounds[system.name]),
                }
                for system in systems
            },
        },
        options.results,
    )


def _short(found: dict[str, Any]) -> str:
    names = ("first_answer_s", "latency_ms_p50", "per_s_8", "loaded_resident_mib", "command_line_s")
    return ", ".join(f"{name} {found[name]:.4g}" for name in names)


if __name__ == "__main__":
    main()
