"""How far a sentence goes towards answering: itself, with its neighbours, in its passage.

Each of the three is compared with the question by meaning (the cosine) and by words (the share
of the question's terms that it holds, by their weight). The score does not depend on what else
was found, so it can be compared from question to question: it is what an answer is chosen by,
and what decides whether there is one.
"""

from dataclasses import replace
from functools import lru_cache, reduce
from operator import or_

from index.records import found_by
from index.terms import terms
from qa.candidates import Candidate, Sentence
from qa.query import Query

MEANING_WEIGHT = 0.6
SHARES = (0.4, 0.2, 0.4)
"""What the sentence itself counts, it and those beside it, and the whole passage."""


def supported(candidate: Candidate, query: Query) -> Candidate:
    """Return the candidate with its sentences scored by how far they go towards answering.

    What stands above a passage belongs to each of its sentences as what stands beside it does:
    below "How long does redness last?", "Two days." answers that.
    """
    held_by, share = query.coverage.held, query.coverage.share
    held = [held_by(_terms(sentence.text)) for sentence in candidate.sentences]
    lines = found_by(candidate.document, candidate.passage)
    above = reduce(or_, (held_by(_terms(heading)) for heading in lines), 0)
    in_passage = share(reduce(or_, held, above))
    neighbours = zip([0, *held[:-1]], held, [*held[1:], 0], strict=True)
    beside = [share(above | before | own | after) for before, own, after in neighbours]
    sentences: list[Sentence] = []
    for number, sentence in enumerate(candidate.sentences):
        cosines = candidate.own_cosines[number], candidate.window_cosines[number]
        by_meaning = _mean(*cosines, candidate.similarity)
        by_words = _mean(share(held[number]), beside[number], in_passage)
        score = MEANING_WEIGHT * by_meaning + (1 - MEANING_WEIGHT) * by_words
        sentences.append(Sentence(sentence.document, sentence.passage_id, sentence.span, score))
    return replace(candidate, sentences=tuple(sentences))


def _mean(itself: float, with_neighbours: float, passage: float) -> float:
    return SHARES[0] * itself + SHARES[1] * with_neighbours + SHARES[2] * passage


@lru_cache(maxsize=8192)
def _terms(text: str) -> frozenset[str]:
    return frozenset(terms(text))
