"""What an evaluation is made of: times in milliseconds, shares in 0..1, offsets as in answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MAX_GRADE = 1000
"""The most that a judgement can say of relevance."""

Kind = Literal["answerable", "near-miss", "far-off"]
"""Whether the documents answer: yes; no, but the subject is theirs; no, it is another subject."""

Split = Literal["tune", "report"]
"""What a question may be used for: choosing settings, or figures to report."""

Part = str
"""The questions that a column of figures is about: a split, all, or another way of ranking."""

Protocol = Literal["gold", "beir", "spans", "abstain"]
"""What is measured: a gold file, or a public set in one of three ways."""

Verdict = Literal["right", "off the gold", "missed", "abstained", "false answer"]
"""Answerable: cited on the gold; answered, but not on it; not answered. Else: not answered or
answered."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a source, and its words; `on_gold` tells whether it overlaps the gold."""

    source: str
    start: int
    end: int
    text: str
    on_gold: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """Something relevant that was found: its 1-based rank, and how relevant it is, 1 and up."""

    rank: int
    grade: int = 1


@dataclass(frozen=True, slots=True)
class Ranking:
    """What is relevant among the first `depth` ranks, and the grades of what is `missed` there.

    Together they are all that is relevant in the corpus, at least one.
    """

    found: tuple[Found, ...]
    missed: tuple[int, ...]
    depth: int

    @property
    def first(self) -> int | None:
        """The rank of the first that is relevant."""
        return self.found[0].rank if self.found else None


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many characters are gold, how many were shown, how many are both."""

    gold: int
    shown: int
    both: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a language model wrote of an answer, and how that was judged.

    Of so many `sentences` that were shown, `on_gold` cite something that overlaps the gold.
    `dropped` are the others, with the check that each failed. `contained` tells whether the gold's
    words were written, or most of it is cited. `planted` counts corruptions of the sentences that
    the check was tried with, and `caught` those that it refused. Without sentences, `text` and
    `first_sentence_ms` are None, and the extractive answer stands in; `ended` and `declined` tell
    why, as in answers.
    """

    text: str | None
    sentences: int
    dropped: tuple[str, ...]
    ended: str
    declined: bool
    on_gold: int
    contained: bool
    planted: int
    caught: int
    first_sentence_ms: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one question.

    The decision to answer rests on `score`; answers show `confidence`. `right` tells whether what
    is cited, or would be if it were answered, overlaps the gold. An unanswerable question has no
    `gold`, `ranking` or overlaps. Where the gold is whole documents, there are no overlaps.
    `gold` is also empty where nothing of it stands in the documents any more. `written` is None
    where no language model was asked.
    """

    id: str
    question: str
    kind: Kind
    split: Split
    answered: bool
    score: float
    confidence: float
    right: bool
    answer: str | None
    citations: tuple[Excerpt, ...]
    gold: tuple[Excerpt, ...]
    took_ms: float
    ranking: Ranking | None = None
    cited: Overlap | None = None
    highlighted: Overlap | None = None
    written: Written | None = None

    @property
    def verdict(self) -> Verdict:
        """What the answer is worth."""
        if self.kind != "answerable":
            return "false answer" if self.answered else "abstained"
        if not self.answered:
            return "missed"
        return "right" if self.right else "off the gold"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure's value over `questions` questions, with its 95 % interval."""

    value: float
    low: float
    high: float
    questions: int


@dataclass(frozen=True, slots=True)
class OffsetCheck:
    """How many offsets were compared with the documents, and which did not hold."""

    checked: int
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """The conditions of a run: two runs compare only as far as these are alike.

    `data` is the name of the gold file or set without its folder. `scoring` and `chunking` are the
    versions of how passages are scored and cut, `without` the stages of retrieval that are left
    out. `writer` is the language model that wrote, None without one. `versions` are those of
    installed packages, "unknown" for one that is not installed.
    """

    protocol: Protocol
    data: str
    data_sha256: str
    options: Mapping[str, str | int]
    top_k: int
    threshold: float
    calibration: str | None
    model: str
    model_fingerprint: str
    backend: str
    scoring: int
    chunking: int
    snapshot: str
    documents: int
    passages: int
    date: str
    python: str
    machine: str
    processor: str
    processors: int | None
    versions: Mapping[str, str]
    without: tuple[str, ...] = ()
    reader: str | None = None
    reader_digest: str | None = None
    writer: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """An evaluation. A measure that is undefined for a part is absent there.

    `notes` say what a reader must know to understand the figures.
    """

    settings: Settings
    measures: Mapping[Part, Mapping[str, Estimate]]
    offsets: OffsetCheck
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()
