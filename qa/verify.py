"""Does an answer still hold? All it claims is looked up, word for word, in documents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from index.records import Document, Span
from qa.claims import AnswerClaims, CitedSpan, PassageClaim, PlaceClaim
from qa.consistency import faults
from qa.versions import VersionsOf

Status = Literal["valid", "moved", "stale", "missing"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a claim holds.

    `valid`: the words stand where they were cited, in the document that was cited. `moved`:
    they stand at `span` now, or the document is described by fields that are not its own
    any more (`differs`). `stale`: the document is there, the words are not. `missing`: the
    document is gone.
    """

    claim: PlaceClaim
    status: Status
    span: Span | None
    differs: tuple[str, ...] = ()
    also_in: tuple["Verdict", ...] = ()

    @property
    def holds(self) -> bool:
        """Whether this and all that is said to stand elsewhere is valid."""
        return self.status == "valid" and all(place.holds for place in self.also_in)


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of an answer: a verdict for each claim, in order, and its contradictions."""

    citations: tuple[Verdict, ...]
    passages: tuple[Verdict, ...]
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults and all(each.holds for each in (*self.citations, *self.passages))


def verify(claims: AnswerClaims, versions_of: VersionsOf) -> Verification:
    """Check everything in an answer that can be checked."""
    look_up = cache(versions_of)
    return Verification(
        citations=tuple(_judge_with_places(each, look_up) for each in claims.citations),
        passages=tuple(_judge_with_places(each, look_up) for each in claims.passages),
        faults=tuple(faults(claims)),
    )


def _judge_with_places(claim: CitedSpan | PassageClaim, versions_of: VersionsOf) -> Verdict:
    places = tuple(_judge(place, versions_of(place.document_id)) for place in claim.also_in)
    return _judge(claim, versions_of(claim.document_id), places)


def _judge(
    claim: PlaceClaim, versions: Sequence[Document], also_in: tuple[Verdict, ...] = ()
) -> Verdict:
    if not versions:
        return Verdict(claim, "missing", None, also_in=also_in)
    cited = Span(claim.start_char_index, claim.end_char_index)
    now = _nearest(claim.cited_text, versions[0].text, cited)
    if now is None:
        return Verdict(claim, "stale", None, also_in=also_in)
    differs = tuple(_differing(claim, versions))
    status: Status = "valid" if now == cited and not differs else "moved"
    return Verdict(claim, status, now, differs, also_in)


def _differing(claim: PlaceClaim, versions: Sequence[Document]) -> Iterator[str]:
    """Yield the fields that describe none of the versions of the document."""
    for field, value_of in _DESCRIPTIONS.items():
        claimed = getattr(claim, field)
        if claimed is not None and all(claimed != value_of(version) for version in versions):
            yield field


_DESCRIPTIONS: Mapping[str, Callable[[Document], str]] = {
    "source": lambda document: document.source,
    "document_title": lambda document: document.display_title,
    "document_sha256": lambda document: document.document_sha256,
    "text_sha256": lambda document: document.text_sha256,
}


def _nearest(words: str, text: str, cited: Span) -> Span | None:
    """Return where `words` stand nearest to where they were cited, the first of two as near."""
    after = text.find(words, cited.start)
    before = text.rfind(words, 0, max(0, cited.start + len(words) - 1))
    starts = [start for start in (before, after) if start >= 0]
    if not starts:
        return None
    start = min(starts, key=lambda start: abs(start - cited.start))
    return Span(start, start + len(words))
