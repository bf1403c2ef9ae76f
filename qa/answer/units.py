"""How likely each sentence, row or item that was read answers: what quotes are chosen by."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import tanh
from typing import Literal

import numpy as np

from index.records import Span
from index.search.terms import terms
from qa.question.terms import Coverage
from qa.read.reader import Reader, TokenScores
from qa.read.windows import Unit, Window
from qa.retrieve.candidates import Candidate

AnswerType = Literal["figure", "time", "cause"]

_ASKS: dict[AnswerType, re.Pattern[str]] = {
    "time": re.compile(
        r"\bhow (?:long|soon|often|frequently)\b|\bwhen\b(?! (?:i|you|we|they|it|the|a)\b.*,)"
        r"|\b(?:what|which) (?:year|date|day|month|time)\b",
        re.I,
    ),
    "figure": re.compile(
        r"\bhow (?:many|much|old|far|tall|big|large|fast|deep|high|common)\b"
        r"|\bwhat (?:percentage|percent|share|number|amount|rate|price|size)\b",
        re.I,
    ),
    "cause": re.compile(
        r"^\W*(?:so |and |but )?why\b|\bwhat (?:causes?|caused|makes|made|leads?|led)\b"
        r"|\breasons? (?:for|why|that|of)\b|\bhow come\b",
        re.I,
    ),
}
_NUMBER = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|"
    r"fifty|hundred|thousand|million|billion|half|third|quarter|several|few|dozen|once|twice)\b"
)
_HOLDS: dict[AnswerType, re.Pattern[str]] = {
    "figure": re.compile(
        rf"{_NUMBER}|\b(?:rare|rarely|common|commonly|most|majority|all|none)\b", re.I
    ),
    "time": re.compile(
        rf"{_NUMBER}|\b(?:hours?|days?|weeks?|months?|years?|minutes?|daily|weekly|monthly|yearly|"
        r"immediately|always|never|until|before|after|during|if|once|century|morning|evening|night|"
        r"january|february|march|april|may|june|july|august|september|october|november|december)\b",
        re.I,
    ),
    "cause": re.compile(
        r"\b(?:because|since|due to|owing to|thanks to|caus(?:e|es|ed|ing)|reasons?|results? (?:of|"
        r"from|in)|resulting|leads? to|led to|leading to|triggers?|triggered|attributed to|stems? "
        r"from|arises? from|contribut(?:e|es|ed|ing) to|factors?|so that|therefore|thus|allowing|"
        r"exacerbat(?:e|es|ed))\b",
        re.I,
    ),
}

_STRENGTH: dict[AnswerType, float] = {"figure": 0.65, "time": 1.0, "cause": 1.5}
"""How much each kind tells, beside one another: fitted as `qa.answer.units.Weights` were."""


@lru_cache(maxsize=256)
def asked_for(question: str) -> AnswerType | None:
    """Return the kind of answer that a question asks for, None where its words do not tell."""
    return next((kind for kind, asks in _ASKS.items() if asks.search(question)), None)


def agreement(question: str, text: str) -> float:
    """Return more than 0 if a text holds what the question asks for, less if it does not.

    It is 0 where the question does not tell what it asks for.
    """
    kind = asked_for(question)
    if kind is None:
        return 0.0
    return _STRENGTH[kind] if _HOLDS[kind].search(text) else -_STRENGTH[kind]


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


@dataclass(frozen=True, slots=True)
class UnitEvidence:
    """What there is to judge a unit by.

    `window` is the logit of its window. `words` is the mean logit of its tokens, or its own logit
    where it was read by itself; 0 where neither is known, as `window` is. `score` is the fused
    score of its passage, `share` the share of the question's words, by weight, that it holds, and
    `share_above` that which it and what stands above it hold.
    `kind` tells whether it holds the kind of answer that is asked for (`qa.answer.units`).
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
    window: float
    words: float
    score: float
    share: float
    share_above: float
    kind: float

    def log_odds(self, evidence: UnitEvidence) -> float:
        """Return the log-odds that a unit with this evidence answers."""
        return (
            self.constant
            + self.window * evidence.window
            + self.words * evidence.words
            + self.score * evidence.score
            + self.share * evidence.share
            + self.share_above * evidence.share_above
            + self.kind * evidence.kind
        )


BUNDLED = Weights(
    constant=-8.7, window=0.325, words=0.32, score=6.7, share=0.6, share_above=2.6, kind=0.37
)
CROSS_ENCODER = Weights(
    constant=-8.7, window=0.16, words=0.16, score=6.7, share=0.6, share_above=2.6, kind=0.37
)
NONE = Weights(
    constant=-11.29, window=0.0, words=0.0, score=8.1, share=1.5, share_above=3.2, kind=0.4
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
    if reader is None:
        found = [
            _scored(question, read, unit, None, coverage, NONE) for read, unit in _units(windows)
        ]
    elif all(read.tokens is not None for read in windows):
        found = [
            _scored(question, read, unit, _mean_of_tokens(read, unit.span), coverage, BUNDLED)
            for read, unit in _units(windows)
        ]
    else:
        found = _read_closely(question, windows, coverage, reader)
    return tuple(sorted(found, key=lambda each: -each.log_odds))


def _read_closely(
    question: str, windows: Sequence[ReadWindow], coverage: Coverage, reader: Reader
) -> list[ReadUnit]:
    best = sorted(windows, key=lambda read: -(read.logit or 0.0))[:WINDOWS_READ_CLOSELY]
    close = [(read, unit, _alone(read, unit)) for read, unit in _units(best)]
    logits = reader.read(question, [window for _, _, window in close]).answerability
    return [
        _scored(question, read, unit, float(logit), coverage, CROSS_ENCODER)
        for (read, unit, _), logit in zip(close, logits, strict=True)
    ]


def _alone(read: ReadWindow, unit: Unit) -> Window:
    """Return a unit, below what leads in to it, as a window of its own."""
    text = "\n".join(part.of(read.candidate.document.text) for part in unit.parts)
    return replace(read.window, span=unit.span, parts=unit.parts, text=text, units=(unit,))


def _units(windows: Sequence[ReadWindow]) -> Iterator[tuple[ReadWindow, Unit]]:
    return ((read, unit) for read in windows for unit in read.window.units)


def _scored(
    question: str,
    read: ReadWindow,
    unit: Unit,
    words: float | None,
    coverage: Coverage,
    weights: Weights,
) -> ReadUnit:
    whole = read.candidate.document.text
    text = "\n".join(part.of(whole) for part in unit.parts)
    held = coverage.held(frozenset(terms(text)))
    above = coverage.held(frozenset(terms(read.window.above)))
    evidence = UnitEvidence(
        window=read.logit or 0.0,
        words=words or 0.0,
        score=read.candidate.score,
        share=coverage.share(held),
        share_above=coverage.share(held | above),
        kind=agreement(question, text),
    )
    return ReadUnit(read, unit, evidence, weights.log_odds(evidence))


def _mean_of_tokens(read: ReadWindow, span: Span) -> float | None:
    """Return the mean logit of a unit's tokens; the least of the window's where none was read."""
    tokens, parts = read.tokens, read.window.parts
    if tokens is None:
        return None
    before = sum(part.end - part.start + 1 for part in parts[:-1])
    start = before + span.start - parts[-1].start
    end = start + span.end - span.start
    within = (tokens.spans[:, 0] >= start) & (tokens.spans[:, 1] <= end)
    if within.any():
        return float(np.mean(tokens.scores[within]))
    # Cut off: what was not read must not come before what was.
    return float(np.min(tokens.scores, initial=0.0))
