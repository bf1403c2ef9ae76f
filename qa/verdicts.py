"""What verifying gives, in its JSON form: for the command line and the service."""

from typing import Any

from pydantic import Field

from qa.verify import Status, Verdict, Verification
from qa.wire import WireModel


class PlaceVerdictJson(WireModel):
    """Whether words stand where they are said to, and where they stand now."""

    status: Status
    document_id: str
    start_char_index: int | None = Field(description="Where the words stand now; null if nowhere.")
    end_char_index: int | None
    differs: list[str] = Field(description="Fields that do not describe the document any more.")


class VerdictJson(PlaceVerdictJson):
    """Whether a citation or a passage holds."""

    also_in: list[PlaceVerdictJson] = Field(description="For each of its `also_in`, in order.")

    @classmethod
    def of(cls, verdict: Verdict) -> "VerdictJson":
        """Return the JSON form of `verdict`."""
        places = [PlaceVerdictJson(**_fields_of(place)) for place in verdict.also_in]
        return cls(**_fields_of(verdict), also_in=places)


class VerificationJson(WireModel):
    """Whether an answer still holds, and if not, what does not."""

    holds: bool = Field(description="Everything below is valid and nothing contradicts itself.")
    results: list[VerdictJson] = Field(description="For each citation, in order.")
    passages: list[VerdictJson] = Field(description="For each passage, in order.")
    faults: list[str] = Field(description="What in the answer contradicts itself, a line each.")

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
