"""How likely each sentence, row or item that was read answers: what quotes are chosen by.

`read_units` adds up the evidence for each unit of the windows by `Weights`. One kind of evidence is
whether a unit holds what the question asks for: a figure, a time or a cause.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import tanh
from operator import add, mul
from typing import NamedTuple

import numpy as np

from index.records import Span
from index.structure.units import Unit
from qa.question.query import Coverage
from qa.read.reading import Reader, TokenScores
from qa.read.windows import Window, agreement
from qa.retrieve.candidates import Candidate

_WINDOWS_READ_CLOSELY = 3
"""Windows whose units are read one by one, by a reader that scores no words."""


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """A window with the reader's `logit` and `tokens`, and the `share` of the question it holds.

    `score` is the fused score of its passage, or how well it agrees with the question, as a row.
    """

    candidate: Candidate
    window: Window
    share: float
    score: float
    logit: float | None = None
    tokens: TokenScores | None = None

    @classmethod
    def of(
        cls,
        candidate: Candidate,
        window: Window,
        coverage: Coverage,
        logit: float | None = None,
        tokens: TokenScores | None = None,
    ) -> "ReadWindow":
        """Return what was read of a candidate's window."""
        share = coverage.share(window.held.whole)
        score = max(candidate.score, agreement(window.held, coverage))
        return cls(candidate, window, share, score, logit, tokens)


class UnitEvidence(NamedTuple):
    """What there is to judge a unit by.

    `window` is the logit of its window, and `words` the mean logit of its tokens, or its own logit
    where it was read by itself; both are 0 without a reader. `score` is the fused score of its
    passage. `share` is how much of the question it holds, and `share_above` how much with what
    stands above it. `kind` is above 0 if it holds the kind of answer asked for.
    """

    window: float
    words: float
    score: float
    share: float
    share_above: float
    kind: float


@dataclass(frozen=True, slots=True)
class ReadUnit:
    """A unit of a window, the evidence for it, and the log-odds that it answers."""

    read: ReadWindow
    unit: Unit
    evidence: UnitEvidence
    log_odds: float

    @property
    def candidate(self) -> Candidate:
        """The passage that it stands in."""
        return self.read.candidate

    @property
    def text(self) -> str:
        """Its words."""
        return self.unit.span.of(self.candidate.document.text)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of evidence adds to the log-odds that a unit answers (benchmarks/decision)."""

    constant: float
    of_evidence: UnitEvidence

    def log_odds(self, evidence: UnitEvidence) -> float:
        """Return the log-odds that a unit with this evidence answers."""
        return reduce(add, map(mul, self.of_evidence, evidence), self.constant)


_READ = Weights(-8.7, UnitEvidence(0.325, 0.32, score=6.7, share=0.6, share_above=2.6, kind=0.37))
_READ_CLOSELY = Weights(-8.7, _READ.of_evidence._replace(window=0.16, words=0.16))
_NOT_READ = Weights(-11.29, UnitEvidence(0.0, 0.0, score=8.1, share=1.5, share_above=3.2, kind=0.4))
LISTED = Weights(-12.2, UnitEvidence(0.3, 0.2, score=11.5, share=0.4, share_above=0.6, kind=0.37))
LISTED_NOT_READ = Weights(
    -14.1, UnitEvidence(0.0, 0.0, score=13.0, share=0.6, share_above=1.2, kind=0.4)
)
"""Where all that answers is listed (benchmarks/lists)."""


def probability(log_odds: float) -> float:
    """Return the logistic function of log-odds, written so that nothing overflows."""
    return (1 + tanh(log_odds / 2)) / 2


def read_units(
    question: str,
    windows: Sequence[ReadWindow],
    coverage: Coverage,
    reader: Reader | None,
    weights: Weights | None = None,
) -> tuple[ReadUnit, ...]:
    """Return the units of the windows, the likeliest to answer first.

    A reader that scores no words reads the units of the best windows one by one. `weights` None
    are those that a short answer is chosen by.
    """
    closely = windows
    if reader and not all(read.tokens for read in windows):
        closely = sorted(windows, key=lambda read: -(read.logit or 0.0))[:_WINDOWS_READ_CLOSELY]
    units = [
        (read, unit, held)
        for read in closely
        for unit, held in zip(read.window.units, read.window.held.units, strict=True)
    ]
    if reader is None:
        usual, words = _NOT_READ, [0.0] * len(units)
    elif closely is windows:
        usual, words = _READ, [_mean_of_tokens(read, unit.span) for read, unit, _ in units]
    else:
        reading = reader.read(question, [alone(read, unit) for read, unit, _ in units])
        usual, words = _READ_CLOSELY, reading.answerability.tolist()
    chosen = weights or usual
    kind = next((kind for kind in (_TIME, _FIGURE, _CAUSE) if kind.asks.search(question)), None)

    def judged(read: ReadWindow, unit: Unit, held: int, logit: float) -> ReadUnit:
        evidence = UnitEvidence(
            window=read.logit or 0.0,
            words=logit,
            score=read.score,
            share=coverage.share(held),
            share_above=coverage.share(held | read.window.held.above),
            kind=kind.agreement(_text_with_lead(read, unit)) if kind else 0.0,
        )
        return ReadUnit(read, unit, evidence, chosen.log_odds(evidence))

    judged_units = [judged(*unit, logit) for unit, logit in zip(units, words, strict=True)]
    return tuple(sorted(judged_units, key=lambda unit: -unit.log_odds))


def _text_with_lead(read: ReadWindow, unit: Unit) -> str:
    return "\n".join(part.of(read.candidate.document.text) for part in unit.parts)


def alone(read: ReadWindow, unit: Unit) -> Window:
    """Return a unit, below what leads in to it, as a window of its own."""
    window = read.window
    return Window.of(window.passage, read.candidate.document.text, window.above, [unit])


def _mean_of_tokens(read: ReadWindow, span: Span) -> float:
    """Return the mean logit of a unit's tokens, or the window's least if all were cut off."""
    tokens, parts = read.tokens, read.window.parts
    if tokens is None:
        return 0.0
    start = len(read.window.text) - (parts[-1].end - span.start)
    end = start + span.end - span.start
    within = (tokens.spans[:, 0] >= start) & (tokens.spans[:, 1] <= end)
    if within.any():
        return float(np.mean(tokens.scores[within]))
    return float(np.min(tokens.scores, initial=0.0))


class _AnswerKind(NamedTuple):
    """A kind of answer: the questions that ask for it, the texts that hold it, and its weight."""

    asks: re.Pattern[str]
    holds: re.Pattern[str]
    weight: float

    def agreement(self, text: str) -> float:
        return self.weight if self.holds.search(text) else -self.weight


_NUMBER = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|"
    r"fifty|hundred|thousand|million|billion|half|third|quarter|several|few|dozen|once|twice)\b"
)
_TIME = _AnswerKind(
    asks=re.compile(
        r"\bhow (?:long|soon|often|frequently)\b|\bwhen\b(?! (?:i|you|we|they|it|the|a)\b.*,)"
        r"|\b(?:what|which) (?:year|date|day|month|time)\b",
        re.I,
    ),
    holds=re.compile(
        rf"{_NUMBER}|\b(?:hours?|days?|weeks?|months?|years?|minutes?|daily|weekly|monthly|yearly|"
        r"immediately|always|never|until|before|after|during|if|once|century|morning|evening|night|"
        r"january|february|march|april|may|june|july|august|september|october|november|december)\b",
        re.I,
    ),
    weight=1.0,
)
_FIGURE = _AnswerKind(
    asks=re.compile(
        r"\bhow (?:many|much|old|far|tall|big|large|fast|deep|high|common)\b"
        r"|\bwhat (?:percentage|percent|share|number|amount|rate|price|size)\b",
        re.I,
    ),
    holds=re.compile(
        rf"{_NUMBER}|\b(?:rare|rarely|common|commonly|most|majority|all|none)\b", re.I
    ),
    weight=0.65,
)
_CAUSE = _AnswerKind(
    asks=re.compile(
        r"^\W*(?:so |and |but )?why\b|\bwhat (?:causes?|caused|makes|made|leads?|led)\b"
        r"|\breasons? (?:for|why|that|of)\b|\bhow come\b",
        re.I,
    ),
    holds=re.compile(
        r"\b(?:because|since|due to|owing to|thanks to|caus(?:e|es|ed|ing)|reasons?|results? (?:of|"
        r"from|in)|resulting|leads? to|led to|leading to|triggers?|triggered|attributed to|stems? "
        r"from|arises? from|contribut(?:e|es|ed|ing) to|factors?|so that|therefore|thus|allowing|"
        r"exacerbat(?:e|es|ed))\b",
        re.I,
    ),
    weight=1.5,
)
