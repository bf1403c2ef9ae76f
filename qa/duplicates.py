"""Near-duplicates: texts that repeat one another are shown once, with where else they stand."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qa.records import Place
from qa.search import Candidate, Sentence
from qa.wording import same_claim_words, says_something

SAME_COSINE = 0.85
SAME_WORDS = 0.6
SAME_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Group:
    """A candidate that is shown, and those that say the same and are not."""

    best: Candidate
    duplicates: tuple[Candidate, ...]
    also_in: tuple[Place, ...]


class Repetitions:
    """Which sentences of a list of candidates are near-duplicates, in meaning and in words."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        sentences = [sentence for candidate in candidates for sentence in candidate.sentences]
        vectors = np.concatenate([candidate.sentence_vectors for candidate in candidates])
        self._same: dict[Sentence, list[Sentence]] = {}
        for i, j in np.argwhere(vectors @ vectors.T >= SAME_COSINE):
            first, second = sentences[i], sentences[j]
            if i != j and same_claim_words(first.text, second.text) >= SAME_WORDS:
                self._same.setdefault(first, []).append(second)

    def of(self, sentence: Sentence) -> list[Sentence]:
        """Return the other sentences that say the same."""
        return self._same.get(sentence, [])

    def are_same(self, first: Sentence, second: Sentence) -> bool:
        """Tell whether two sentences say the same."""
        return first == second or second in self.of(first)


def best_sentence(candidate: Candidate) -> Sentence:
    """Return the sentence nearest to the question that says something, else the nearest."""
    return max(candidate.sentences, key=lambda each: (says_something(each.text), each.score))


def collapse(candidates: Sequence[Candidate], repetitions: Repetitions) -> list[Group]:
    """Fold each candidate into the first before it that it repeats; keep the order.

    A passage repeats another if it answers with the same sentence, or if most of the
    shorter one's characters are sentences that the other has, too.
    """
    groups: list[Group] = []
    for candidate in candidates:
        for i, group in enumerate(groups):
            place = _repeated(group.best, candidate, repetitions)
            if place:
                duplicates = (*group.duplicates, candidate)
                groups[i] = Group(group.best, duplicates, (*group.also_in, place))
                break
        else:
            groups.append(Group(candidate, (), ()))
    return groups


def _repeated(shown: Candidate, other: Candidate, repetitions: Repetitions) -> Place | None:
    """Return what of `other` repeats `shown`: all of it, or the sentence it answers with."""
    ours = set(shown.sentences)
    common = [s for s in other.sentences if not ours.isdisjoint(repetitions.of(s))]
    if not common:
        return None
    shared = sum(len(sentence.text) for sentence in common)
    if shared >= SAME_SHARE * min(_characters(shown), _characters(other)):
        return Place(other.document, other.passage.span)
    answer = best_sentence(other)
    return answer.place if repetitions.are_same(best_sentence(shown), answer) else None


def _characters(candidate: Candidate) -> int:
    return sum(sentence.end - sentence.start for sentence in candidate.passage.sentences)
