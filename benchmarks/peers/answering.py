"""How fast and how well systems answer: over HTTP, and on the command line."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.load import Measured, Plan, measure
from benchmarks.peers.indexing import environment, timed
from benchmarks.peers.systems import TOP_K, System
from benchmarks.results import percentiles, spread
from benchmarks.running import free_port, serving
from eval.gold import Question
from eval.judge import rank_documents
from eval.measures.table import ranking_values

CLIENTS = 8
_DEEPEST = 50
Judged = Sequence[tuple[Question, Mapping[str, int]]]
"""Questions, each with the grades of documents by the set's own ids."""


def one_round(
    system: System,
    store: Path,
    questions: Sequence[str],
    seconds: float,
    judged: Judged | None = None,
) -> dict[str, Any]:
    """Start a server, ask it everything there is to ask, end it, and ask on the command line.

    The first pass asks each question for the first time, with nothing warm but the first answer.
    `seconds` are those of the throughput. Returns figures by their names; `quality` where there are
    `judged` questions.
    """
    first, *requests = [system.request(question, TOP_K) for question in questions]
    port = free_port()
    command = system.serve(store, port)
    with serving(command, port, first, environment(system), store.parent) as server:
        found: dict[str, Any] = {"first_answer_s": server.seconds}
        for name in ("latency_ms_", "again_ms_"):
            alone = _all_answered(measure(Plan(port, requests, count=len(requests))))
            found |= percentiles(alone.latencies_ms, name)
        loaded = measure(Plan(port, requests, CLIENTS, seconds=seconds))
        found |= {
            "per_s_8": loaded.per_second,
            "failed_8": loaded.failed,
            "p99_ms_8": float(np.percentile(loaded.latencies_ms, 99)),
            "clients_cpu_share_8": loaded.cpu_seconds / loaded.seconds,
        }
        memory = server.memory().figures()
        found |= {f"loaded_{name}": value for name, value in memory.items()}
        if judged:
            found["quality"] = _quality(system, port, judged)
    found["command_line_s"] = timed(system, system.ask(store, questions[0]), store.parent)
    return found


def together(rounds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return each figure's median, least and greatest; quality as it is."""
    names = [name for name in rounds[-1] if name != "quality"]
    found: dict[str, Any] = {name: spread(each[name] for each in rounds) for name in names}
    qualities = [each["quality"] for each in rounds if "quality" in each]
    return found | ({"quality": qualities[0]} if qualities else {})


def _quality(system: System, port: int, judged: Judged) -> dict[str, float]:
    """Rank documents by the best place of each in one long answer to each question."""
    requests = [system.request(question.text, _DEEPEST) for question, _ in judged]
    plan = Plan(port, requests, count=len(requests), keep_bodies=True)
    answers = map(json.loads, _all_answered(measure(plan)).bodies)
    ranked = [system.ranked(answer)[:TOP_K] for answer in answers]
    values = ranking_values(
        [rank_documents(ids, grades) for ids, (_, grades) in zip(ranked, judged, strict=True)]
    )
    return {
        "ndcg_at_10": float(values["ndcg_at_10"].mean()),
        "recall_at_10": float(values["recall_at_10"].mean()),
        "questions": len(judged),
    }


def _all_answered(measured: Measured) -> Measured:
    if measured.failed:
        raise ValueError(f"{measured.failed} requests failed with one client")
    return measured
