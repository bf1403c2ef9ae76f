"""How far a sentence goes towards answering: itself, with its neighbours, in its passage.

Each of the three is compared with the question by meaning (the cosine) and by words (the share
of the question's terms that it holds, by their weight). The score does not depend on what else
was found, so it can be compared from question to question: it is what an answer is chosen by,
and what decides whether there is one.
"""

from dataclasses import replace
from functools import lru_cache
from itertools import chain

import numpy as np

from index.records import headings
from index.terms import terms
from qa.candidates import Candidate
from qa.query import Query
from qa.search import windows

MEANING_WEIGHT = 0.6
SHARES = (0.4, 0.2, 0.4)
"""What the sentence itself counts, it and those beside it, and the whole passage."""


def supported(candidate: Candidate, query: Query) -> Candidate:
    """Return the candidate with its sentences scored by how far they go towards answering.

    What stands above a passage belongs to each of its sentences as what stands beside it does:
    below "How long does redness last?", "Two days." answers that.
    """
    vectors = candidate.sentence_vectors
    own = np.clip(vectors @ query.vector, 0, 1)
    around = np.clip(windows(vectors) @ query.vector, 0, 1)
    held = [_terms(sentence.text) for sentence in candidate.sentences]
    above = [_terms(heading) for heading in headings(candidate.document, candidate.passage)]
    in_passage = query.coverage(chain(*held, *above))
    scores: list[float] = []
    for number, terms_held in enumerate(held):
        beside = query.coverage(chain(*held[max(0, number - 1) : number + 2], *above))
        by_meaning = _mean(float(own[number]), float(around[number]), candidate.similarity)
        by_words = _mean(query.coverage(terms_held), beside, in_passage)
        scores.append(MEANING_WEIGHT * by_meaning + (1 - MEANING_WEIGHT) * by_words)
    scored = zip(candidate.sentences, scores, strict=True)
    return replace(
        candidate, sentences=tuple(replace(sentence, score=score) for sentence, score in scored)
    )


def _mean(*values: float) -> float:
    return sum(share * value for share, value in zip(SHARES, values, strict=True))


@lru_cache(maxsize=8192)
def _terms(text: str) -> frozenset[str]:
    return frozenset(terms(text))
