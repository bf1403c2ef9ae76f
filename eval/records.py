"""What an evaluation is made of. Times are in milliseconds, shares lie in 0..1."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["answerable", "near-miss", "far-off"]
"""Whether the documents answer: yes; no, but the subject is theirs; no, it is another subject."""

Split = Literal["tune", "report"]
"""What a question may be used for: choosing settings, or figures to report."""

Part = Literal["tune", "report", "all"]
"""The questions that a column of figures is about."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one gold question.

    `rank` is the 1-based place of the first passage that holds a quote, None if none of
    those returned does. `citations` are `source:start-end`, `on_quote` says how many of
    them overlap a quote, `cited` whether any does; it is None for an unanswerable question.
    """

    id: str
    question: str
    kind: Kind
    split: Split
    answered: bool
    confidence: float
    rank: int | None
    cited: bool | None
    answer: str | None
    citations: tuple[str, ...]
    on_quote: int
    took_ms: float


@dataclass(frozen=True, slots=True)
class Measures:
    """The figures for some questions, defined in `eval.measures`; None where undefined."""

    questions: int
    answerable: int
    near_miss: int
    far_off: int
    recall_at_1: float | None
    recall_at_3: float | None
    recall_at_5: float | None
    recall_at_10: float | None
    mrr: float | None
    citation_hit_rate: float | None
    citation_precision: float | None
    answer_rate: float | None
    false_answers_near_miss: float | None
    false_answers_far_off: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None


@dataclass(frozen=True, slots=True)
class OffsetCheck:
    """How many offsets were compared with the documents, and which did not hold."""

    checked: int
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """The conditions of a run: two runs compare only as far as these are alike.

    `gold` is the gold file's name without its folder; `versions` are those of installed
    packages, "unknown" for one that is not installed.
    """

    top_k: int
    threshold: float
    model: str
    backend: str
    snapshot: str
    documents: int
    passages: int
    gold: str
    gold_sha256: str
    python: str
    machine: str
    processors: int | None
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """An evaluation: conditions, figures by part, what was checked, and every result."""

    settings: Settings
    measures: Mapping[Part, Measures]
    offsets: OffsetCheck
    results: tuple[Result, ...]
