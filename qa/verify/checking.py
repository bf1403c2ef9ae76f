"""Does an answer still hold? All it says is looked up, word for word, in documents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from index.records import Document, Span
from qa.records import Place
from qa.verify.answer_json import GivenAnswer, GivenPlace, GivenQuote, faults
from qa.verify.nearest import NearestPlace
from qa.verify.relocation import Documents, Relocation, place_of_words

Status = Literal["valid", "moved", "stale", "missing"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether what was given holds.

    `valid`: the words stand where they were cited, in the document that was cited; its file may
    have changed elsewhere, then `differs` has its checksums. `moved`: they stand at `span` now, or
    the document is described by fields that are not its own any more (`differs`). `stale`: the
    document is there, the words are not. `missing`: the document is gone.

    Of a citation or a passage that is stale, `nearest` is the text of the document that is most
    like it, if any is. Of one that is stale or missing, `found_in` are other documents with the
    same words. `note` says why that was not looked for. `document` is the one that was judged by,
    if any is.
    """

    given: GivenPlace
    status: Status
    span: Span | None = None
    differs: tuple[str, ...] = ()
    also_in: tuple["Verdict", ...] = ()
    nearest: NearestPlace | None = None
    found_in: tuple[Place, ...] = ()
    note: str = ""
    document: Document | None = None

    @property
    def holds(self) -> bool:
        """Whether this and all that is said to stand elsewhere is valid."""
        return self.status == "valid" and all(place.holds for place in self.also_in)


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of an answer: a verdict for each citation and passage, and its contradictions."""

    citations: tuple[Verdict, ...]
    passages: tuple[Verdict, ...]
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        verdicts = (*self.citations, *self.passages)
        return not self.faults and all(verdict.holds for verdict in verdicts)


def verify(answer: GivenAnswer, documents: Documents) -> Verification:
    """Check everything in an answer that can be checked, and look for words that are lost."""
    relocation = Relocation(documents)

    def verdict(given: GivenQuote) -> Verdict:
        also_in = tuple(_judge(place, documents) for place in given.also_in)
        judged = replace(_judge(given, documents), also_in=also_in)
        return _relocated(judged, relocation)

    return Verification(
        citations=tuple(map(verdict, answer.citations)),
        passages=tuple(map(verdict, answer.passages)),
        faults=tuple(faults(answer)),
    )


def _judge(given: GivenPlace, documents: Documents) -> Verdict:
    versions = documents.versions_of(given.document_id)
    if not versions:
        return Verdict(given, "missing")
    now, *indexed = versions
    cited = Span(given.start_char_index, given.end_char_index)
    place = place_of_words(given.cited_text, now, cited)
    if place is None:
        return Verdict(given, "stale", document=now)
    described = [(now, place.span), *((document, cited) for document in indexed)]
    differs = tuple(_differing(given, described))
    stands = place.span == cited and (not differs or _is_edited_elsewhere(differs))
    return Verdict(given, "valid" if stands else "moved", place.span, differs, document=now)


def _relocated(verdict: Verdict, relocation: Relocation) -> Verdict:
    """Add to a verdict on words that are lost what there is instead."""
    if verdict.status == "stale" and verdict.document:
        nearest, note = relocation.nearest_text(verdict.given, verdict.document)
        found_in, _ = relocation.same_words_elsewhere(verdict.given)
        return replace(verdict, nearest=nearest, found_in=found_in, note=note)
    if verdict.status == "missing":
        found_in, note = relocation.same_words_elsewhere(verdict.given)
        return replace(verdict, found_in=found_in, note=note)
    return verdict


def _is_edited_elsewhere(differs: Sequence[str]) -> bool:
    """Tell whether only the file changed; another text of the same bytes is not what was cited."""
    return "document_sha256" in differs and set(differs) <= {"document_sha256", "text_sha256"}


def _differing(given: GivenPlace, versions: Sequence[tuple[Document, Span]]) -> Iterator[str]:
    """Yield the fields that describe none of the versions, with where the words stand in each."""
    for field, value_of in _DESCRIPTIONS.items():
        value = getattr(given, field, None)
        if value is not None and all(value != value_of(*version) for version in versions):
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
