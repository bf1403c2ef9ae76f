"""What was read, judged: which passages come first, which quotes answer, and how likely.

`judge` does all of it: it ranks the passages by what was read of them (`rank`), chooses quotes
(`qa.answer.quotes`), and lets a `ConfidenceModel` tell how likely the best one answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.store.protocols import Snapshot
from qa.answer.asked_rows import of_asked_rows
from qa.answer.names import figures, lacks, proper_names
from qa.answer.quotes import Quote, choose, quotes
from qa.answer.tracing import Evidence, Trace
from qa.answer.units import ReadWindow, probability, read_units
from qa.question.query import Query
from qa.read.reader import BUNDLED
from qa.read.reading import Reader, Reading
from qa.read.windows import Window
from qa.retrieve.near_duplicates import Families, Group

_RANK_CONSTANT, _RANK_LOGIT, _RANK_SCORE = -6.3, 0.8, 6.7
"""The weights of a passage's best logit and fused score in the log-odds that it is relevant."""


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """Evidence, weighted to log-odds, and the confidence from which on to answer."""

    intercept: float
    weights: Mapping[str, float]
    threshold: float

    def probability(self, evidence: Evidence) -> float:
        """Return the probability that the quote answers, in 0..1."""
        weighted = (weight * getattr(evidence, name) for name, weight in self.weights.items())
        return probability(self.intercept + sum(weighted))


READ = ConfidenceModel(
    intercept=-1.225,
    weights={
        "window": 0.594,
        "in_window": 0.331,
        "in_document": 0.801,
        "unknown": -0.695,
        "missing_figures": -0.313,
    },
    threshold=0.2,
)
READ_BY_ANOTHER = ConfidenceModel(READ.intercept, {**READ.weights, "window": 0.3}, READ.threshold)
"""For a CrossEncoder, whose logits lie about twice as far apart. No data fitted it: `pincite
calibrate` does."""
NOT_READ = ConfidenceModel(
    intercept=-0.379,
    weights={
        "quote": 0.706,
        "in_document": 0.473,
        "unknown": -0.585,
        "missing_figures": -0.633,
    },
    threshold=0.25,
)


def model_of(reader: Reader | None) -> ConfidenceModel:
    """Return the confidence model for what this reader reads; None for no reader."""
    if reader is None:
        return NOT_READ
    return READ if reader.name == BUNDLED else READ_BY_ANOTHER


def judge(
    query: Query,
    families: Families,
    groups: Sequence[Group],
    windows: Sequence[ReadWindow],
    reader: Reader | None,
    snapshot: Snapshot,
) -> Trace:
    """Rank the groups by what was read of them; tell what to quote and how likely it answers.

    `groups` are the first of `families`, and `windows` what was read of them. Quotes come only from
    documents that have the question's proper names, or a word of each, and from no row of another
    period, or another thing, than the question asks for.
    """
    ranked_groups, scores = rank(groups, windows)
    quotable, missing_names = with_names(query, windows)
    quotable = list(of_asked_rows(query, quotable))
    units = read_units(query.read, quotable, query.coverage, reader)
    ranked = quotes(units)
    evidence = evidence_for(ranked[0], query, snapshot) if ranked else None
    return Trace(
        query=query,
        families=families,
        considered=ranked_groups,
        scores=scores,
        windows=tuple(windows),
        units=units,
        ranked=tuple(ranked),
        chosen=tuple(choose(ranked)),
        evidence=evidence,
        missing_names=missing_names,
        score=model_of(reader).probability(evidence) if evidence else 0.0,
    )


def read_windows(
    query: Query, groups: Sequence[Group], windows: Sequence[Window], reading: Reading | None
) -> tuple[ReadWindow, ...]:
    """Return windows of the groups' best passages, each with what was read of it."""
    coverage, bests = query.coverage, [group.best for group in groups]
    logits = reading.answerability.tolist() if reading else [None] * len(windows)
    tokens = reading.tokens if reading and reading.tokens else [None] * len(windows)
    return tuple(
        ReadWindow.of(bests[window.passage], window, coverage, logit, scored)
        for window, logit, scored in zip(windows, logits, tokens, strict=True)
    )


def rank(
    groups: Sequence[Group], windows: Sequence[ReadWindow]
) -> tuple[tuple[Group, ...], tuple[float, ...]]:
    """Return the groups, those of which something was read before the others, and their scores."""
    logits: dict[str, float] = {}
    near: dict[str, float] = {}
    for read in windows:
        if read.logit is not None:
            passage_id = read.candidate.passage.id
            logits[passage_id] = max(logits.get(passage_id, -np.inf), read.logit)
            near[passage_id] = max(near.get(passage_id, 0.0), read.score)
    if not logits:
        return tuple(groups), tuple(group.best.score for group in groups)

    def relevance(group: Group) -> float:
        logit, score = logits[group.best.passage.id], near[group.best.passage.id]
        return probability(_RANK_CONSTANT + _RANK_LOGIT * logit + _RANK_SCORE * score)

    was_read = [group for group in groups if group.best.passage.id in logits]
    others = [group for group in groups if group.best.passage.id not in logits]
    was_read.sort(key=relevance, reverse=True)
    return (*was_read, *others), tuple(map(relevance, was_read))


def evidence_for(quote: Quote, query: Query, snapshot: Snapshot) -> Evidence:
    """Return the evidence that a quote answers."""
    coverage, read = query.coverage, quote.key.read
    asked = figures(query.question)
    there = figures(f"{read.window.above}\n{read.window.text}\n{quote.document.title}")
    in_document = snapshot.words.held_by_document(query.searched, quote.candidate.row)
    return Evidence(
        window=read.logit or 0.0,
        quote=quote.log_odds,
        in_window=read.share,
        in_document=coverage.share(coverage.held(in_document)),
        unknown=len(query.unknown) / max(1, len(query.terms)),
        missing_figures=len(asked - there) / max(1, len(asked)),
    )


def with_names(
    query: Query, windows: Sequence[ReadWindow]
) -> tuple[Sequence[ReadWindow], tuple[str, ...]]:
    """Return the windows of documents that have the question's names, and the names that none has.

    A name that no document has leaves nothing to quote. Where each name is in some document, but no
    document has them all, all windows are returned.
    """
    names = proper_names(query.question)
    documents = {read.candidate.document.id: read.candidate.document for read in windows}
    if not documents:
        return (), ()
    lacked = {
        document_id: {name for name in names if lacks(document, name)}
        for document_id, document in documents.items()
    }
    named = [read for read in windows if not lacked[read.candidate.document.id]]
    missing = tuple(name for name in names if all(name in each for each in lacked.values()))
    return (named, missing) if named or missing else (windows, ())
