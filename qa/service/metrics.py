"""Prometheus metrics of questions, requests, the queue and the snapshot.

If PROMETHEUS_MULTIPROC_DIR names a folder before this module is imported, prometheus_client keeps
the counts in files there, and several worker processes count together.
"""

import os
import time
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
from qa.records import Answer

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST

disable_created_metrics()  # type: ignore[no-untyped-call]  # nothing asks for when a count began
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The service's metrics."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        counter = partial(Counter, registry=self._registry)
        histogram = partial(Histogram, buckets=_SECONDS, registry=self._registry)
        gauge = partial(Gauge, registry=self._registry, multiprocess_mode="mostrecent")
        questions = counter("pincite_questions", "Questions, by outcome.", ["outcome"])
        self._outcomes = [questions.labels(outcome) for outcome in ("abstained", "answered")]
        # Looking a label up takes longer than counting: the labels are cached.
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
        self._documents = gauge("pincite_documents", "Documents that are searched.")
        self._passages = gauge("pincite_passages", "Passages that are searched.")
        self._age = gauge("pincite_snapshot_age_seconds", "Age of the live snapshot.")
        self._jobs = gauge("pincite_jobs_pending", "Uploads that wait to be indexed.")

    def count_answer(self, answer: Answer) -> None:
        """Count a question and how long its stages took."""
        self._outcomes[answer.answered].inc()
        for stage, took_ms in answer.stage_ms.items():
            self._stage(stage).observe(took_ms / 1000)

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the pattern that it matched."""
        self._requests(route, method, str(status)).inc()
        self._request_seconds(route).observe(seconds)

    def queue_changed(self, inside: int) -> None:
        """Record how many questions wait or are worked on."""
        self._queue.set(inside)

    def text(self, engine: Engine, jobs_pending: int) -> bytes:
        """Return the metrics of all workers together, in Prometheus's text format."""
        info = engine.snapshot.info
        self._documents.set(info.documents)
        self._passages.set(info.passages)
        self._jobs.set(jobs_pending)
        self._age.set(max(0.0, time.time() - info.published))
        folder = os.environ.get(MULTIPROCESS_FOLDER)
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
