"""What speed is wanted: beside the plain service in the same run, and at a million passages."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on a figure, or on its ratio to the plain service's."""

    bound: float
    side: Literal["at most", "at least"]
    unit: str = ""

    def is_met(self, value: float) -> bool:
        """Tell whether a value keeps the bound."""
        return value <= self.bound if self.side == "at most" else value >= self.bound

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.side} {self.bound:g}{self.unit and ' ' + self.unit}"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of every system: its place in the result, its name, the target for its ratio."""

    place: tuple[str, ...]
    name: str
    target: Target | None = None


MEASURES = (
    Measure(("latency_ms_p50",), "HTTP latency p50, ms", Target(0.4, "at most")),
    Measure(("latency_ms_p95",), "HTTP latency p95, ms"),
    Measure(("latency_ms_p99",), "HTTP latency p99, ms"),
    Measure(("per_s_1",), "questions a second, 1 client"),
    Measure(("per_s_8",), "questions a second, 8 clients", Target(4, "at least")),
    Measure(("per_s_64",), "questions a second, 64 clients"),
    Measure(("indexing", "documents_per_s"), "documents indexed a second", Target(1.5, "at least")),
    Measure(("indexing", "documents_per_s_without_start"), "the same, less the start"),
    Measure(("indexing_whole", "documents_per_s"), "the same, whole set, once"),
    Measure(("command_line_s",), "an answer on the command line, s", Target(0.15, "at most")),
    Measure(("first_answer_s",), "the server's first answer, s", Target(0.5, "at most")),
    Measure(("loaded_resident_mib",), "resident memory, MiB", Target(0.7, "at most")),
    Measure(("loaded_anonymous_mib",), "of it anonymous, MiB"),
)
NDCG_ABOVE_BEST_PEER = Target(0.035, "at least")

AT_A_MILLION = {
    "dense p50": (("search", "dense_ms", "p50"), Target(5, "at most", "ms")),
    "dense p99": (("search", "dense_ms", "p99"), Target(15, "at most", "ms")),
    "recall@10": (("search", "recall_at_10"), Target(0.99, "at least")),
    "question p50": (("search", "question_ms", "p50"), Target(25, "at most", "ms")),
    "anonymous memory": (("search", "asked", "anonymous_mib"), Target(2000, "at most", "MiB")),
}
