"""The JSON form of what became of an expected quote."""

from pydantic import Field

from qa.why.finding import Finding
from qa.why.report import Report, Way
from qa.wire import PlaceJson, WireModel

_MOST_OTHERS = 20


class StageJson(WireModel):
    """What became of the quote at a stage."""

    stage: str
    passed: bool | None = Field(description="Null where the quote did not get so far.")
    rank: int | None
    score: float | None
    needed: float | None = Field(description="What it takes to pass; for `shown` a rank.")
    detail: str

    @classmethod
    def of(cls, stage: str, finding: Finding) -> "StageJson":
        """Return the JSON form of `finding`."""
        return cls(
            stage=stage,
            passed=finding.passed,
            rank=finding.rank,
            score=finding.score,
            needed=finding.needed,
            detail=finding.detail,
        )


class WayJson(WireModel):
    """How far the quote got from one place."""

    place: PlaceJson | None = Field(description="Null for a quote that stands nowhere.")
    verbatim: bool | None = Field(
        description="False where blanks, letter case or quotation marks differ."
    )
    passage_id: str | None
    cited: list[int] = Field(description="Numbers of the citations that have some of it.")
    lost_at: str | None = Field(description="The stage; null if it is cited.")
    stages: list[StageJson]

    @classmethod
    def of(cls, way: Way) -> "WayJson":
        """Return the JSON form of `way`."""
        expected = way.expected
        return cls(
            place=PlaceJson.of(expected.place) if expected else None,
            verbatim=expected.verbatim if expected else None,
            passage_id=expected.passage.id if expected and expected.passage else None,
            cited=list(way.cited),
            lost_at=way.lost_at,
            stages=[StageJson.of(name, finding) for name, finding in way.findings.items()],
        )


class NearestJson(WireModel):
    """The text that is most like a quote that stands nowhere."""

    place: PlaceJson
    similarity: float = Field(ge=0, le=1)


class WhyJson(WireModel):
    """At which stage of a question an expected quote was lost, or that it was cited."""

    question: str
    expected: str
    top_k: int
    way: WayJson = Field(description="From the place where it got furthest.")
    others: list[WayJson] = Field(description="From its other places, 20 at most.")
    others_count: int
    nearest: NearestJson | None
    snapshot: str
    model: str

    @classmethod
    def of(cls, report: Report) -> "WhyJson":
        """Return the JSON form of `report`."""
        nearest = report.nearest
        return cls(
            question=report.question,
            expected=report.quote,
            top_k=report.top_k,
            way=WayJson.of(report.way),
            others=[WayJson.of(way) for way in report.others[:_MOST_OTHERS]],
            others_count=len(report.others),
            nearest=NearestJson(place=PlaceJson.of(nearest[0]), similarity=nearest[1])
            if nearest
            else None,
            snapshot=report.snapshot,
            model=report.model,
        )
