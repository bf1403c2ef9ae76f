"""Which sentence a passage answers with: one that says something, rather than asks or announces."""

import numpy as np
from numpy.typing import NDArray

from qa.candidates import Candidates, Numbers
from qa.wording import says_something

GOOD_SHARE = 0.95
_REMEMBERED = 200_000


def answering(candidates: Candidates) -> Numbers:
    """Return the sentence that each passage answers with, in the order they were fetched.

    It is the one nearest to the question that says something, else the nearest.
    """
    scores, starts = candidates.scores, candidates.starts
    if not len(scores):
        return np.empty(0, np.int64)
    nearest = np.maximum.reduceat(scores, starts[:-1])[candidates.passage_numbers]
    at = np.flatnonzero(scores == nearest)
    found: Numbers = at[np.unique(candidates.passage_numbers[at], return_index=True)[1]]
    for number in np.flatnonzero(~_say_something(candidates, found)).tolist():
        start, end = int(starts[number]), int(starts[number + 1])
        by_score = start + np.argsort(-scores[start:end], kind="stable")
        saying = by_score[_say_something(candidates, by_score)]
        if len(saying):
            found[number] = saying[0]
    return found


def near_the_answer(candidates: Candidates) -> NDArray[np.bool_]:
    """Tell which sentences are nearly as near to the question as what their passage answers with.

    Those that say nothing are not, unless the passage answers with them.
    """
    scores, answers = candidates.scores, candidates.answers
    near: NDArray[np.bool_] = scores >= GOOD_SHARE * scores[answers][candidates.passage_numbers]
    near[answers] = False
    others = np.flatnonzero(near)
    near[others] = _say_something(candidates, others)
    near[answers] = True
    return near


_known: dict[int, bool] = {}


def _say_something(candidates: Candidates, sentences: Numbers) -> NDArray[np.bool_]:
    """Tell of sentences whether they say something; a text is looked at once."""
    if len(_known) > _REMEMBERED:
        _known.clear()
    digests = candidates.digests[sentences].tolist()
    found = [_known.get(digest) for digest in digests]
    for number, known in enumerate(found):
        if known is None:
            text = candidates.text(int(sentences[number]))
            _known[digests[number]] = found[number] = says_something(text)
    return np.array(found, np.bool_)
