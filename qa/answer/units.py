"""How likely each sentence, row or item that was read answers: what quotes are chosen by.

`read_units` gathers the evidence for each unit of the windows and adds it up by `Weights`. One kind
of evidence is whether a unit holds the kind of answer that the question asks for: a figure, a time
or a cause (`agreement`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import tanh
from typing import NamedTuple

import numpy as np

from index.records import Span
from index.search.terms import terms
from qa.question.query import Coverage
from qa.read.reader import Reader, TokenScores
from qa.read.windows import Unit, Window
from qa.retrieve.candidates import Candidate

WINDOWS_READ_CLOSELY = 3
"""Whose units are read one by one, by a reader that scores no words."""


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """A window of a candidate; `logit` is the reader's, None where there is no reader.

    `share` is that of the question's words, by weight, that it holds with what stands above it.
    """

    candidate: Candidate
    window: Window
    share: float
    logit: float | None = None
    tokens: TokenScores | None = None


class UnitEvidence(NamedTuple):
    """What there is to judge a unit by.

    `window` is the logit of its window. `words` is the mean logit of its tokens, or its own logit
    where it was read by itself; 0 where neither is known, as `window` is. `score` is the fused
    score of its passage, `share` the share of the question's words, by weight, that it holds, and
    `share_above` that which it and what stands above it hold. `kind` tells whether it holds the
    kind of answer that is asked for.
    """

    window: float
    words: float
    score: float
    share: float
    share_above: float
    kind: float


@dataclass(frozen=True, slots=True)
class ReadUnit:
    """A unit of a window that was read. `log_odds` are those that it answers."""

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
    """What each kind of evidence adds to the log-odds that a unit answers.

    Those for the bundled reader and for none were fitted on public questions with spans, by
    `python -m benchmarks.decision`. How the two shares divide their weight was not: in these sets
    nothing stands above a text but its title.
    """

    constant: float
    of_evidence: UnitEvidence

    def log_odds(self, evidence: UnitEvidence) -> float:
        """Return the log-odds that a unit with this evidence answers."""
        log_odds = self.constant
        for weight, value in zip(self.of_evidence, evidence, strict=True):
            log_odds += weight * value
        return log_odds


_READ = Weights(
    -8.7,
    UnitEvidence(window=0.325, words=0.32, score=6.7, share=0.6, share_above=2.6, kind=0.37),
)
_READ_CLOSELY = Weights(
    -8.7,
    UnitEvidence(window=0.16, words=0.16, score=6.7, share=0.6, share_above=2.6, kind=0.37),
)
_NOT_READ = Weights(
    -11.29,
    UnitEvidence(window=0.0, words=0.0, score=8.1, share=1.5, share_above=3.2, kind=0.4),
)


def probability(log_odds: float) -> float:
    """Return the logistic function of log-odds, written so that nothing overflows."""
    return (1 + tanh(log_odds / 2)) / 2


def read_units(
    question: str, windows: Sequence[ReadWindow], coverage: Coverage, reader: Reader | None
) -> tuple[ReadUnit, ...]:
    """Return the units of the windows, the likeliest to answer first.

    A reader that scores no words reads the units of the best windows one by one.
    """
    units = [(read, unit) for read in windows for unit in read.window.units]
    if reader is None:
        weights, words = _NOT_READ, [0.0] * len(units)
    elif all(read.tokens for read in windows):
        weights, words = _READ, [_mean_of_tokens(read, unit.span) for read, unit in units]
    else:
        best = sorted(windows, key=lambda read: -(read.logit or 0.0))[:WINDOWS_READ_CLOSELY]
        units = [(read, unit) for read in best for unit in read.window.units]
        reading = reader.read(question, [_alone(read, unit) for read, unit in units])
        weights, words = _READ_CLOSELY, reading.answerability.tolist()
    judged = (
        _judged(question, read, unit, logit, coverage, weights)
        for (read, unit), logit in zip(units, words, strict=True)
    )
    return tuple(sorted(judged, key=lambda unit: -unit.log_odds))


def _alone(read: ReadWindow, unit: Unit) -> Window:
    """Return a unit, below what leads in to it, as a window of its own."""
    text = "\n".join(part.of(read.candidate.document.text) for part in unit.parts)
    return replace(read.window, span=unit.span, parts=unit.parts, text=text, units=(unit,))


def _mean_of_tokens(read: ReadWindow, span: Span) -> float:
    """Return the mean logit of a unit's tokens; the least of the window's where none was read."""
    tokens, parts = read.tokens, read.window.parts
    if tokens is None:
        return 0.0
    before = sum(part.end - part.start + 1 for part in parts[:-1])
    start = before + span.start - parts[-1].start
    end = start + span.end - span.start
    within = (tokens.spans[:, 0] >= start) & (tokens.spans[:, 1] <= end)
    if within.any():
        return float(np.mean(tokens.scores[within]))
    # Cut off: what was not read must not come before what was.
    return float(np.min(tokens.scores, initial=0.0))


def _judged(
    question: str,
    read: ReadWindow,
    unit: Unit,
    words: float,
    coverage: Coverage,
    weights: Weights,
) -> ReadUnit:
    text = "\n".join(part.of(read.candidate.document.text) for part in unit.parts)
    held = coverage.held(frozenset(terms(text)))
    above = coverage.held(frozenset(terms(read.window.above)))
    evidence = UnitEvidence(
        window=read.logit or 0.0,
        words=words,
        score=read.candidate.score,
        share=coverage.share(held),
        share_above=coverage.share(held | above),
        kind=agreement(question, text),
    )
    return ReadUnit(read, unit, evidence, weights.log_odds(evidence))


class _AnswerKind(NamedTuple):
    """A kind of answer: the questions that ask for it, and the texts that hold it.

    `strength` is how much it tells beside the other kinds, fitted as `Weights` were.
    """

    asks: re.Pattern[str]
    holds: re.Pattern[str]
    strength: float


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
    strength=1.0,
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
    strength=0.65,
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
    strength=1.5,
)


def agreement(question: str, text: str) -> float:
    """Return more than 0 if a text holds what the question asks for, less if it does not.

    It is 0 where the question does not tell what it asks for.
    """
    kind = _asked_for(question)
    if kind is None:
        return 0.0
    return kind.strength if kind.holds.search(text) else -kind.strength


@lru_cache(maxsize=256)
def _asked_for(question: str) -> _AnswerKind | None:
    """Return the kind of answer that a question asks for, None where its words do not tell."""
    return next((kind for kind in (_TIME, _FIGURE, _CAUSE) if kind.asks.search(question)), None)
