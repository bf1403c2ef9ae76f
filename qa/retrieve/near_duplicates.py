"""Near-duplicates: texts that repeat one another are shown once, with where else they stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from index.records import headings_and_context
from index.search.terms import terms
from qa.question.terms import Coverage
from qa.question.wording import content_words, figures_differ, is_row, same_claim_words
from qa.records import Place
from qa.retrieve.candidates import Candidate, Candidates, Scores, Sentence

SAME_WORDS = 0.7
"""Dice's coefficient from which on two sentences say the same, if one has all words of the other;
else it takes `NEARLY_ALL_WORDS`."""
NEARLY_ALL_WORDS = 0.85
SAME_SHARE = 0.6
_LEAST_COSINE = 0.7
_LEAST_COSINE_ELSEWHERE = 0.6
"""Passages less alike than this are not compared sentence by sentence: as near-duplicates, or for
one sentence that both may have."""


@dataclass(frozen=True, slots=True)
class Group:
    """A candidate that is shown, and those that say the same and are not."""

    best: Candidate
    duplicates: Sequence[Candidate] = ()

    @property
    def also_in(self) -> tuple[Place, ...]:
        """Where the duplicates stand."""
        return tuple(Place(each.document, each.passage.span) for each in self.duplicates)


class Families:
    """The candidates of one question, divided into groups of near-duplicates when asked for."""

    def __init__(self, candidates: Candidates, coverage: Coverage) -> None:
        self.candidates = candidates
        self._coverage = coverage
        self._left = candidates.order
        self._found: list[Group] = []

    def groups(self, most: int) -> tuple[Group, ...]:
        """Return the first `most` groups: the same, whatever `most` is."""
        while len(self._found) < most and len(self._left):
            self._found.append(self._next())
        return tuple(self._found[:most])

    def elsewhere(self, candidate: Candidate, sentence: Sentence) -> Iterator[Sentence]:
        """Yield the other sentences that say the same as one of a candidate's.

        They are looked for in the candidates on the same subject.
        """
        number = int(np.flatnonzero(self.candidates.rows == candidate.row)[0])
        alike = self._vectors @ self._vectors[number] >= _LEAST_COSINE_ELSEWHERE
        for near in self.candidates.of(np.flatnonzero(alike)):
            for other in near.sentences:
                if other != sentence and says_the_same(sentence.text, other.text):
                    yield other

    @cached_property
    def _vectors(self) -> Scores:
        halves = self.candidates.source.passage_vectors.take(self.candidates.rows)
        return halves.astype(np.float32)

    def _next(self) -> Group:
        """Take the best candidate that is left, and with it those that repeat it."""
        number, self._left = int(self._left[0]), self._left[1:]
        best = self.candidates.candidate(number)
        alike = self._vectors[self._left] @ self._vectors[number] >= _LEAST_COSINE
        duplicates = dict[int, Candidate]()
        for other in self._left[alike].tolist():
            candidate = self.candidates.candidate(other)
            if repeats(candidate, best, self._coverage):
                duplicates[other] = candidate
        self._left = self._left[~np.isin(self._left, list(duplicates))]
        return Group(best, tuple(duplicates.values()))


def repeats(candidate: Candidate, best: Candidate, coverage: Coverage) -> bool:
    """Tell whether a passage says little that `best` does not say.

    Most of the shorter one's characters are sentences that the other has, too. What `best` lacks
    of it holds no word of the question that `best` does not hold, no row of a table, and no other
    figures for the same things: texts that differ in just these say something else.
    """
    own = [sentence.text for sentence in best.sentences]
    texts = [sentence.text for sentence in candidate.sentences]
    lacking = [text for text in texts if not any(says_the_same(text, other) for other in own)]
    said = sum(map(len, texts)) - sum(map(len, lacking))
    if said < SAME_SHARE * min(sum(map(len, texts)), sum(map(len, own))):
        return False
    if any(map(is_row, lacking)):
        return False
    if any(figures_differ(text, other) for text in lacking for other in own):
        return False
    held = coverage.held(
        _terms("\n".join((*headings_and_context(best.document, best.passage), *own)))
    )
    return not any(coverage.held(_terms(text)) & ~held for text in lacking)


def says_the_same(sentence: str, other: str) -> bool:
    """Tell whether two sentences are the same, or one has little more to say than the other.

    Where each has words of its own, these may tell them apart ("Redness is common", "Swelling is
    common").
    """
    if sentence == other:
        return True
    alike = same_claim_words(sentence, other)
    if alike < SAME_WORDS:
        return False
    own, others = content_words(sentence), content_words(other)
    return own <= others or others <= own or alike >= NEARLY_ALL_WORDS


@lru_cache(maxsize=8192)
def _terms(text: str) -> frozenset[str]:
    return frozenset(terms(text))
