"""What a calibration says: from which score on to answer, and what a score is worth.

It was fitted on a user's own questions (`eval.calibration`) and belongs to a snapshot, which
carries it as a file.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from math import tanh
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError

from index.errors import StoreError

Standing = Literal["in force", "stale", "not in force"]
"""Whether a calibration applies: yes; yes, but the documents changed since; no."""

Share = Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True, slots=True)
class Key:
    """What the meaning of a score depends on.

    `reader` is the digest of the reader, "none" without one; `without` are the stages that were
    left out.
    """

    model_fingerprint: str
    reader: str
    scoring: int
    chunking: int
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many questions of a kind there were, and how many are answered at the threshold."""

    questions: int
    answered: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What the calibration rests on; `right` are answered questions that cite the right place."""

    answerable: Tally
    near_miss: Tally
    far_off: Tally
    right: int

    @property
    def unanswerable(self) -> Tally:
        """Near misses and far-off questions together."""
        return Tally(
            self.near_miss.questions + self.far_off.questions,
            self.near_miss.answered + self.far_off.answered,
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """A threshold and a probability fitted on gold questions.

    `threshold` is a score. `slope` and `intercept` make a probability of a score. `key` is
    what it is valid for, `corpus` the digest of the documents it was made on
    (`publishing.corpus_digest`). `gold` is the name of the gold file without its folder.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    made: AwareDatetime
    gold: str
    gold_sha256: str
    max_false_answers: Share
    confidence_level: Share
    threshold: Annotated[float, Field(ge=0, le=1)]
    slope: Annotated[float, Field(gt=0)]
    intercept: float
    counts: Counts
    key: Key
    corpus: str

    @property
    def id(self) -> str:
        """The head of the SHA-256 of the content."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    @property
    def promise(self) -> str:
        """What holds while it is in force and the documents are those it was made on."""
        return (
            f"With {percent(self.confidence_level)} confidence, at most "
            f"{percent(self.max_false_answers)} of unanswerable questions like the "
            f"{self.counts.near_miss.questions} near-miss and {self.counts.far_off.questions} "
            f"far-off ones of {self.gold} are answered."
        )

    def probability(self, score: float) -> float:
        """Return the probability that what is cited at this score answers the question."""
        # The logistic function, written so that nothing overflows.
        return (1 + tanh((self.slope * score + self.intercept) / 2)) / 2

    def standing(self, key: Key, corpus: str | None) -> Standing:
        """Tell whether it applies where scores mean `key` and the documents are `corpus`."""
        if self.key != key:
            return "not in force"
        return "in force" if self.corpus == corpus else "stale"

    def obstacles(self, key: Key) -> tuple[str, ...]:
        """Return what is not as it was when the calibration was made, so that it cannot apply."""
        differs = {
            "another model": self.key.model_fingerprint != key.model_fingerprint,
            "another reader": self.key.reader != key.reader,
            "another version of the scoring": self.key.scoring != key.scoring,
            "another version of the chunking": self.key.chunking != key.chunking,
            "other stages of retrieval": self.key.without != key.without,
        }
        return tuple(what for what, is_so in differs.items() if is_so)

    def to_bytes(self) -> bytes:
        """Return the form on disk: the same calibration always gives the same bytes."""
        return _adapter().dump_json(self, indent=2)

    @classmethod
    def from_bytes(cls, content: bytes) -> "Calibration":
        """Read a calibration. Raises StoreError for anything else.

        A file that was altered is found by its checksum before; this is one of another Pincite.
        """
        try:
            return _adapter().validate_json(content)
        except ValidationError:
            raise StoreError(
                "This Pincite cannot read the store's calibration: take it out with "
                "`pincite calibrate --remove`, then make a new one."
            ) from None


@dataclass(frozen=True, slots=True)
class AppliedCalibration:
    """The calibration behind an answer.

    `promise` is None where nothing is promised: the documents changed since (`stale`), or the
    threshold was set by hand. `threshold` is the one that decided, in units of confidence.
    """

    id: str
    promise: str | None
    max_false_answers: float
    confidence_level: float
    threshold: float
    stale: bool


def percent(share: float) -> str:
    """Return a share of 0..1 as a person reads it."""
    return f"{100 * share:.4g} %"


@cache
def _adapter() -> TypeAdapter[Calibration]:
    """Made when first needed: not every store has a calibration."""
    return TypeAdapter(Calibration)
