"""Follow an expected quote through all stages, from each place where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass

from index.store.snapshot import Snapshot
from qa.engine import Engine
from qa.records import Place
from qa.verify.nearest import nearest
from qa.why.expected import Considered, Expected, checked, places_of
from qa.why.stages import (
    NOT_REACHED,
    Finding,
    answered,
    chosen,
    chunked,
    collapsed,
    dense,
    fused,
    ingested,
    lexical,
    lost,
    quoted,
    read,
    shown,
)

STAGES = (
    *(ingested, chunked, dense, lexical, fused),
    *(collapsed, read, shown, quoted, chosen, answered),
)
"""In order. A new stage is one more function from what was considered and is expected."""

_NOWHERE = lost("it stands in no document of the store; see which files `pincite index` skips")


@dataclass(frozen=True, slots=True)
class Way:
    """The way of a quote through the stages, by name; `cited` are its citations' numbers.

    `expected` is None for a quote that stands nowhere.
    """

    expected: Expected | None
    findings: Mapping[str, Finding]
    cited: tuple[int, ...]

    @property
    def lost_at(self) -> str | None:
        """The first stage that was not passed; None if the quote is cited all the same.

        A passage below the cut of a small `top_k` is cited nevertheless if it is among those
        that answers are drawn from.
        """
        if self.cited:
            return None
        return next(name for name, each in self.findings.items() if each.passed is False)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an expected quote: where it got furthest, and its other places.

    `nearest` is the place most like a quote that stands nowhere, and how like, in 0..1.
    """

    question: str
    quote: str
    top_k: int
    snapshot: str
    model: str
    way: Way
    others: tuple[Way, ...]
    nearest: tuple[Place, float] | None


def why(engine: Engine, question: str, quote: str, top_k: int = 5) -> Report:
    """Tell at which stage of a question a quote is lost, or that it is cited.

    `top_k` (1..50) is how many passages are shown. Raises QuestionError and QuoteError.
    """
    quote = checked(quote)
    return follow(quote, Considered.of(engine, question, top_k), engine.snapshot)


def follow(quote: str, considered: Considered, snapshot: Snapshot) -> Report:
    """Follow a quote through what was considered of a question; there may be more quotes to it."""
    ways = [_way(considered, place) for place in places_of(quote, snapshot)]
    first, *others = sorted(ways, key=_furthest_first) or [_LOST]
    return Report(
        question=considered.trace.query.question,
        quote=quote,
        top_k=considered.top_k,
        snapshot=considered.answer.snapshot,
        model=considered.answer.model,
        way=first,
        others=tuple(others),
        nearest=None if ways else _nearest(quote, snapshot),
    )


_LOST = Way(
    expected=None,
    findings={stage.__name__: _NOWHERE if stage is ingested else NOT_REACHED for stage in STAGES},
    cited=(),
)


def _way(considered: Considered, place: tuple[Expected, ...]) -> Way:
    """Follow the passage that is cited, else the one that holds most of the quote."""
    cited = (expected for expected in place if considered.citations_of(expected))
    expected = next(cited, place[0])
    return Way(
        expected=expected,
        findings={stage.__name__: stage(considered, expected) for stage in STAGES},
        cited=tuple(each.number for each in considered.citations_of(expected)),
    )


def _furthest_first(way: Way) -> tuple[int, int]:
    """Return what to sort by: where a quote is lost, last stages first, then its rank."""
    if way.lost_at is None:
        return -len(STAGES), way.cited[0]
    rank = way.findings["fused"].rank or way.findings["dense"].rank or 0
    return -list(way.findings).index(way.lost_at), rank


def _nearest(quote: str, snapshot: Snapshot) -> tuple[Place, float] | None:
    texts = {name: each.document.text for name, each in snapshot.chunked.items()}
    found = nearest(quote, texts)
    if found is None:
        return None
    return Place(snapshot.document(found.name), found.span), found.similarity
