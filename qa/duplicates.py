"""Near-duplicates: texts that repeat one another are shown once, with where else they stand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.places import text_digest
from qa.candidates import Candidate, Candidates, Numbers, Sentence
from qa.records import Place
from qa.saying import near_the_answer
from qa.wording import figures_differ, is_claim, is_row, same_claim_words

SAME_COSINE = 0.85
SAME_WORDS = 0.6
SAME_SHARE = 0.6
_COMPARED_AT_ONCE = 5
"""Passages, the best ones left: most of these begin a group, and a large product is a fast one."""


@dataclass(frozen=True, slots=True)
class Group:
    """A candidate that is shown, and those that say the same and are not."""

    best: Candidate
    duplicates: Sequence[Candidate]
    also_in: tuple[Place, ...]


class Repetitions:
    """Which sentences of the candidates say the same: word for word, or nearly so.

    Near-duplicates are alike in meaning and in words. However often a text stands there, it is
    compared once, and only when it is asked about. Texts are known by numbers, `texts` having that
    of each sentence.
    """

    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates
        self._alike: dict[int, set[int]] = {}

    @cached_property
    def _distinct(self) -> tuple[NDArray[np.uint64], Numbers, Numbers, Numbers]:
        return np.unique(
            self._candidates.digests, return_index=True, return_inverse=True, return_counts=True
        )

    @property
    def texts(self) -> Numbers:
        """The number of each sentence's text, shape (sentences,)."""
        return self._distinct[2]

    def alike(self, texts: Iterable[int]) -> set[int]:
        """Return the texts that say the same as one of `texts`, and these themselves."""
        wanted = list(texts)
        self.compare(wanted)
        return set().union(*(self._alike[text] for text in wanted))

    def among(self, texts: Iterable[int]) -> NDArray[np.bool_]:
        """Tell of each sentence whether its text is one of `texts`."""
        wanted = np.zeros(len(self._distinct[1]), np.bool_)
        wanted[list(texts)] = True
        return wanted[self.texts]

    def are_compared(self, texts: Iterable[int]) -> bool:
        """Tell whether it is known what is alike to each of `texts`."""
        return self._alike.keys() >= set(texts)

    def times(self, texts: Sequence[int]) -> int:
        """Return how many sentences have one of `texts`."""
        return int(self._distinct[3][texts].sum())

    def compare(self, texts: Iterable[int]) -> None:
        """Find out what is alike to each of `texts`, as far as that is not known yet."""
        new = [text for text in dict.fromkeys(texts) if text not in self._alike]
        if not new:
            return
        cosines = self._candidates.vectors @ self._vectors(new).T
        others, near = np.nonzero((cosines >= SAME_COSINE)[self._distinct[1]])
        found = {text: {text} for text in new}
        for other, text in zip(others.tolist(), np.array(new)[near].tolist(), strict=True):
            if other in self._alike:
                if text in self._alike[other]:
                    found[text].add(other)
            elif other not in found:
                if self._same_words(text, other):
                    found[text].add(other)
            elif other < text and self._same_words(text, other):
                found[text].add(other)
                found[other].add(text)
        self._alike |= found

    def _same_words(self, text: int, other: int) -> bool:
        firsts, words = self._distinct[1], self._candidates.text
        return same_claim_words(words(int(firsts[text])), words(int(firsts[other]))) >= SAME_WORDS

    def of(self, sentence: Sentence) -> list[Sentence]:
        """Return the other sentences that say the same."""
        same = np.flatnonzero(self.among(self.alike([self._text(sentence)])))
        found = map(self._candidates.sentence, same.tolist())
        return [other for other in found if other != sentence]

    def are_same(self, first: Sentence, second: Sentence) -> bool:
        """Tell whether two sentences say the same."""
        return self._text(second) in self.alike([self._text(first)])

    def cosine(self, first: Sentence, second: Sentence) -> float:
        """Return how alike two sentences are in meaning, in -1..1."""
        one, two = self._vectors([self._text(first), self._text(second)])
        return float(one @ two)

    def _text(self, sentence: Sentence) -> int:
        return int(np.searchsorted(self._distinct[0], np.uint64(text_digest(sentence.text))))

    def _vectors(self, texts: Sequence[int]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._candidates.vectors[self._distinct[1][texts]]
        return vectors


def collapse(candidates: Candidates, repetitions: Repetitions) -> Iterator[Group]:
    """Fold each candidate into the first before it that it repeats; yield what is left, in order.

    A passage repeats another if it answers with the same sentence, or if most of the shorter
    one's characters are sentences that the other has, too; and if the other has all its sentences
    that are near to the question: texts that differ in just these say something else. What else
    it lacks may tell them apart, too (`_may_lack`). A group is whole when it is yielded.
    """
    left = candidates.order
    if not len(left):
        return
    texts, starts = repetitions.texts, candidates.starts[:-1]
    answers = candidates.answers
    beside_the_point = ~near_the_answer(candidates)
    lengths = np.diff(candidates.spans, axis=1)[:, 0]
    characters = np.add.reduceat(lengths, starts)
    none = candidates.of(left[:0])
    while len(left):
        best = int(left[0])
        own = texts[starts[best] : candidates.starts[best + 1]].tolist()
        if not repetitions.are_compared(own):
            together = np.isin(candidates.passage_numbers, left[:_COMPARED_AT_ONCE])
            repetitions.compare(texts[together].tolist())
        left = left[1:]
        alike = repetitions.alike(own)
        if repetitions.times(list(alike)) == len(own):  # no other passage says any of it
            yield Group(candidates.candidate(best), none, ())
            continue
        said = repetitions.among(alike)
        shared = np.add.reduceat(np.where(said, lengths, 0), starts)
        whole = shared >= SAME_SHARE * np.minimum(characters[best], characters)
        answers_same = repetitions.among(repetitions.alike([int(texts[answers[best]])]))[answers]
        repeats = np.logical_and.reduceat(said | beside_the_point, starts) & (whole | answers_same)
        for number in left[repeats[left]].tolist():
            repeats[number] = _may_lack(candidates, best, number, said)
        folded = left[repeats[left]]
        left = left[~repeats[left]]
        places = (
            candidates.place(number) if whole[number] else candidates.sentence(answer).place
            for number, answer in zip(folded.tolist(), answers[folded].tolist(), strict=True)
        )
        yield Group(candidates.candidate(best), candidates.of(folded), tuple(places))


def _may_lack(candidates: Candidates, best: int, number: int, said: NDArray[np.bool_]) -> bool:
    """Tell whether `best` may lack what it does not have of a passage that it repeats.

    It may not lack the row of a table, nor give other figures for the same things. Of a passage
    that answers with no claim, such as a row of dates, it may lack nothing.
    """
    within = [range(*candidates.starts[each : each + 2].tolist()) for each in (best, number)]
    lacking = [candidates.text(sentence) for sentence in within[1] if not said[sentence]]
    if not lacking:
        return True
    if not is_claim(candidates.text(int(candidates.answers[number]))) or any(map(is_row, lacking)):
        return False
    own = [candidates.text(sentence) for sentence in within[0]]
    return not any(figures_differ(text, other) for text in lacking for other in own)
