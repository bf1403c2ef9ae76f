"""How likely the cited text answers: a logistic model over what was read and what was found.

The model was fitted on public questions that the reader was not trained on (docs/evaluation.md
names them); `python -m benchmarks.confidence` fits it again. Words, names and figures of the
question that the cited text lacks are evidence against it, not a rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from qa.answer.names import figures
from qa.answer.quotes import Quote
from qa.answer.units import probability
from qa.lexical import Lexicon
from qa.query import Query
from qa.read.bundled import NAME
from qa.read.reader import Reader


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
