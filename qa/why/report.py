"""Why not this passage? An expected quote is followed from each place where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass

from index.records import Span
from index.store.protocols import Snapshot
from qa.engine import Engine
from qa.records import Place
from qa.verify.nearest import Nearest, nearest
from qa.why.expected import Expected, checked_quote, places_of
from qa.why.stages import NOT_REACHED, STAGES, Considered, Finding, Followed


@dataclass(frozen=True, slots=True)
class Way:
    """What became of a quote from one place: its findings by stage, and who cites it by number.

    `expected` is None for a quote that stands nowhere.
    """

    expected: Expected | None
    findings: Mapping[str, Finding]
    cited: tuple[int, ...]

    @property
    def lost_at(self) -> str | None:
        """The first stage that was not passed; None if the quote is cited all the same.

        A passage below the cut of a small `top_k` is cited if answers are drawn from it.
        """
        if self.cited:
            return None
        return next(stage for stage, found in self.findings.items() if found.passed is False)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an expected quote: where it got furthest, and its other places.

    `nearest` is the place most like a quote that stands nowhere, if any is like it.
    """

    question: str
    quote: str
    top_k: int
    snapshot: str
    model: str
    way: Way
    others: tuple[Way, ...]
    nearest: Nearest | None


def why(engine: Engine, question: str, quote: str, top_k: int = 5) -> Report:
    """Tell at which stage of a question a quote is lost, or that it is cited.

    `top_k` (1..50) is how many passages are shown. Raises QuestionError and QuoteError.
    """
    quote = checked_quote(quote)
    return follow(quote, Considered.of(engine, question, top_k), engine.snapshot)


def follow(quote: str, considered: Considered, snapshot: Snapshot) -> Report:
    """Follow one of perhaps several quotes through what was considered of a question."""
    ways = sorted((_way(considered, place) for place in places_of(quote, snapshot)), key=_order)
    first, *others = ways or [_STANDS_NOWHERE]
    documents = (chunked.document for chunked in snapshot.documents())
    texts = [Place(document, Span(0, len(document.text))) for document in documents]
    return Report(
        question=considered.trace.query.question,
        quote=quote,
        top_k=considered.top_k,
        snapshot=considered.answer.snapshot,
        model=considered.answer.model,
        way=first,
        others=tuple(others),
        nearest=None if ways else nearest(quote, texts),
    )


_STANDS_NOWHERE = Way(
    expected=None,
    findings=dict.fromkeys(STAGES, NOT_REACHED)
    | {
        "ingested": Finding(
            "it stands in no document of the store; see which files `pincite index` skips",
            passed=False,
        )
    },
    cited=(),
)


def _way(considered: Considered, place: tuple[Expected, ...]) -> Way:
    """Follow the passage that is cited, else the one that holds most of the quote."""
    passages = [Followed(considered, expected) for expected in place]
    followed = next((passage for passage in passages if passage.citations), passages[0])
    numbers = tuple(citation.number for citation in followed.citations)
    return Way(followed.expected, followed.findings(), numbers)


def _order(way: Way) -> tuple[int, int]:
    """Sort by the stage at which a quote is lost, the last stage first, then by its rank."""
    if way.lost_at is None:
        return -len(STAGES), way.cited[0]
    rank = way.findings["fused"].rank or way.findings["dense"].rank or 0
    return -STAGES.index(way.lost_at), rank
