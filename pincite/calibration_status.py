"""What `pincite status` tells of a store's calibration; the model is not loaded for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from qa.abstention import key_of
from qa.calibration import Calibration, Standing

if TYPE_CHECKING:
    from index.store.manifest import Manifest
    from index.store.objects import ObjectFolder


@dataclass(frozen=True, slots=True)
class CalibrationStatus:
    """Whether the store's calibration applies.

    `promise` is None where nothing is promised, `made_for` what it was made for where that
    is why it does not apply. `threshold` is a confidence, as an answer shows and `--threshold`
    takes it, `score_threshold` the score that it is made of; `made` is a time in ISO 8601.
    """

    id: str
    made: str
    gold: str
    standing: Standing
    made_for: tuple[str, ...]
    promise: str | None
    by_hand: bool
    max_false_answers: float
    confidence_level: float
    threshold: float
    score_threshold: float

    @classmethod
    def of(
        cls,
        manifest: "Manifest",
        objects: "ObjectFolder",
        *,
        by_hand: bool,
        without: tuple[str, ...],
        reader: str,
    ) -> Self | None:
        """Return the status of a snapshot's calibration; None where there is none.

        `by_hand` tells whether a threshold is set, which comes before the calibrated one;
        `without` are the stages of retrieval that are left out, `reader` is the reader's digest.
        Raises StoreDamagedError, StoreError for one that this Pincite cannot read.
        """
        if manifest.calibration is None:
            return None
        found = Calibration.from_bytes(objects.get(manifest.calibration))
        key = key_of(manifest, without, reader)
        standing = found.standing(key, manifest.corpus)
        return cls(
            id=found.id,
            made=found.made.isoformat(),
            gold=found.gold,
            standing=standing,
            made_for=found.obstacles(key),
            promise=found.promise if standing == "in force" and not by_hand else None,
            by_hand=by_hand,
            max_false_answers=found.max_false_answers,
            confidence_level=found.confidence_level,
            threshold=found.probability(found.threshold),
            score_threshold=found.threshold,
        )


def in_words(calibration: CalibrationStatus | None) -> str:
    """Return what a person wants to know of it, on one line."""
    if calibration is None:
        return "none, so nothing is promised; `pincite calibrate` makes one"
    told = f"{calibration.id} of {calibration.made}, {calibration.standing}"
    if calibration.promise is not None:
        return f"{told}: {calibration.promise}"
    if calibration.standing == "in force":
        return f"{told}, but the threshold is set by hand, so nothing is promised"
    reason = "the documents changed since"
    if calibration.made_for:
        reason = f"it was made for {' and '.join(calibration.made_for)}"
    return f"{told}, so nothing is promised: {reason}; run `pincite calibrate` again"
