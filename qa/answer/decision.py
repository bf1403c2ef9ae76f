"""What was read, judged: which passages come first, which quotes answer, and how likely.

`judge` is the whole of it. The passages are ranked anew by what was read of them (`rank`), what
could be quoted is chosen from (`qa.answer.quotes`), and a `ConfidenceModel` makes of the evidence
for the best quote the probability that it answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qa.answer.names import figures, lacks, proper_names
from qa.answer.quotes import Quote, choose, quotes
from qa.answer.tracing import Evidence, Trace
from qa.answer.units import ReadWindow, probability, read_units
from qa.question.query import Query
from qa.read.reader import BUNDLED, Reader, Reading
from qa.read.windows import Window, share_of
from qa.retrieve.lexical import Lexicon
from qa.retrieve.near_duplicates import Families, Group

_RANK_CONSTANT, _RANK_LOGIT, _RANK_SCORE = -6.3, 0.8, 6.7
"""What makes of a passage's best logit and fused score the log-odds that it is relevant. Their
ratio is the one that ranks best on the sets that the confidence was fitted on."""


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """Log-odds as a weighted sum of evidence, and the confidence from which on to answer."""

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
"""For a CrossEncoder, whose logits lie about twice as far apart. It was fitted on no data of its
own: `pincite calibrate` does so."""
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
    """Return the model for answers that this reader reads, or none."""
    if reader is None:
        return NOT_READ
    return READ if reader.name == BUNDLED else READ_BY_ANOTHER


def judge(
    query: Query,
    families: Families,
    groups: Sequence[Group],
    windows: Sequence[ReadWindow],
    reader: Reader | None,
    lexicon: Lexicon,
) -> Trace:
    """Rank the groups anew, and tell what is quoted of them and how likely it answers.

    `groups` are the first of `families`, and `windows` what was read of them. Only what stands in a
    document that has the question's proper names, or one of the words of each, is quoted.
    """
    ranked_groups, scores = rank(groups, windows)
    quotable, missing_names = _with_names(query, windows)
    units = read_units(query.read, quotable, query.coverage, reader)
    ranked = quotes(units)
    evidence = evidence_for(ranked[0], query, lexicon) if ranked else None
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
    """Return windows of the groups' best passages, each with what was read of it, if anything."""
    logits = reading.answerability.tolist() if reading else [None] * len(windows)
    tokens = reading.tokens if reading and reading.tokens else [None] * len(windows)
    return tuple(
        ReadWindow(
            groups[window.passage].best, window, share_of(window, query.coverage), logit, scored
        )
        for window, logit, scored in zip(windows, logits, tokens, strict=True)
    )


def rank(
    groups: Sequence[Group], windows: Sequence[ReadWindow]
) -> tuple[tuple[Group, ...], tuple[float, ...]]:
    """Return the groups, those of which something was read before the others, and their scores."""
    logits: dict[str, float] = {}
    for read in windows:
        if read.logit is not None:
            name = read.candidate.passage.id
            logits[name] = max(logits.get(name, -np.inf), read.logit)
    if not logits:
        return tuple(groups), tuple(group.best.score for group in groups)
    scored: list[tuple[float, Group]] = []
    others: list[Group] = []
    for group in groups:
        logit = logits.get(group.best.passage.id)
        if logit is None:
            others.append(group)
        else:
            odds = _RANK_CONSTANT + _RANK_LOGIT * logit + _RANK_SCORE * group.best.score
            scored.append((probability(odds), group))
    scored.sort(key=lambda score_and_group: -score_and_group[0])
    return (*(group for _, group in scored), *others), tuple(score for score, _ in scored)


def evidence_for(quote: Quote, query: Query, lexicon: Lexicon) -> Evidence:
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


def _with_names(
    query: Query, windows: Sequence[ReadWindow]
) -> tuple[Sequence[ReadWindow], tuple[str, ...]]:
    """Return the windows of documents that have the question's names, and the names that none has.

    A name that just some of the documents lack tells these apart. One that all of them lack leaves
    nothing to quote. Where each document lacks another name, none is left out.
    """
    names = proper_names(query.question)
    documents = {read.candidate.document.id: read.candidate.document for read in windows}
    lacking = {
        name: {key for key, document in documents.items() if lacks(document, name)}
        for name in names
    }
    if not documents:
        return (), ()
    left = documents.keys() - set[str]().union(*lacking.values())
    named = [read for read in windows if read.candidate.document.id in left]
    missing = tuple(name for name in names if len(lacking[name]) == len(documents))
    return (named, missing) if named or missing else (windows, ())
