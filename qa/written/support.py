"""Does a text say what a sentence claims? A network like the reader's, trained on claims.

`docs/written.md` tells what it learnt from and how good it is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import numpy as np

from index.encoding import Backend
from index.search.features import words_in
from index.search.terms import terms
from qa.read.pairs import text_of
from qa.read.reader import find_reader, open_trained
from qa.read.reading import OF_CLAIMS, Logits, Reader
from qa.read.windows import Window
from qa.records import Check
from qa.written.rows import mistaken_row
from qa.written.rules import broken_rule, normalised
from qa.written.sources import Source

WEIGHTS = Path(__file__).parent / "weights" / "checker.safetensors"
WEIGHTS_SHA256 = "665a95a154d31c0b0782f06019bc94dba3c939c93a705d9706ea74eb704b785d"
THRESHOLD = 0.81
"""The probability from which on a sentence counts as supported. `benchmarks.claims` chose it: at
most one of twenty unsupported sentences is shown."""
_MOST_WINDOWS = 6
"""Each further one is another chance for what is wrong."""
_MOST_JOINED = 3
_PER_LENGTH, _USUAL_LENGTH = 1.25, 10
"""A sentence of more terms claims more, and needs more support: fitted on half of the claims."""
_AS_LIKELY = 0.1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sentence rests on: windows of sources, and how likely they say it, in 0..1."""

    windows: tuple[tuple[Source, Window], ...]
    support: float

    @property
    def text(self) -> str:
        """What is read: each window below what stands above it."""
        return "\n".join(text_of(window) for _, window in self.windows)


class Checker:
    """Checks sentences against sources. Safe to share between threads."""

    def __init__(self, reader: Reader, threshold: float = THRESHOLD) -> None:
        self._reader = reader
        self._threshold = threshold

    def support(self, claim: str, windows: Sequence[Window]) -> Logits:
        """Return how likely each window says the claim: logits, shape (windows,)."""
        return self._reader.read(claim, windows).answerability

    def check(self, claim: str, sources: Sequence[Source]) -> Evidence | Check:
        """Return the stretch that says the claim, else the check that failed.

        Of stretches that say it about as likely, the shortest is taken. Where none says all of it,
        two stretches are read together.
        """
        found = list(self._read(claim, _nearest(claim, sources)))
        if passed := self._passing(claim, found):
            return passed
        joined = list(self._read(claim, _joined(found)))
        if passed := self._passing(claim, joined):
            return passed
        return self._failed(claim, [*found, *joined])

    def _read(
        self, claim: str, candidates: Iterable[tuple[tuple[Source, Window], ...]]
    ) -> Iterator[Evidence]:
        stretches = list(candidates)
        logits = self.support(claim, [_as_one(windows) for windows in stretches])
        length = (len(list(terms(claim))) + 1) / _USUAL_LENGTH
        log_odds = logits - _PER_LENGTH * np.log(length)
        for windows, support in zip(stretches, 1 / (1 + np.exp(-log_odds)), strict=True):
            evidence = Evidence(windows, float(support))
            yield replace(evidence, support=1.0) if _is_copied(claim, evidence) else evidence

    def _passing(self, claim: str, found: Sequence[Evidence]) -> Evidence | None:
        passed = [
            evidence
            for evidence in found
            if evidence.support >= self._threshold and _broken(claim, evidence) is None
        ]
        best = max((evidence.support for evidence in passed), default=0.0)
        likely = (evidence for evidence in passed if evidence.support >= best - _AS_LIKELY)
        return min(likely, key=lambda each: len(each.text), default=None)

    def _failed(self, claim: str, found: Sequence[Evidence]) -> Check:
        """Return the rule that the likeliest stretch breaks, else that nothing supports it."""
        best = max(found, key=lambda each: each.support, default=None)
        unsupported = Check("support", "The check did not find this in what it cites.")
        if best is None:
            return unsupported
        return _broken(claim, best) or unsupported


@lru_cache(maxsize=1)
def open_checker(backend: Backend = "auto") -> Checker:
    """Return the checker that comes with Pincite. Raises ModelError if it cannot be had."""
    return Checker(open_trained(find_reader(WEIGHTS, WEIGHTS_SHA256, OF_CLAIMS), backend))


def _is_copied(claim: str, evidence: Evidence) -> bool:
    """Tell whether a claim is a whole sentence of the text, word for word."""
    words = re.escape(normalised(claim).rstrip(".!"))
    whole = re.compile(rf"(?:^|[.!?:]\s){words}(?:[.!]|$)", re.M)
    return any(whole.search(normalised(window.text)) for _, window in evidence.windows)


def _broken(claim: str, evidence: Evidence) -> Check | None:
    mistaken = (mistaken_row(claim, window) for _, window in evidence.windows)
    return broken_rule(claim, evidence.text) or next(filter(None, mistaken), None)


def _nearest(claim: str, sources: Sequence[Source]) -> list[tuple[tuple[Source, Window], ...]]:
    """Return the windows that share most words with a claim, for their length."""
    words = set(words_in(claim))

    def likeness(window: Window) -> tuple[float, int]:
        own = set(words_in(text_of(window)))
        return len(words & own) - 0.02 * len(own), -len(window.text)

    windows = [(source, window) for source in sources for window in source.windows]
    ranked = sorted(windows, key=lambda each: likeness(each[1]), reverse=True)
    return [(each,) for each in ranked[:_MOST_WINDOWS]]


def _joined(found: Sequence[Evidence]) -> list[tuple[tuple[Source, Window], ...]]:
    """Return the likeliest windows two by two, but those that overlap."""
    ranked = sorted(found, key=lambda each: -each.support)
    apart: list[tuple[Source, Window]] = []
    for (source, window), *_ in (each.windows for each in ranked):
        if not any(
            source.document.id == other.document.id and window.span.overlaps(near.span)
            for other, near in apart
        ):
            apart.append((source, window))
    return list(combinations(apart[:_MOST_JOINED], 2))


def _as_one(windows: tuple[tuple[Source, Window], ...]) -> Window:
    (_, first), *others = windows
    if not others:
        return first
    text = "\n".join([first.text, *(text_of(window) for _, window in others)])
    return Window(first.passage, first.span, first.parts, text, first.above)
