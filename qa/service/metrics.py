"""Prometheus metrics of questions, requests, the queue and the snapshot.

If PROMETHEUS_MULTIPROC_DIR names a folder before this module is imported, prometheus_client keeps
the counts in files there, and several worker processes count together.
"""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from qa.engine import Engine
from qa.records import Answer, WrittenAnswer

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST

disable_created_metrics()  # type: ignore[no-untyped-call]  # nothing asks for when a count began
_OUTCOMES = "abstained", "answered"
_CHECKED = "dropped", "shown"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The service's metrics."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        counter = partial(Counter, registry=self._registry)
        # Looking a label up takes longer than counting: the labels are cached.
        histogram = partial(Histogram, buckets=_SECONDS, registry=self._registry)
        gauge = partial(Gauge, registry=self._registry, multiprocess_mode="mostrecent")
        self._outcomes = cache(
            counter(
                "pincite_questions",
                "Questions, by collection and outcome.",
                ["collection", "outcome"],
            ).labels
        )
        self._sentences = cache(
            counter(
                "pincite_written_sentences",
                "Sentences that a language model wrote, by collection and outcome of the checks.",
                ["collection", "outcome"],
            ).labels
        )
        self._stage = cache(
            histogram("pincite_stage_seconds", "Time of a question, by stage.", ["stage"]).labels
        )
        self._requests = cache(
            counter(
                "pincite_requests",
                "Requests, by route, method and status.",
                ["route", "method", "status"],
            ).labels
        )
        self._request_seconds = cache(
            histogram(
                "pincite_request_seconds",
                "Time of a request, from its head to the end of the response.",
                ["route"],
            ).labels
        )
        self._queue = gauge(
            "pincite_queue", "Questions that wait or are worked on.", multiprocess_mode="livesum"
        )
        of_collection = partial(gauge, labelnames=["collection"])
        self._documents = of_collection("pincite_documents", "Documents that are searched.")
        self._passages = of_collection("pincite_passages", "Passages that are searched.")
        self._age = of_collection("pincite_snapshot_age_seconds", "Age of the live snapshot.")
        self._jobs = of_collection("pincite_jobs_pending", "Uploads that wait to be indexed.")
        self._measured = set[str]()

    def count_answer(self, answer: Answer, collection: str) -> None:
        """Count a question and how long its stages took."""
        self._outcomes(collection, _OUTCOMES[answer.answered]).inc()
        for stage, took_ms in answer.stage_ms.items():
            self._stage(stage).observe(took_ms / 1000)

    def count_written(self, written: WrittenAnswer, collection: str) -> None:
        """Count the sentences that a language model wrote."""
        for outcome, sentences in zip(_CHECKED, (written.dropped, written.sentences), strict=True):
            self._sentences(collection, outcome).inc(len(sentences))

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the pattern that it matched."""
        self._requests(route, method, str(status)).inc()
        self._request_seconds(route).observe(seconds)

    def queue_changed(self, inside: int) -> None:
        """Record how many questions wait or are worked on."""
        self._queue.set(inside)

    def text(self, collections: Mapping[str, tuple[Engine, int]]) -> bytes:
        """Return the metrics of all workers together, in Prometheus's text format.

        `collections` are those that are open: the engine of each, and how many jobs wait.
        """
        folder = os.environ.get(MULTIPROCESS_FOLDER)
        gauges = self._documents, self._passages, self._age, self._jobs
        for gone in self._measured - collections.keys() if folder is None else ():
            for gauge in gauges:
                gauge.remove(gone)
        self._measured = set(collections)
        for name, (engine, jobs_pending) in collections.items():
            info = engine.snapshot.info
            for outcome in _OUTCOMES:
                self._outcomes(name, outcome)  # 0 until one is counted
            for outcome in _CHECKED:
                self._sentences(name, outcome)
            age_s = max(0.0, time.time() - info.published)
            for gauge, value in zip(
                gauges, (info.documents, info.passages, age_s, jobs_pending), strict=True
            ):
                gauge.labels(name).set(value)
        if folder is None:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, folder)  # type: ignore[no-untyped-call]
        return generate_latest(together)


def forget_dead_workers() -> None:
    """Take the gauges of ended processes out of the sum."""
    folder = os.environ.get(MULTIPROCESS_FOLDER)
    for path in Path(folder).glob("gauge_live*_*.db") if folder else ():
        pid = int(path.stem.rpartition("_")[2])
        if not Path(f"/proc/{pid}").exists():
            with suppress(FileNotFoundError):
                mark_process_dead(pid)  # type: ignore[no-untyped-call]
