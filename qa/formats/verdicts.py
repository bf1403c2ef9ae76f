"""What verifying gives: its JSON form, and the lines that a person or a language model reads."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from index.records import Span
from index.terminal import one_line
from qa.formats.fields import (
    DocumentId,
    EndIndex,
    JsonModel,
    Source,
    StartIndex,
    likeness,
    place_line,
)
from qa.records import Place
from qa.verify.checking import Status, Verdict, Verification
from qa.verify.nearest import Nearest

_MAX_PRINTED = 300


class PlaceVerdictJson(JsonModel):
    """Whether words stand where they are said to, and where they stand now."""

    status: Status = Field(
        description="`valid`: the words stand where they were cited. `moved`: they stand "
        "elsewhere in the document, or what is said of the document is no longer so. `stale`: "
        "the document no longer has them. `missing`: there is no such document."
    )
    document_id: str = Field(description="The document that was cited.")
    start_char_index: int | None = Field(
        description="Where the words stand now, in code points; null if nowhere."
    )
    end_char_index: int | None = Field(description="Where they end now, exclusive, or null.")
    differs: list[str] = Field(
        description="Fields that no longer describe the document. Checksums alone, if `status` is "
        "valid: the file was changed elsewhere."
    )


class NearestJson(JsonModel):
    """The text of a document that is most like one which it no longer holds."""

    text: str = Field(description="What the document says now.")
    start_char_index: StartIndex
    end_char_index: EndIndex
    similarity: float = Field(
        ge=0,
        le=1,
        description="1 only if the words are the same, and nothing but blanks, letter case or "
        "the shape of quotation marks differs.",
    )


class FoundJson(JsonModel):
    """Where the same words stand in another document."""

    document_id: DocumentId
    source: Source
    start_char_index: StartIndex
    end_char_index: EndIndex


class VerdictJson(PlaceVerdictJson):
    """Whether a citation or a passage holds."""

    also_in: list[PlaceVerdictJson] = Field(description="For each of its `also_in`, in order.")
    nearest: NearestJson | None = Field(
        description="If it is stale: the text of the document now that is most like it; null if "
        "none is, or if it was not looked for."
    )
    found_in: list[FoundJson] = Field(
        description="If it is stale or missing: other documents that have the same words now, at "
        "most 5; first one of the same file or text."
    )
    note: str | None = Field(
        description="Why `nearest` or `found_in` was not looked for; null if it was, or need not "
        "be. One verification makes 20 searches of each kind, fewer in long texts."
    )


class VerificationJson(JsonModel):
    """Whether an answer still holds, and if not, what does not."""

    holds: bool = Field(description="Everything below is valid and nothing contradicts itself.")
    results: list[VerdictJson] = Field(description="For each citation, in order.")
    passages: list[VerdictJson] = Field(description="For each passage, in order.")
    listed: list[VerdictJson] = Field(default=[], description="For each quote of `all`, in order.")
    written: list[VerdictJson] = Field(
        default=[], description="For each citation of `written`, in order."
    )
    faults: list[str] = Field(
        description="What in the answer contradicts itself, or in what is written contradicts "
        "what it cites; a line each."
    )

    @classmethod
    def of(cls, verification: Verification) -> "VerificationJson":
        """Return the JSON form of `verification`."""
        return cls(
            holds=verification.holds,
            results=[_verdict(verdict) for verdict in verification.citations],
            passages=[_verdict(verdict) for verdict in verification.passages],
            listed=[_verdict(verdict) for verdict in verification.listed],
            written=[_verdict(verdict) for verdict in verification.written],
            faults=list(verification.faults),
        )


def _verdict(verdict: Verdict) -> VerdictJson:
    return VerdictJson(
        **_status(verdict),
        also_in=[PlaceVerdictJson(**_status(place)) for place in verdict.also_in],
        nearest=_nearest(verdict.nearest) if verdict.nearest else None,
        found_in=[_found(place) for place in verdict.found_in],
        note=verdict.note or None,
    )


def _status(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status,
        "document_id": verdict.given.document_id,
        **_offsets(verdict.span),
        "differs": list(verdict.differs),
    }


def _nearest(nearest: Nearest) -> NearestJson:
    place, similarity = nearest.place, nearest.similarity
    rounded = 1.0 if similarity == 1 else min(round(similarity, 4), 0.9999)
    return NearestJson(text=place.text, **_offsets(place.span), similarity=rounded)


def _found(place: Place) -> FoundJson:
    document = place.document
    return FoundJson(document_id=document.id, source=document.source, **_offsets(place.span))


def _offsets(span: Span | None) -> dict[str, Any]:
    start, end = span or (None, None)
    return {"start_char_index": start, "end_char_index": end}


def verdict_lines(verification: Verification) -> Iterator[str]:
    """Yield a line for each citation, and lines for each other thing that does not hold."""
    if not (verification.citations or verification.written or verification.listed):
        yield "no citations to check"
    for before, verdicts in (("", verification.citations), ("written ", verification.written)):
        for number, verdict in enumerate(verdicts, 1):
            yield f"{before}[{number}] {_status_line(verdict)}"
            yield from _replacements(verdict)
            yield from _also_in_lines(f"{before}[{number}]", verdict)
    if verification.listed:
        valid = sum(verdict.holds for verdict in verification.listed)
        yield f"listed: {valid} of {len(verification.listed)} valid"
    for what, verdicts in (("listed", verification.listed), ("passage", verification.passages)):
        for number, verdict in enumerate(verdicts, 1):
            if verdict.status != "valid":
                yield f"{what} {number}: {_status_line(verdict)}"
                yield from _replacements(verdict)
            yield from _also_in_lines(f"{what} {number},", verdict)
    yield from map(one_line, verification.faults)


def _also_in_lines(what: str, verdict: Verdict) -> Iterator[str]:
    for number, place in enumerate(verdict.also_in, 1):
        if place.status != "valid":
            yield f"{what} also_in {number}: {_status_line(place)}"


def _status_line(verdict: Verdict) -> str:
    given, now = verdict.given, verdict.span
    cited = Span(given.start_char_index, given.end_char_index)
    moved = f" (now at {now.start}-{now.end})" if now and now != cited else ""
    differs = f"  (another {', '.join(verdict.differs)})" if verdict.differs else ""
    if differs and verdict.status == "valid":
        differs = "  (the file was changed elsewhere)"
    if verdict.document:
        place = place_line(verdict.document, cited)
    else:
        place = one_line(f"{given.source or given.document_id}:{cited.start}-{cited.end}")
    return f"{verdict.status}{moved}  {place}{differs}"


def _replacements(verdict: Verdict) -> Iterator[str]:
    """Yield what stands in the documents instead of lost words, indented."""
    if nearest := verdict.nearest:
        words = " ".join(nearest.place.text.split())
        shown = f"{words[:_MAX_PRINTED]}…" if len(words) > _MAX_PRINTED else words
        start, end = nearest.place.span
        line = f"nearest now, at {start}-{end}, {likeness(nearest.similarity)}: “{shown}”"
        yield f"    {one_line(line)}"
    if verdict.found_in:
        places = ", ".join(place_line(place.document, place.span) for place in verdict.found_in)
        yield one_line(f"    the same words stand in {places}")
    if verdict.note:
        yield f"    {verdict.note}"
