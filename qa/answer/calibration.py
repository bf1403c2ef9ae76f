"""When to answer and what confidence to show: the rule, and the calibration it may rest on.

The score of a question is the probability that its best quote answers, fitted on public questions
(`qa.answer.decision`). A `Calibration`, fitted on a user's own questions (`eval.calibration`),
corrects that probability and says from which score on to answer. A snapshot carries it.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from math import tanh
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError

from index.errors import StoreError
from index.store.protocols import Snapshot
from index.store.records import SnapshotInfo
from qa.read.reader import NO_READER
from qa.records import AppliedCalibration

SCORING = 6
"""The version of how a score is made. Raise it when a change makes questions score otherwise:
earlier calibrations then no longer apply."""

Standing = Literal["in force", "stale", "not in force"]
"""Whether a calibration applies: yes; yes, but the documents changed since; no."""

Share = Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True, slots=True)
class Rule:
    """Decides whether to answer at a score, and tells what confidence that score is.

    `threshold` is in units of the shown confidence; `by_hand` tells that it was set, and does not
    come from the calibration. `calibration` is the one in force, and `applied` what answers show.
    """

    threshold: float
    by_hand: bool
    calibration: "Calibration | None" = None
    applied: AppliedCalibration | None = None

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        default_threshold: float,
        threshold: float | None = None,
        without: tuple[str, ...] = (),
        reader: str = NO_READER,
    ) -> Self:
        """Return the rule of a snapshot.

        A `threshold` that is not None decides, else the calibration's, else `default_threshold`.
        The calibration applies only with the same stages left out (`without`) and the same digest
        of the `reader`. Raises StoreError if it cannot be read.
        """
        by_hand = threshold is not None
        uncalibrated = cls(default_threshold if threshold is None else threshold, by_hand)
        if snapshot.info.calibration is None:
            return uncalibrated
        calibration = Calibration.from_bytes(snapshot.info.calibration)
        standing = calibration.standing(
            key_of(snapshot.info, without, reader), snapshot.info.corpus
        )
        if standing == "not in force":
            return uncalibrated
        if threshold is None:
            threshold = calibration.probability(calibration.threshold)
        stale = standing == "stale"
        applied = AppliedCalibration(
            id=calibration.id,
            promise=None if by_hand or stale else calibration.promise,
            max_false_answers=calibration.max_false_answers,
            confidence_level=calibration.confidence_level,
            threshold=threshold,
            stale=stale,
        )
        return cls(threshold, by_hand, calibration, applied)

    def confidence(self, score: float) -> float:
        """Return the confidence to show: the probability that what is cited answers, in 0..1."""
        return self.calibration.probability(score) if self.calibration else score

    def allows(self, score: float) -> bool:
        """Tell whether to answer at this score."""
        if self.calibration and not self.by_hand:
            return is_answerable(score, self.calibration.threshold)
        return score > 0 and self.confidence(score) >= self.threshold


def is_answerable(score: float, threshold: float) -> bool:
    """Tell whether to answer at this score."""
    return score >= threshold and score > 0


@dataclass(frozen=True, slots=True)
class ScoreKey:
    """What a score depends on: `reader` is a digest, `without` are the stages left out."""

    model_fingerprint: str
    reader: str
    scoring: int
    chunking: int
    without: tuple[str, ...] = ()


def key_of(info: SnapshotInfo, without: tuple[str, ...] = (), reader: str = NO_READER) -> ScoreKey:
    """Return what the scores of a snapshot depend on."""
    return ScoreKey(info.model_fingerprint, reader, SCORING, info.made_by.chunking, without)


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

    `threshold` is a score. `slope` and `intercept` make a probability of a score. It is valid for
    `key`, and was made on documents of the digest `corpus` with the gold file named `gold`.
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
    key: ScoreKey
    corpus: str

    @property
    def id(self) -> str:
        """The head of the SHA-256 of the content."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    @property
    def promise(self) -> str:
        """What holds while it is in force and not stale."""
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

    def standing(self, key: ScoreKey, corpus: str) -> Standing:
        """Tell whether it applies where scores mean `key` and the documents are `corpus`."""
        if self.key != key:
            return "not in force"
        return "in force" if self.corpus == corpus else "stale"

    def obstacles(self, key: ScoreKey) -> tuple[str, ...]:
        """Return what has changed since the calibration was made, so that it does not apply."""
        differs = {
            "another model": self.key.model_fingerprint != key.model_fingerprint,
            "another reader": self.key.reader != key.reader,
            "another version of the scoring": self.key.scoring != key.scoring,
            "another version of the chunking": self.key.chunking != key.chunking,
            "other stages of retrieval": self.key.without != key.without,
        }
        return tuple(what for what, is_so in differs.items() if is_so)

    def to_bytes(self) -> bytes:
        """Return the form on disk, always the same bytes."""
        return _adapter().dump_json(self, indent=2)

    @classmethod
    def from_bytes(cls, content: bytes) -> "Calibration":
        """Read a calibration. Raises StoreError for one of another Pincite."""
        try:
            return _adapter().validate_json(content)
        except ValidationError:
            raise StoreError(
                "This Pincite cannot read the store's calibration: take it out with "
                "`pincite calibrate --remove`, then make a new one."
            ) from None


@cache
def _adapter() -> TypeAdapter[Calibration]:
    return TypeAdapter(Calibration)


def percent(share: float) -> str:
    """Return a share of 0..1 as a person reads it."""
    return f"{100 * share:.4g} %"
