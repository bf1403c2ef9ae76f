"""What verifying gives, in its JSON form: for the command line and the service."""

from typing import Any

from pydantic import Field

from qa.lost import Likeness
from qa.records import Place
from qa.verify import Status, Verdict, Verification
from qa.wire_fields import DocumentId, EndIndex, Source, StartIndex, WireModel


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
        description="1 where but blanks, letter case or quotation marks differ.",
        examples=[0.83],
    )

    @classmethod
    def of(cls, found: Likeness) -> "NearestJson":
        """Return the JSON form of `found`."""
        span = found.place.span
        return cls(
            text=found.place.text,
            start_char_index=span.start,
            end_char_index=span.end,
            similarity=round(found.similarity, 4),
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
        description="Of one that is missing: other documents that have the same words now, at most "
        "5; first one of the same file or text."
    )
    note: str | None = Field(
        description="Why `nearest` or `found_in` was not looked for; null if it was, or if it need "
        "not be. In one verification 20 searches of each kind are made, fewer in long texts.",
        examples=[None],
    )

    @classmethod
    def of(cls, verdict: Verdict) -> "VerdictJson":
        """Return the JSON form of `verdict`."""
        places = [PlaceVerdictJson(**_fields_of(place)) for place in verdict.also_in]
        return cls(
            **_fields_of(verdict),
            also_in=places,
            nearest=NearestJson.of(verdict.nearest) if verdict.nearest else None,
            found_in=[FoundJson.of(place) for place in verdict.found_in],
            note=verdict.note or None,
        )


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
    def of(cls, found: Verification) -> "VerificationJson":
        """Return the JSON form of `found`."""
        return cls(
            holds=found.holds,
            results=[VerdictJson.of(verdict) for verdict in found.citations],
            passages=[VerdictJson.of(verdict) for verdict in found.passages],
            faults=list(found.faults),
        )


def _fields_of(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status,
        "document_id": verdict.claim.document_id,
        "start_char_index": verdict.span.start if verdict.span else None,
        "end_char_index": verdict.span.end if verdict.span else None,
        "differs": list(verdict.differs),
    }
