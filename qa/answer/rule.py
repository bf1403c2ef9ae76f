"""When to answer, and what confidence to show.

The score is the probability that the best quote answers, as `qa.answer.decision` has it from
public questions. A calibration on the user's own questions (`qa.answer.calibration`) corrects it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from qa.answer.calibration import AppliedCalibration, Calibration, Key
from qa.read.choose import NO_READER

if TYPE_CHECKING:
    from index.store.manifest import Manifest
    from index.store.snapshot import Snapshot

SCORING = 4
"""The version of how a score is made. Raise it when searching, reading, quoting or deciding
changes what a question scores: calibrations made before are then not applied."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Decides whether to answer at a score, and tells what confidence that score is.

    `threshold` is in units of the shown confidence. `calibration` is the one in force, None
    if there is none; `applied` says of it what an answer shows. `by_hand` is True where the
    threshold was set, so that the calibration's does not decide.
    """

    threshold: float
    by_hand: bool
    calibration: Calibration | None = None
    applied: AppliedCalibration | None = None

    @classmethod
    def of(
        cls,
        snapshot: "Snapshot",
        default_threshold: float,
        threshold: float | None = None,
        without: tuple[str, ...] = (),
        reader: str = NO_READER,
    ) -> Self:
        """Return the rule of a snapshot; a `threshold` that is not None comes first.

        `default_threshold` is for where there is no calibration. `without` are the stages of
        retrieval that are left out, and `reader` is the reader's digest: both change every score.
        Raises StoreError if the snapshot's calibration cannot be read.
        """
        by_hand = threshold is not None
        manifest = snapshot.manifest
        content = snapshot.calibration
        found = Calibration.from_bytes(content) if content is not None else None
        standing = (
            found.standing(key_of(manifest, without, reader), manifest.corpus)
            if found
            else "not in force"
        )
        if found is None or standing == "not in force":
            return cls(default_threshold if threshold is None else threshold, by_hand)
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
        return cls(threshold, by_hand, found, applied)

    def confidence(self, score: float) -> float:
        """Return the confidence to show: the probability that what is cited answers, in 0..1."""
        return self.calibration.probability(score) if self.calibration else score

    def allows(self, score: float) -> bool:
        """Tell whether to answer at this score."""
        if self.calibration and not self.by_hand:
            return is_answerable(score, self.calibration.threshold)
        return score > 0 and self.confidence(score) >= self.threshold


def key_of(manifest: "Manifest", without: tuple[str, ...] = (), reader: str = NO_READER) -> Key:
    """Return what the scores of a snapshot depend on; `reader` is the reader's digest."""
    return Key(manifest.model_fingerprint, reader, SCORING, manifest.chunking, without)


def is_answerable(score: float, threshold: float) -> bool:
    """Tell whether to answer at this score."""
    return score >= threshold and score > 0
