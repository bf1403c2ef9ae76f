"""Does an answer still hold? All it says is looked up, word for word, in documents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from index.records import Document, Span
from qa.records import Place
from qa.verify.answer_json import GivenAnswer, GivenPlace, GivenQuote, faults
from qa.verify.nearest import Nearest
from qa.verify.relocation import Documents, Relocation, place_of_words
from qa.verify.written import broken_rules

Status = Literal["valid", "moved", "stale", "missing"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether what was given holds.

    `valid`: the words stand where they were cited. If the file changed elsewhere, `differs` has
    its checksums. `moved`: the words stand at `span` now, or the fields in `differs` no longer
    describe the document. `stale`: the document has lost the words; `nearest` is its text most
    like them. `missing`: there is no such document any more. If stale or missing, `found_in` are
    other documents with the same words, and `note` says why nothing was looked for. `document`
    is the one that was judged by, if any.
    """

    given: GivenPlace
    status: Status
    span: Span | None = None
    differs: tuple[str, ...] = ()
    also_in: tuple["Verdict", ...] = ()
    nearest: Nearest | None = None
    found_in: tuple[Place, ...] = ()
    note: str = ""
    document: Document | None = None

    @property
    def holds(self) -> bool:
        """Whether this and each place in `also_in` is valid."""
        return self.status == "valid" and all(place.holds for place in self.also_in)


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of an answer: a verdict for each quote and passage, and its contradictions.

    Among these are the rules that what a language model wrote breaks.
    """

    citations: tuple[Verdict, ...]
    passages: tuple[Verdict, ...]
    faults: tuple[str, ...]
    listed: tuple[Verdict, ...] = ()
    written: tuple[Verdict, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        verdicts = (*self.citations, *self.written, *self.passages, *self.listed)
        return not self.faults and all(verdict.holds for verdict in verdicts)


def verify(answer: GivenAnswer, documents: Documents) -> Verification:
    """Check everything in an answer that can be checked, and look for words that are lost."""
    relocation = Relocation(documents)

    def verdict(given: GivenQuote) -> Verdict:
        also_in = tuple(_judge(place, documents) for place in given.also_in)
        return _relocated(replace(_judge(given, documents), also_in=also_in), relocation)

    return Verification(
        citations=tuple(map(verdict, answer.citations)),
        passages=tuple(map(verdict, answer.passages)),
        faults=(*faults(answer), *(broken_rules(answer.written) if answer.written else ())),
        listed=tuple(map(verdict, answer.listed)),
        written=tuple(map(verdict, answer.written.citations if answer.written else ())),
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
    if verdict.status not in {"stale", "missing"}:
        return verdict
    nearest = None
    if verdict.document:
        nearest, note = relocation.nearest_text(verdict.given, verdict.document)
        found_in, _ = relocation.same_words_elsewhere(verdict.given)
    else:
        found_in, note = relocation.same_words_elsewhere(verdict.given)
    return replace(verdict, nearest=nearest, found_in=found_in, note=note)


def _is_edited_elsewhere(differs: Sequence[str]) -> bool:
    """Tell whether only the file changed; another text of the same bytes is not what was cited."""
    return "document_sha256" in differs and set(differs) <= {"document_sha256", "text_sha256"}


def _differing(given: GivenPlace, versions: Sequence[tuple[Document, Span]]) -> Iterator[str]:
    """Yield the fields that describe no version; each comes with where the words stand in it."""
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
