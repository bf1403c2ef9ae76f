"""Do citations still hold? Each is looked up, word for word, in the document as it is now."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from index.records import Span
from index.snapshot import Snapshot
from qa.errors import CitationFormatError

Status = Literal["valid", "moved", "stale", "missing"]
TextOf = Callable[[str], str | None]
"""Returns the text of a document by its id, None if there is no such document."""


class CitedSpan(BaseModel):
    """What of a citation is needed to check it; further fields are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    document_id: str = Field(min_length=1, max_length=200)
    cited_text: str = Field(min_length=1, max_length=100_000)
    start_char_index: int = Field(ge=0)
    end_char_index: int = Field(ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> "CitedSpan":
        if self.end_char_index < self.start_char_index:
            raise ValueError("end_char_index lies before start_char_index")
        return self


class _AnswerFile(BaseModel):
    model_config = ConfigDict(extra="ignore")
    citations: list[CitedSpan]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a citation holds.

    `valid`: the words stand where they were cited. `moved`: they stand at `span` now.
    `stale`: the document is there, the words are not. `missing`: the document is gone.
    """

    citation: CitedSpan
    status: Status
    span: Span | None


def verify(citations: Iterable[CitedSpan], text_of: TextOf) -> list[Verdict]:
    """Return a verdict for each citation, in order."""
    return [_judge(citation, text_of(citation.document_id)) for citation in citations]


def citations_of(content: bytes) -> list[CitedSpan]:
    """Read the citations of an answer's JSON. Raises CitationFormatError if it has none to read."""
    try:
        return _AnswerFile.model_validate_json(content).citations
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CitationFormatError(
            f"This is not an answer to verify: {place}: {first['msg']}. "
            "Give the output of `pincite ask … --json`."
        ) from error


def text_in_sources(snapshot: Snapshot) -> TextOf:
    """Return a look-up of what the documents' files say now, not when they were indexed."""
    # Readers bring parsers that an answer does not need.
    from index.readers import current_text
    from index.sources import locate

    roots = [Path(source) for source in snapshot.manifest.sources]

    def text_of(document_id: str) -> str | None:
        if document_id not in snapshot.chunked:
            return None
        path = locate(snapshot.document(document_id).source, roots)
        return current_text(path) if path else None

    return text_of


def text_in_snapshot(snapshot: Snapshot) -> TextOf:
    """Return a look-up of the texts that the snapshot answers from."""

    def text_of(document_id: str) -> str | None:
        chunked = snapshot.chunked.get(document_id)
        return chunked.document.text if chunked else None

    return text_of


def all_hold(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether every citation is valid as it stands."""
    return all(verdict.status == "valid" for verdict in verdicts)


def _judge(citation: CitedSpan, text: str | None) -> Verdict:
    if text is None:
        return Verdict(citation, "missing", None)
    cited = Span(citation.start_char_index, citation.end_char_index)
    if cited.of(text) == citation.cited_text:
        return Verdict(citation, "valid", cited)
    places = _occurrences(citation.cited_text, text)
    if not places:
        return Verdict(citation, "stale", None)
    nearest = min(places, key=lambda start: abs(start - cited.start))
    return Verdict(citation, "moved", Span(nearest, nearest + len(citation.cited_text)))


def _occurrences(words: str, text: str) -> list[int]:
    starts: list[int] = []
    start = text.find(words)
    while start >= 0:
        starts.append(start)
        start = text.find(words, start + 1)
    return starts
