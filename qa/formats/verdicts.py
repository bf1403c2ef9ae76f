"""What verifying gives: its JSON form, and the lines that a person or a language model reads."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from index.records import Span
from index.terminal import one_line
from qa.formats.fields import (
    DocumentId,
    EndIndex,
    Source,
    StartIndex,
    WireModel,
    likeness,
    place_line,
)
from qa.records import Place
from qa.verify.checking import Status, Verdict, Verification
from qa.verify.nearest import NearestPlace

_MOST_SHOWN = 300


class PlaceVerdictJson(WireModel):
    """Whether words stand where they are said to, and where they stand now."""

    status: Status = Field(
        description="`valid`: the words stand where they were cited. `moved`: they stand "
        "elsewhere in the document, or what is said of the document is not so any more. `stale`: "
        "the document does not have them any more. `missing`: there is no such document.",
        examples=["valid"],
    )
    document_id: str = Field(
        description="The document that was claimed.",
        examples=["seeds-002-cd3ae78a834cc04f-txt-7f355ea8ae"],
    )
    start_char_index: int | None = Field(
        description="Where the words stand now, in code points; null if nowhere.", examples=[2235]
    )
    end_char_index: int | None = Field(
        description="Where they end now, exclusive; null if nowhere.", examples=[2335]
    )
    differs: list[str] = Field(
        description="Fields that do not describe the document any more. Checksums alone, where "
        "`status` is valid: the file was changed elsewhere.",
        examples=[["source"]],
    )


class NearestJson(WireModel):
    """The text of a document that is most like one which it does not hold any more."""

    text: str = Field(
        description="What the document says now.",
        examples=["One of the most common side effects of microneedling is redness."],
    )
    start_char_index: StartIndex
    end_char_index: EndIndex
    similarity: float = Field(
        ge=0,
        le=1,
        description="1 only where the words are the same, and nothing but blanks, letter case or "
        "the shape of quotation marks differs.",
        examples=[0.83],
    )

    @classmethod
    def of(cls, nearest: NearestPlace) -> "NearestJson":
        """Return the JSON form of `nearest`."""
        similarity = nearest.similarity
        return cls(
            text=nearest.place.text,
            start_char_index=nearest.place.span.start,
            end_char_index=nearest.place.span.end,
            similarity=1.0 if similarity == 1 else min(round(similarity, 4), 0.9999),
        )


class FoundJson(WireModel):
    """Where the same words stand in another document."""

    document_id: DocumentId
    source: Source
    start_char_index: StartIndex
    end_char_index: EndIndex

    @classmethod
    def of(cls, place: Place) -> "FoundJson":
        """Return the JSON form of `place`."""
        return cls(
            document_id=place.document.id,
            source=place.document.source,
            start_char_index=place.span.start,
            end_char_index=place.span.end,
        )


class VerdictJson(PlaceVerdictJson):
    """Whether a citation or a passage holds."""

    also_in: list[PlaceVerdictJson] = Field(description="For each of its `also_in`, in order.")
    nearest: NearestJson | None = Field(
        description="Of one that is stale: the text of the document now that is most like it; null "
        "if none is, or if it was not looked for."
    )
    found_in: list[FoundJson] = Field(
        description="Of one that is stale or missing: other documents that have the same words "
        "now, at most 5; first one of the same file or text."
    )
    note: str | None = Field(
        description="Why `nearest` or `found_in` was not looked for; null if it was, or if it need "
        "not be. In one verification 20 searches of each kind are made, fewer in long texts.",
        examples=[None],
    )

    @classmethod
    def of(cls, verdict: Verdict) -> "VerdictJson":
        """Return the JSON form of `verdict`."""
        return cls(
            **_place_fields(verdict),
            also_in=[PlaceVerdictJson(**_place_fields(place)) for place in verdict.also_in],
            nearest=NearestJson.of(verdict.nearest) if verdict.nearest else None,
            found_in=[FoundJson.of(place) for place in verdict.found_in],
            note=verdict.note or None,
        )


def _place_fields(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status,
        "document_id": verdict.given.document_id,
        "start_char_index": verdict.span.start if verdict.span else None,
        "end_char_index": verdict.span.end if verdict.span else None,
        "differs": list(verdict.differs),
    }


class VerificationJson(WireModel):
    """Whether an answer still holds, and if not, what does not."""

    holds: bool = Field(
        description="Everything below is valid and nothing contradicts itself.", examples=[True]
    )
    results: list[VerdictJson] = Field(description="For each citation, in order.")
    passages: list[VerdictJson] = Field(description="For each passage, in order.")
    faults: list[str] = Field(
        description="What in the answer contradicts itself, a line each.", examples=[[]]
    )

    @classmethod
    def of(cls, verification: Verification) -> "VerificationJson":
        """Return the JSON form of `verification`."""
        return cls(
            holds=verification.holds,
            results=[VerdictJson.of(verdict) for verdict in verification.citations],
            passages=[VerdictJson.of(verdict) for verdict in verification.passages],
            faults=list(verification.faults),
        )


def verdict_lines(verification: Verification) -> Iterator[str]:
    """Yield a line for each citation, and those on each other thing that does not hold."""
    if not verification.citations:
        yield "no citations to check"
    for number, verdict in enumerate(verification.citations, 1):
        yield f"[{number}] {_verdict(verdict)}"
        yield from _instead(verdict)
        yield from _lost_places(f"[{number}]", verdict)
    for rank, verdict in enumerate(verification.passages, 1):
        if verdict.status != "valid":
            yield f"passage {rank}: {_verdict(verdict)}"
            yield from _instead(verdict)
        yield from _lost_places(f"passage {rank},", verdict)
    yield from map(one_line, verification.faults)


def _lost_places(what: str, verdict: Verdict) -> Iterator[str]:
    for number, place in enumerate(verdict.also_in, 1):
        if place.status != "valid":
            yield f"{what} also_in {number}: {_verdict(place)}"


def _verdict(verdict: Verdict) -> str:
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


def _instead(verdict: Verdict) -> Iterator[str]:
    """Yield what there is instead of words that are lost, indented."""
    if nearest := verdict.nearest:
        words = " ".join(nearest.place.text.split())
        shown = f"{words[:_MOST_SHOWN]}…" if len(words) > _MOST_SHOWN else words
        start, end = nearest.place.span
        line = f"nearest now, at {start}-{end}, {likeness(nearest.similarity)}: “{shown}”"
        yield f"    {one_line(line)}"
    if verdict.found_in:
        places = ", ".join(place_line(place.document, place.span) for place in verdict.found_in)
        yield one_line(f"    the same words stand in {places}")
    if verdict.note:
        yield f"    {verdict.note}"
