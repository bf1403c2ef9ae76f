"""The checks that are compared, each as a score of a claim: from some threshold on it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.claims.evidence import Claim
from qa.read.pairs import text_of
from qa.read.reading import Reader, Reading
from qa.read.windows import Window
from qa.records import Answer, Check, Hit
from qa.written.rules import broken_rule
from qa.written.sources import Source, sources_of
from qa.written.support import Checker

RULES, READER, CHECKER = "rules alone", "reader alone", "checker alone"
TOGETHER, SHIPPED = "rules and checker", "as shipped"
CHECKS = (RULES, READER, CHECKER, TOGETHER, SHIPPED)

THRESHOLDS = tuple(round(step / 64, 6) for step in range(1, 64))

Scores = dict[str, NDArray[np.float64]]
"""A score in 0..1 for each claim, by the check."""


def scores(claims: Sequence[Claim], reader: Reader, checker: Reader) -> Scores:
    """Return how each check scores the claims; 0 and 1 for the rules.

    The first four look at what the claim rests on. As shipped, a claim is held against all that
    may be cited of the passage that this stands in, and so has more chances to pass. A claim of
    WiCE comes without a passage, and is held against what it rests on.
    """
    rows = [_scores(claim, reader, checker) for claim in claims]
    return {check: np.array([row[check] for row in rows]) for check in CHECKS}


def _scores(claim: Claim, reader: Reader, checker: Reader) -> dict[str, float]:
    windows = claim.windows
    unbroken = np.array([not broken_rule(claim.text, text_of(window)) for window in windows])
    read = expit(reader.read(claim.text, windows).answerability)
    checked = expit(checker.read(claim.text, windows).answerability)
    together = float((checked * unbroken).max())
    return {
        RULES: float(unbroken.any()),
        READER: float(read.max()),
        CHECKER: float(checked.max()),
        TOGETHER: together,
        SHIPPED: _highest_shown(claim, checker) if claim.passages else together,
    }


def _highest_shown(claim: Claim, checker: Reader) -> float:
    """Return the highest threshold at which the claim is shown, 0 if it never is."""
    remembering = _RememberingReader(checker)
    sources = list(_sources(claim))
    low, high = 0, len(THRESHOLDS)
    while low < high:
        middle = (low + high + 1) // 2
        outcome = Checker(remembering, THRESHOLDS[middle - 1]).check(claim.text, sources)
        if isinstance(outcome, Check):
            high = middle - 1
        else:
            low = middle
    return THRESHOLDS[low - 1] if low else 0.0


def _sources(claim: Claim) -> tuple[Source, ...]:
    """Return the claim's passages as the sources of an answer."""
    hits = tuple(Hit(document, passage, 1.0, ()) for document, passage in claim.passages)
    return sources_of(
        Answer(
            question="",
            answered=True,
            confidence=1.0,
            text="",
            spans=(),
            citations=(),
            hits=hits,
            snapshot="",
            model="",
            took_ms=0.0,
        )
    )


@dataclass(slots=True)
class _RememberingReader:
    """Reads each window once for one claim."""

    reader: Reader
    name: str = ""
    digest: str = ""
    backend: str = ""
    logits: dict[str, np.float32] = field(default_factory=dict[str, np.float32])

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        unread = [window for window in windows if text_of(window) not in self.logits]
        for window, logit in zip(
            unread, self.reader.read(question, unread).answerability, strict=True
        ):
            self.logits[text_of(window)] = logit
        logits = [self.logits[text_of(window)] for window in windows]
        return Reading(np.array(logits, dtype=np.float32), None)
