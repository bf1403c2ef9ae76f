"""When to answer, and what confidence to show.

The score is that of the best sentence that could be quoted (`qa.support`). What it means differs
from corpus to corpus, so the confidence compares it with what questions on other subjects score
there (`qa.background`): 0.5 just stands out from them, 0.8 is twice that. This tells a subject
that the documents never touch from one they treat; a question on their subject that they
happen not to answer often scores as high as one they do answer (docs/evaluation.md has the
measured rates). It is a score, not a probability: a calibration on the user's own questions
(`qa.calibration`) makes it one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from qa.background import DEFAULT_FLOOR, Background
from qa.calibration import AppliedCalibration, Calibration, Key

if TYPE_CHECKING:
    from index.manifest import Manifest
    from index.snapshot import Snapshot
    from qa.evidence import Quote

DEFAULT_THRESHOLD = 0.5
SCORING = 3
"""The version of how a score is made. Raise it when searching, quoting or scoring changes what
a question scores: calibrations made before are then not applied."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Decides whether to answer at a score, and tells what confidence that score is.

    `threshold` is in units of the shown confidence, `floor` is the score that just stands out from
    what unrelated questions score. `calibration` is the one in force, None
    if there is none; `applied` says of it what an answer shows. `by_hand` is True where the
    threshold was set, so that the calibration's does not decide.
    """

    threshold: float
    by_hand: bool
    floor: float = DEFAULT_FLOOR
    calibration: Calibration | None = None
    applied: AppliedCalibration | None = None

    @classmethod
    def of(
        cls,
        snapshot: "Snapshot",
        threshold: float | None = None,
        without: tuple[str, ...] = (),
    ) -> Self:
        """Return the rule of a snapshot; a `threshold` that is not None comes first.

        `without` are the stages of retrieval that are left out, which changes every score.
        Raises StoreError if the snapshot's calibration cannot be read.
        """
        by_hand = threshold is not None
        floor = _floor(snapshot.background)
        manifest = snapshot.manifest
        content = snapshot.calibration
        found = Calibration.from_bytes(content) if content is not None else None
        standing = (
            found.standing(key_of(manifest, without), manifest.corpus) if found else "not in force"
        )
        if found is None or standing == "not in force":
            return cls(DEFAULT_THRESHOLD if threshold is None else threshold, by_hand, floor)
        if threshold is None:
            threshold = found.probability(found.threshold)
        stale = standing == "stale"
        applied = AppliedCalibration(
            id=found.id,
            promise=None if by_hand or stale else found.promise,
            max_false_answers=found.max_false_answers,
            confidence_level=found.confidence_level,
            threshold=threshold,
            stale=stale,
        )
        return cls(threshold, by_hand, floor, found, applied)

    def confidence(self, score: float) -> float:
        """Return the confidence to show, in 0..1: a probability where there is a calibration."""
        if self.calibration:
            return self.calibration.probability(score)
        return score**2 / (score**2 + self.floor**2)

    def allows(self, score: float) -> bool:
        """Tell whether to answer at this score."""
        if self.calibration and not self.by_hand:
            return is_answerable(score, self.calibration.threshold)
        return score > 0 and self.confidence(score) >= self.threshold


def key_of(manifest: "Manifest", without: tuple[str, ...] = ()) -> Key:
    """Return what the scores of a snapshot depend on."""
    return Key(manifest.model_fingerprint, SCORING, manifest.chunking, without)


def best_score(ranked: "Sequence[Quote]") -> float:
    """Return the best quote's score, in 0..1; 0 if nothing could be quoted."""
    return ranked[0].score if ranked else 0.0


def is_answerable(score: float, threshold: float) -> bool:
    """Tell whether to answer at this score."""
    return score >= threshold and score > 0


def _floor(background: bytes | None) -> float:
    measured = Background.from_bytes(background) if background else None
    return measured.floor if measured and measured.scoring == SCORING else DEFAULT_FLOOR
