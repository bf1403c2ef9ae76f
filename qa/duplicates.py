"""Near-duplicates: texts that repeat one another are shown once, with where else they stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from qa.records import Place
from qa.search import Candidate, Sentence
from qa.wording import same_claim_words, says_something

SAME_COSINE = 0.85
SAME_WORDS = 0.6
SAME_SHARE = 0.6
GOOD_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Group:
    """A candidate that is shown, and those that say the same and are not."""

    best: Candidate
    duplicates: tuple[Candidate, ...]
    also_in: tuple[Place, ...]


class Repetitions:
    """Which sentences of a list of candidates say the same: word for word, or nearly so.

    Near-duplicates are alike in meaning and in words. However often a text stands there, it is
    compared once, and only when it is asked about.
    """

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._sentences: dict[str, list[Sentence]] = {}
        firsts: list[int] = []
        sentences = (sentence for candidate in candidates for sentence in candidate.sentences)
        for row, sentence in enumerate(sentences):
            text = sentence.text
            if text not in self._sentences:
                firsts.append(row)
            self._sentences.setdefault(text, []).append(sentence)
        self._texts = list(self._sentences)
        vectors = [candidate.sentence_vectors for candidate in candidates]
        self._vectors = np.concatenate(vectors)[firsts] if vectors else np.empty((0, 0))
        self._rows = {text: row for row, text in enumerate(self._texts)}
        self._alike: dict[str, tuple[str, ...]] = {}

    def of(self, sentence: Sentence) -> list[Sentence]:
        """Return the other sentences that say the same."""
        return [
            other
            for text in self._alike_to([sentence.text])[0]
            for other in self._sentences[text]
            if other != sentence
        ]

    def are_same(self, first: Sentence, second: Sentence) -> bool:
        """Tell whether two sentences say the same."""
        return second.text in self._alike_to([first.text])[0]

    def cosine(self, first: Sentence, second: Sentence) -> float:
        """Return how alike two sentences are in meaning, in -1..1."""
        return float(self._vectors[self._rows[first.text]] @ self._vectors[self._rows[second.text]])

    def texts_alike(self, texts: Sequence[str]) -> frozenset[str]:
        """Return the texts that say the same as one of `texts`, these included."""
        return frozenset(text for alike in self._alike_to(texts) for text in alike)

    def _alike_to(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        new = [text for text in dict.fromkeys(texts) if text not in self._alike]
        if new:
            cosines = self._vectors @ self._vectors[[self._rows[text] for text in new]].T
            for text, column in zip(new, cosines.T, strict=True):
                near = [self._texts[i] for i in np.flatnonzero(column >= SAME_COSINE)]
                self._alike[text] = tuple(other for other in near if _in_like_words(text, other))
        return [self._alike[text] for text in texts]


def _in_like_words(first: str, second: str) -> bool:
    return first == second or same_claim_words(first, second) >= SAME_WORDS


def best_sentence(candidate: Candidate) -> Sentence:
    """Return the sentence nearest to the question that says something, else the nearest."""
    return max(candidate.sentences, key=lambda each: (says_something(each.text), each.score))


def collapse(candidates: Sequence[Candidate], repetitions: Repetitions, most: int) -> list[Group]:
    """Fold each candidate into the first before it that it repeats; keep the order.

    A passage repeats another if it answers with the same sentence, or if most of the shorter
    one's characters are sentences that the other has, too; and if the other has all its sentences
    that are near to the question: texts that differ in just these say something else. Once there
    are `most` groups, a candidate that repeats none of them is left out.
    """
    groups: list[_Growing] = []
    for candidate in candidates:
        words = _Words.of(candidate)
        for group in groups:
            place = group.place_of(words)
            if place:
                group.duplicates.append(candidate)
                group.also_in.append(place)
                break
        else:
            if len(groups) < most:
                groups.append(_Growing.around(words, repetitions))
    return [Group(g.best.candidate, tuple(g.duplicates), tuple(g.also_in)) for g in groups]


@dataclass(frozen=True, slots=True)
class _Words:
    """What a candidate says: its sentences' texts, and the sentence that it answers with.

    `good` are that one's text and those of sentences nearly as near to the question.
    """

    candidate: Candidate
    texts: tuple[str, ...]
    characters: int
    answer: Sentence
    answer_text: str
    good: frozenset[str]

    @classmethod
    def of(cls, candidate: Candidate) -> "_Words":
        texts = tuple(sentence.text for sentence in candidate.sentences)
        answer = best_sentence(candidate)
        good = {
            text
            for text, sentence in zip(texts, candidate.sentences, strict=True)
            if sentence.score >= GOOD_SHARE * answer.score and says_something(text)
        }
        return cls(
            candidate,
            texts,
            sum(map(len, texts)),
            answer,
            answer.text,
            frozenset({answer.text, *good}),
        )


@dataclass(frozen=True, slots=True)
class _Growing:
    """A group that candidates are still folded into.

    `says` are the texts that say the same as one of its best candidate's, `answers` those
    that say the same as the sentence which that one answers with.
    """

    best: _Words
    says: frozenset[str]
    answers: frozenset[str]
    duplicates: list[Candidate] = field(default_factory=list)
    also_in: list[Place] = field(default_factory=list)

    @classmethod
    def around(cls, best: _Words, repetitions: Repetitions) -> "_Growing":
        answers = repetitions.texts_alike([best.answer_text])
        return cls(best, repetitions.texts_alike(best.texts), answers)

    def place_of(self, other: _Words) -> Place | None:
        """Return what of `other` repeats this: all of it, or the sentence it answers with."""
        if not other.good <= self.says:
            return None
        shared = sum(len(text) for text in other.texts if text in self.says)
        if shared >= SAME_SHARE * min(self.best.characters, other.characters):
            return Place(other.candidate.document, other.candidate.passage.span)
        return other.answer.place if other.answer_text in self.answers else None
