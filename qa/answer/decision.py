"""What was read, judged: which passages come first, which quotes answer, and how likely."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qa.answer.names import figures, lacks, proper_names
from qa.answer.quotes import Quote, choose, quotes
from qa.answer.units import ReadUnit, ReadWindow, probability, read_units
from qa.question.query import Query
from qa.read.bundled import NAME
from qa.read.reader import Reader, Reading
from qa.read.windows import Window, share_of
from qa.retrieve.lexical import Lexicon
from qa.retrieve.near_duplicates import Group


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is to judge the best quote by.

    `window` is the reader's logit of its window, 0 where there is no reader, and `quote` the
    log-odds that its key unit answers. The shares are those of the question's words, by weight, in
    its window with what stands above it (`in_window`), and in its document (`in_document`).
    `unknown` is the share of the words that no document holds, `missing_figures` that of the
    question's figures that the window lacks.
    """

    window: float
    quote: float
    in_window: float
    in_document: float
    unknown: float
    missing_figures: float


@dataclass(frozen=True, slots=True)
class Model:
    """Log-odds as a weighted sum of evidence, and the confidence from which on to answer."""

    intercept: float
    weights: Mapping[str, float]
    threshold: float

    def probability(self, evidence: Evidence) -> float:
        """Return the probability that the quote answers, in 0..1."""
        weighted = (weight * getattr(evidence, name) for name, weight in self.weights.items())
        return probability(self.intercept + sum(weighted))


READ = Model(
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
READ_BY_ANOTHER = Model(READ.intercept, {**READ.weights, "window": 0.3}, READ.threshold)
"""For a CrossEncoder, whose logits lie about twice as far apart. It was fitted on no data of its
own: `pincite calibrate` does so."""
NOT_READ = Model(
    intercept=-0.379,
    weights={
        "quote": 0.706,
        "in_document": 0.473,
        "unknown": -0.585,
        "missing_figures": -0.633,
    },
    threshold=0.25,
)


def model_of(reader: Reader | None) -> Model:
    """Return the model for answers that this reader reads, or none."""
    if reader is None:
        return NOT_READ
    return READ if reader.name == NAME else READ_BY_ANOTHER


def evidence(query: Query, quote: Quote, lexicon: Lexicon) -> Evidence:
    """Return what there is to judge a quote by."""
    coverage, read = query.coverage, quote.key.read
    asked = figures(query.question)
    there = figures(f"{read.window.above}\n{read.window.text}\n{quote.document.title}")
    in_document = lexicon.held_by_document(query.searched, quote.candidate.row)
    return Evidence(
        window=read.logit or 0.0,
        quote=quote.log_odds,
        in_window=read.share,
        in_document=coverage.share(coverage.held(in_document)),
        unknown=len(query.unknown) / max(1, len(query.terms)),
        missing_figures=len(asked - there) / max(1, len(asked)),
    )


_RANK_CONSTANT, _RANK_LOGIT, _RANK_SCORE = -6.3, 0.8, 6.7
"""What makes of a passage's best logit and fused score the log-odds that it is relevant. Their
ratio is the one that ranks best on the sets that the confidence was fitted on."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What `Trace` has of the same names; `groups` are in the order they rank in."""

    groups: tuple[Group, ...]
    scores: tuple[float, ...]
    windows: tuple[ReadWindow, ...]
    units: tuple[ReadUnit, ...]
    ranked: tuple[Quote, ...]
    chosen: tuple[Quote, ...]
    evidence: Evidence | None
    missing_names: tuple[str, ...]
    score: float


def judge(
    query: Query,
    groups: Sequence[Group],
    windows: Sequence[Window],
    reading: Reading | None,
    reader: Reader | None,
    lexicon: Lexicon,
) -> Judged:
    """Return the groups ranked anew, and what is quoted of them and how likely it answers.

    `reading` is what `reader` said of the windows; both are None where there is no reader. Only
    what stands in a document that has the question's proper names, or one of the words of each, is
    quoted.
    """
    read = read_windows(query, groups, windows, reading)
    ranked_groups, scores = rank(groups, read)
    named, missing = _with_names(query, read)
    units = read_units(query.read, named, query.coverage, reader)
    ranked = quotes(units)
    chosen = choose(ranked)
    best = evidence(query, ranked[0], lexicon) if ranked else None
    return Judged(
        groups=ranked_groups,
        scores=scores,
        windows=read,
        units=units,
        ranked=tuple(ranked),
        chosen=tuple(chosen),
        evidence=best,
        missing_names=missing,
        score=model_of(reader).probability(best) if best else 0.0,
    )


def read_windows(
    query: Query, groups: Sequence[Group], windows: Sequence[Window], reading: Reading | None
) -> tuple[ReadWindow, ...]:
    """Return windows of the groups' best passages, each with what was read of it."""
    logits = reading.answerability.tolist() if reading else [None] * len(windows)
    tokens = reading.tokens if reading and reading.tokens else [None] * len(windows)
    return tuple(
        ReadWindow(
            groups[window.passage].best, window, share_of(window, query.coverage), logit, scored
        )
        for window, logit, scored in zip(windows, logits, tokens, strict=True)
    )


def rank(
    groups: Sequence[Group], read: Sequence[ReadWindow]
) -> tuple[tuple[Group, ...], tuple[float, ...]]:
    """Return the groups, those of which something was read before the others, and their scores."""
    logits: dict[str, float] = {}
    for each in read:
        if each.logit is not None:
            name = each.candidate.passage.id
            logits[name] = max(logits.get(name, -np.inf), each.logit)
    if not logits:
        return tuple(groups), tuple(group.best.score for group in groups)
    scores = {
        group.best.passage.id: probability(
            _RANK_CONSTANT
            + _RANK_LOGIT * logits[group.best.passage.id]
            + _RANK_SCORE * group.best.score
        )
        for group in groups
        if group.best.passage.id in logits
    }
    first = [group for group in groups if group.best.passage.id in scores]
    first.sort(key=lambda group: -scores[group.best.passage.id])
    others = [group for group in groups if group.best.passage.id not in scores]
    return (*first, *others), tuple(scores[group.best.passage.id] for group in first)


def _with_names(
    query: Query, read: Sequence[ReadWindow]
) -> tuple[tuple[ReadWindow, ...], tuple[str, ...]]:
    """Return the windows of documents that have the question's names, and the names that none has.

    A name that just some of the documents lack tells these apart. One that all of them lack leaves
    nothing to quote. Where each document lacks another name, none is left out.
    """
    names = proper_names(query.question)
    documents = {each.candidate.document.id: each.candidate.document for each in read}
    lacking = {
        name: {key for key, document in documents.items() if lacks(document, name)}
        for name in names
    }
    if not documents:
        return (), ()
    left = documents.keys() - set[str]().union(*lacking.values())
    named = tuple(each for each in read if each.candidate.document.id in left)
    missing = tuple(name for name in names if len(lacking[name]) == len(documents))
    return (named, missing) if named or missing else (tuple(read), ())
