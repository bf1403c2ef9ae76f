"""A calibration for the tests of what one does; it is fitted to nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from index.store.protocols import Snapshot
from qa.answer.calibration import SCORING, Calibration, Counts, ScoreKey, Tally, key_of
from qa.read.reader import NO_READER

CALIBRATION = Calibration(
    made=datetime(2026, 5, 4, 12, 30, tzinfo=UTC),
    gold="mine.jsonl",
    gold_sha256="ab" * 32,
    max_false_answers=0.1,
    confidence_level=0.95,
    threshold=0.55,
    slope=12.0,
    intercept=-6.0,
    counts=Counts(Tally(60, 50), Tally(30, 2), Tally(30, 0), right=45),
    key=ScoreKey("f" * 64, NO_READER, SCORING, 2),
    corpus="cd" * 32,
)
PROMISE = (
    "With 95 % confidence, at most 10 % of unanswerable questions like the "
    "30 near-miss and 30 far-off ones of mine.jsonl are "
    "answered."
)


def fitting(snapshot: Snapshot, **changes: Any) -> Calibration:
    """Return the calibration as if it had been made on `snapshot`, but for `changes`."""
    key, corpus = key_of(snapshot.info), snapshot.info.corpus
    return replace(CALIBRATION, **{"key": key, "corpus": corpus, **changes})
