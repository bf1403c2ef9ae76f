"""The passages that were found, compared closely with the question."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from index.columns import Columns
from index.halves import widened
from index.ranges import in_ranges
from index.snapshot import Snapshot
from qa.candidates import Candidates, Numbers, Scores
from qa.fusion import DOCUMENT_SHARE, fuse
from qa.lexical import Lexicon
from qa.query import Query
from qa.saying import answering
from qa.stages import Stage

PASSAGE_WEIGHT = 0.6
NEIGHBOUR_WEIGHT = 0.5


def lexical_scores(
    lexicon: Lexicon, query: Query, rows: Numbers, stages: frozenset[Stage]
) -> Scores | None:
    """Return the scores by words of the passages `rows`; None where that stage is left out.

    Each is the mean of the passage's own score and of its document's: an abstract of three
    passages is about what is said in any of them.
    """
    if "lexical" not in stages:
        return None
    by_passage = lexicon.scores(query.searched, rows)
    if "documents" not in stages:
        return by_passage
    by_document = lexicon.documents(query.searched, rows)
    return (1 - DOCUMENT_SHARE) * by_passage + DOCUMENT_SHARE * by_document


def refine(snapshot: Snapshot, query: Query, rows: Numbers, stages: frozenset[Stage]) -> Candidates:
    """Compare passages with the question sentence by sentence, and by their headings.

    A passage's one vector blurs what a single sentence of it says plainly, or what stands above
    it. `score` is not known yet, nor is `lexical`: both are 0.
    """
    columns = snapshot.columns
    dense = np.clip(widened(snapshot.passage_vectors.take(rows)) @ query.vector, 0, 1)
    passages, sentence_rows = in_ranges(*_bounds(columns.sentence_offsets, rows))
    starts = np.searchsorted(passages, np.arange(len(rows) + 1))
    vectors = widened(snapshot.sentence_vectors.take(sentence_rows))
    cosines = vectors @ query.vector
    own = np.clip(cosines, 0, 1)
    around = np.clip(_window_cosines(columns, sentence_rows, starts, cosines), 0, 1)
    closest: list[Scores] = []
    if len(rows) and "sentences" in stages:
        best = [np.maximum.reduceat(each, starts[:-1]) for each in (own, around)]
        closest.append(np.mean(best, axis=0, dtype=np.float32))
    if len(rows) and "headings" in stages:
        closest.append(_heading_cosines(snapshot, query.vector, rows))
    similarity = dense
    if closest:
        similarity = PASSAGE_WEIGHT * dense + (1 - PASSAGE_WEIGHT) * np.max(closest, axis=0)
    nothing = np.zeros(len(rows), np.float32)
    found = Candidates(
        source=snapshot,
        rows=rows,
        starts=starts,
        sentence_rows=sentence_rows,
        vectors=vectors,
        own_cosines=own,
        window_cosines=around,
        answers=np.empty(0, np.int64),
        dense=dense,
        similarity=similarity,
        lexical=nothing,
        score=nothing,
        order=np.arange(len(rows)),
    )
    return replace(found, answers=answering(found))


def rank(candidates: Candidates, lexical: Scores | None) -> Candidates:
    """Return the candidates with their scores by words and in all, best first.

    Those of equal score are in the order of their ids, however they were fetched.
    """
    if not len(candidates.rows):
        return candidates
    scores = fuse(candidates.similarity.astype(np.float64), lexical)
    order = np.argsort(-scores, kind="stable")
    equal = np.flatnonzero(np.diff(scores[order]) == 0)
    if len(equal):
        tied = np.unique(scores[order[equal]])
        for score in tied.tolist():
            at = np.flatnonzero(scores[order] == score)
            by_id = dict(zip(candidates.ids(order[at]), order[at].tolist(), strict=True))
            order[at] = [by_id[name] for name in sorted(by_id)]
    return replace(
        candidates,
        lexical=candidates.lexical if lexical is None else lexical,
        score=scores,
        order=order,
    )


def _window_cosines(
    columns: Columns, sentence_rows: Numbers, starts: Numbers, cosines: Scores
) -> Scores:
    """Return how near each sentence is with half of those beside it in its passage: the cosine.

    These sums of vectors are not made: the square of their lengths comes from the inner products
    that are stored.
    """
    if not len(sentence_rows):
        return cosines
    square, beside, across = columns.sentence_products[sentence_rows].T
    firsts, lasts = starts[:-1], starts[1:] - 1

    def of_previous(values: Scores) -> Scores:
        moved = np.empty_like(values)
        moved[1:] = values[:-1]
        moved[firsts] = 0
        return moved

    def of_next(values: Scores) -> Scores:
        moved = np.empty_like(values)
        moved[:-1] = values[1:]
        moved[lasts] = 0
        return moved

    def of_neighbours(values: Scores) -> Scores:
        return of_previous(values) + of_next(values)

    around = cosines + NEIGHBOUR_WEIGHT * of_neighbours(cosines)
    # |s + w (p + n)|² = s² + 2 w (sp + sn) + w² (p² + n² + 2 pn), p the one before, n the next
    lengths = (
        square
        + 2 * NEIGHBOUR_WEIGHT * (of_previous(beside) + beside)
        + NEIGHBOUR_WEIGHT**2 * (of_neighbours(square) + 2 * of_previous(across))
    )
    scaled: Scores = around / np.sqrt(np.maximum(lengths, np.finfo(np.float32).tiny))
    return scaled


def _heading_cosines(snapshot: Snapshot, question: NDArray[np.float32], rows: Numbers) -> Scores:
    """Return how near each passage's nearest heading is, 0 for one without any."""
    columns = snapshot.columns
    below, at = in_ranges(*_bounds(columns.heading_offsets, rows))
    nearest = np.zeros(len(rows), np.float32)
    if not len(at):
        return nearest
    distinct, each = np.unique(columns.heading_rows[at], return_inverse=True)
    vectors = widened(snapshot.heading_vectors.take(distinct))
    cosines = np.clip(vectors @ question, 0, 1)[each]
    np.maximum.at(nearest, below, cosines)
    return nearest


def _bounds(offsets: Numbers, rows: Numbers) -> tuple[Numbers, Numbers]:
    return offsets[rows], offsets[rows + 1]
