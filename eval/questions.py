"""Questions whose answers are known: what every protocol asks, wherever they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from eval.records import Kind, Split
from index.records import Span


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """Where an answer stands: `document.text[span.start:span.end]`."""

    document_id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what answers it: stretches of documents, or whole documents.

    `spans` each answer by themselves, or together; `documents` gives the relevance, 1 and up,
    of each relevant document by its id. Both are empty for an unanswerable question, and for an
    answerable one of which nothing stands in the documents any more. `origin` names file and line,
    for errors.
    """

    id: str
    text: str
    kind: Kind
    origin: str
    split: Split = "report"
    spans: tuple[GoldSpan, ...] = ()
    documents: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions to ask in order; `name` is the file's or folder's, `sha256` for its content."""

    name: str
    sha256: str
    questions: tuple[Question, ...]
