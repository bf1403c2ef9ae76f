"""Does an answer still hold? All it claims is looked up, word for word, in documents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from index.records import Document, Span
from qa.records import Place
from qa.verify.claims import AnswerClaims, CitedSpan, PassageClaim, PlaceClaim, faults
from qa.verify.relocation import Elsewhere, Likeness, Lost, VersionsOf, nowhere, standing

Status = Literal["valid", "moved", "stale", "missing"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a claim holds.

    `valid`: the words stand where they were cited, in the document that was cited; its file may
    have changed elsewhere, then `differs` has its checksums. `moved`: they stand at `span` now, or
    the document is described by fields that are not its own any more (`differs`). `stale`: the
    document is there, the words are not. `missing`: the document is gone.

    Of a citation or a passage that is stale, `nearest` is the text of the document that is most
    like it, if any is; of one that is missing, `found_in` are other documents with the same words.
    `note` says why that was not looked for. `document` is the one that was judged by, if any is.
    """

    claim: PlaceClaim
    status: Status
    span: Span | None
    differs: tuple[str, ...] = ()
    also_in: tuple["Verdict", ...] = ()
    nearest: Likeness | None = None
    found_in: tuple[Place, ...] = ()
    note: str = ""
    document: Document | None = None

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


def verify(
    claims: AnswerClaims, versions_of: VersionsOf, elsewhere: Elsewhere | None = None
) -> Verification:
    """Check everything in an answer that can be checked.

    The words of a document that is gone are looked for `elsewhere`.
    """
    look_up, lost = cache(versions_of), Lost(elsewhere or nowhere())
    return Verification(
        citations=tuple(_judge_whole(each, look_up, lost) for each in claims.citations),
        passages=tuple(_judge_whole(each, look_up, lost) for each in claims.passages),
        faults=tuple(faults(claims)),
    )


def _judge_whole(claim: CitedSpan | PassageClaim, versions_of: VersionsOf, lost: Lost) -> Verdict:
    """Judge a claim with its `also_in`, and tell what there is instead of what is lost."""
    places = tuple(_judge(place, versions_of(place.document_id)) for place in claim.also_in)
    verdict = _judge(claim, versions_of(claim.document_id), places)
    if verdict.status == "stale":
        nearest, note = lost.like(claim, versions_of(claim.document_id)[0])
        found_in, _ = lost.elsewhere(claim)
        return replace(verdict, nearest=nearest, found_in=found_in, note=note)
    if verdict.status == "missing":
        found_in, note = lost.elsewhere(claim)
        return replace(verdict, found_in=found_in, note=note)
    return verdict


def _judge(
    claim: PlaceClaim, versions: Sequence[Document], also_in: tuple[Verdict, ...] = ()
) -> Verdict:
    if not versions:
        return Verdict(claim, "missing", None, also_in=also_in)
    cited = Span(claim.start_char_index, claim.end_char_index)
    now = standing(claim.cited_text, versions[0].text, cited)
    if now is None:
        return Verdict(claim, "stale", None, also_in=also_in, document=versions[0])
    described = [(versions[0], now), *((indexed, cited) for indexed in versions[1:])]
    differs = tuple(_differing(claim, described))
    stands = now == cited and (not differs or _is_edited_elsewhere(differs))
    status: Status = "valid" if stands else "moved"
    return Verdict(claim, status, now, differs, also_in, document=versions[0])


def _is_edited_elsewhere(differs: Sequence[str]) -> bool:
    """Tell whether only the file changed; another text of the same bytes is not what was cited."""
    return "document_sha256" in differs and set(differs) <= {"document_sha256", "text_sha256"}


def _differing(claim: PlaceClaim, versions: Sequence[tuple[Document, Span]]) -> Iterator[str]:
    """Yield the fields that describe none of the versions, with where the words stand in each."""
    for field, value_of in _DESCRIPTIONS.items():
        claimed = getattr(claim, field, None)
        if claimed is not None and all(claimed != value_of(*version) for version in versions):
            yield field


def _page(document: Document, span: Span, which: int) -> int | None:
    pages = document.pages_of(span)
    return pages[which] if pages else None


_DESCRIPTIONS: Mapping[str, Callable[[Document, Span], str | int | None]] = {
    "source": lambda document, _: document.source,
    "document_title": lambda document, _: document.display_title,
    "document_sha256": lambda document, _: document.document_sha256,
    "text_sha256": lambda document, _: document.text_sha256,
    "start_page_number": lambda document, span: _page(document, span, 0),
    "end_page_number": lambda document, span: _page(document, span, 1),
}
