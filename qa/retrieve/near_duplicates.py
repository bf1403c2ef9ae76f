"""Near-duplicates: texts that repeat one another are shown once, with where else they stand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.records import headings_and_context
from index.search.features import Features
from index.structure.wording import content_words, figures_differ, is_row, same_claim_words
from qa.question.query import Coverage
from qa.records import Place
from qa.retrieve.candidates import Candidate, Candidates

_SAME_WORDS = 0.7
"""Dice's coefficient from which on two sentences say the same, if one has all words of the other;
else it takes `_NEARLY_ALL_WORDS`."""
_NEARLY_ALL_WORDS = 0.85
_LEAST_SHARED = 0.4
"""Of each one's words: two with `_SAME_WORDS` share 0.54, and less of stems and compounds."""
_SAME_SHARE = 0.6
_LEAST_COSINE = 0.7
"""Passages less alike than this are not compared as near-duplicates."""
_LEAST_COSINE_ELSEWHERE = 0.6
"""Passages less alike than this are not searched for the same sentence."""


@dataclass(frozen=True, slots=True)
class Group:
    """A candidate that is shown, and those that say the same and are not."""

    best: Candidate
    duplicates: Sequence[Candidate] = ()

    @property
    def also_in(self) -> tuple[Place, ...]:
        """Where the duplicates stand."""
        return tuple(Place(other.document, other.passage.span) for other in self.duplicates)


@dataclass(frozen=True)
class Families:
    """The candidates of one question, to be divided into groups of near-duplicates."""

    candidates: Candidates
    coverage: Coverage

    def groups(self, most: int, first: Sequence[Group] = ()) -> tuple[Group, ...]:
        """Return the first `most` groups, beginning with those that were returned `first`."""
        candidates, groups = self.candidates, list(first[:most])
        is_left = ~np.isin(candidates.rows, self.rows_of(first))
        while len(groups) < most and is_left.any():
            firsts = np.flatnonzero(is_left)[: most - len(groups)].tolist()
            may_repeat = {number: self._may_repeat(number, is_left) for number in firsts}
            candidates.prefetch(dict.fromkeys(chain(firsts, *may_repeat.values())))
            for number in filter(is_left.__getitem__, firsts):
                is_left[number] = False
                best = candidates.candidate(number)
                duplicates: list[Candidate] = []
                for other in filter(is_left.__getitem__, may_repeat[number]):
                    candidate = candidates.candidate(other)
                    if repeats(candidate, best, self.coverage):
                        duplicates.append(candidate)
                        is_left[other] = False
                groups.append(Group(best, tuple(duplicates)))
        return tuple(groups)

    def rows_of(self, groups: Iterable[Group]) -> list[int]:
        """Return the rows in the snapshot of all passages of some groups."""
        return [each.row for group in groups for each in (group.best, *group.duplicates)]

    def elsewhere(self, candidate: Candidate, sentence: Place) -> Iterator[Place]:
        """Yield the sentences of candidates on the same subject that say the same as this one's."""
        candidates = self.candidates
        number = int(np.flatnonzero(candidates.rows == candidate.row)[0])
        said = Said.by_sentence(candidate.features, candidate.sentences.index(sentence))
        alike = np.flatnonzero(self._alike(number, _LEAST_COSINE_ELSEWHERE)).tolist()
        found = {near: said.sentences_of(candidates.features(near)) for near in alike}
        candidates.prefetch(near for near, sentences in found.items() if sentences)
        for near in filter(found.__getitem__, found):
            sentences = candidates.candidate(near).sentences
            for other in (sentences[at] for at in found[near]):
                if other != sentence and says_the_same(sentence.text, other.text):
                    yield other

    def _may_repeat(self, number: int, is_left: NDArray[np.bool_]) -> list[int]:
        """Return which later passages that are left may repeat passage `number`, by features."""
        candidates = self.candidates
        said = Said.by_passage(candidates.features(number))
        alike = np.flatnonzero(is_left & self._alike(number, _LEAST_COSINE)).tolist()
        return [n for n in alike if n > number and said.may_be_repeated_by(candidates.features(n))]

    def _alike(self, number: int, least: float) -> NDArray[np.bool_]:
        """Tell which passages have a cosine of at least so much to passage `number`."""
        vectors = self.candidates.vectors
        alike: NDArray[np.bool_] = vectors @ vectors[number] >= least
        return alike


@dataclass(frozen=True, slots=True)
class Said:
    """What some sentences say, to pass over passages that do not say it, without their texts.

    `digests` are of their characters, `words` the numbers of their words, and `length` says how
    many characters they have.
    """

    digests: frozenset[int]
    words: frozenset[int]
    length: int

    @classmethod
    def by_passage(cls, features: Features) -> Self:
        """Return what a passage says."""
        words = frozenset(features.words[features.ends[0] :])
        return cls(frozenset(features.digests), words, sum(features.lengths))

    @classmethod
    def by_sentence(cls, features: Features, number: int) -> Self:
        """Return what one of a passage's sentences says."""
        words = frozenset(features.words_of(number))
        return cls(frozenset([features.digests[number]]), words, features.lengths[number])

    def sentences_of(self, features: Features) -> list[int]:
        """Return which sentences of another passage may say the same as one of these.

        Of the words of any other, less than `_LEAST_SHARED` are here.
        """
        if self.words.isdisjoint(features.words) and self.digests.isdisjoint(features.digests):
            return []
        words, shared = features.words, self.words.intersection
        return [
            number
            for number, (digest, (start, end)) in enumerate(
                zip(features.digests, pairwise(features.ends), strict=True)
            )
            if digest in self.digests
            or (start < end and len(shared(words[start:end])) >= _LEAST_SHARED * (end - start))
        ]

    def may_be_repeated_by(self, features: Features) -> bool:
        """Tell whether another passage may repeat this one."""
        lengths = features.lengths
        said = sum(lengths[number] for number in self.sentences_of(features))
        return said >= _SAME_SHARE * min(sum(lengths), self.length)


def repeats(candidate: Candidate, best: Candidate, coverage: Coverage) -> bool:
    """Tell whether a passage says little that `best` does not say.

    Most of the shorter one's characters are sentences that the other has, too. The sentences that
    `best` lacks hold no further word of the question, no row of a table, and no other figures for
    the same things: texts that differ in just these say something else.
    """
    own = [sentence.text for sentence in best.sentences]
    texts = [sentence.text for sentence in candidate.sentences]
    lacking = [text for text in texts if not any(says_the_same(text, other) for other in own)]
    said = sum(map(len, texts)) - sum(map(len, lacking))
    if said < _SAME_SHARE * min(sum(map(len, texts)), sum(map(len, own))):
        return False
    if any(map(is_row, lacking)):
        return False
    if any(figures_differ(text, other) for text in lacking for other in own):
        return False
    held = coverage.held_in("\n".join((*headings_and_context(best.document, best.passage), *own)))
    return not any(coverage.held_in(text) & ~held for text in lacking)


def says_the_same(sentence: str, other: str) -> bool:
    """Tell whether two sentences are the same, or one has little more to say than the other."""
    if sentence == other:
        return True
    alike = same_claim_words(sentence, other)
    if alike < _SAME_WORDS:
        return False
    own, others = content_words(sentence), content_words(other)
    return own <= others or others <= own or alike >= _NEARLY_ALL_WORDS
