"""What a store takes and gives, besides documents: all values are frozen."""

import hashlib
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import orjson
from numpy.typing import NDArray

from index.errors import StoreError
from index.records import UPLOADED, Document, MetadataValue

Allowed = NDArray[np.bool_]
"""Which passages a search may find. Made by `Snapshot.passages_of`, and understood by it alone."""


@dataclass(frozen=True, slots=True)
class MadeBy:
    """What makes passages and vectors; `chunking` is the version of the chunker."""

    model_name: str
    model_fingerprint: str
    backend: str
    chunking: int
    dimension: int

    @property
    def vectors(self) -> tuple[str, str]:
        """What a stored vector must have in common with a new one to stand for it."""
        return self.model_fingerprint, self.backend


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What a snapshot holds and was made with.

    `held` tells how many documents each of `sources` had, `ignore` which files are passed over.
    `corpus` is a digest of the documents' ids and texts. `calibration` is not understood here.
    `published` is when it last went live, in seconds since 1970.
    """

    id: str
    made_by: MadeBy
    sources: tuple[str, ...]
    held: tuple[int, ...]
    ignore: tuple[str, ...]
    documents: int
    passages: int
    sentences: int
    corpus: str
    calibration: bytes | None
    published: float

    @property
    def model_name(self) -> str:
        """The name or folder of the model."""
        return self.made_by.model_name

    @property
    def model_fingerprint(self) -> str:
        """The digest of the model's files."""
        return self.made_by.model_fingerprint

    @property
    def published_at(self) -> datetime:
        """When it last went live, in whole seconds, UTC."""
        return datetime.fromtimestamp(int(self.published), UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """Which snapshots are named, by their ids.

    `checked` is the last one that a quality gate let through, `aside` the last one that it did not;
    None where there is none.
    """

    live: str
    checked: str | None = None
    aside: str | None = None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What tells the documents of a snapshot apart, without their texts."""

    id: str
    source: str
    document_sha256: str
    text_sha256: str
    modified: str


UPLOAD_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,118}[a-z0-9])?")


def is_upload(source: str) -> bool:
    """Tell whether a document's source is an upload."""
    return source.startswith(UPLOADED)


def upload_id_of(source: str) -> str:
    """Return the id that an upload was given, by its source; "" for a file of a SOURCE."""
    found = UPLOAD_ID.match(source.removeprefix(UPLOADED)) if is_upload(source) else None
    return found[0] if found else ""


def source_of_upload(upload_id: str, kind: str, file_name: str = "") -> str:
    """Return the name that an upload goes by among the sources: upload:ID/NAME, or upload:IDKIND.

    No file has such a name: its folder's name would have a colon and the upload's id.
    """
    return f"{UPLOADED}{upload_id}/{file_name}" if file_name else f"{UPLOADED}{upload_id}{kind}"


@dataclass(frozen=True, slots=True)
class Upload:
    """A document that was put into the store by itself; the store has its original bytes.

    `kind` is what reads it, such as ".pdf"; `modified` is when it was uploaded, in ISO 8601.
    `file_name` is the client's name of the file, "" if it gave none. `title` and `metadata` were
    given with it and come before what is found in the content.
    """

    id: str
    kind: str
    sha256: str
    modified: str
    title: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict[str, MetadataValue])
    file_name: str = ""

    @property
    def source(self) -> str:
        """The name that it goes by among the sources."""
        return source_of_upload(self.id, self.kind, self.file_name)

    def describe(self, document: Document) -> Document:
        """Return a document of its content with what was given with it."""
        return replace(
            document,
            title=self.title or document.title,
            metadata={**document.metadata, **self.metadata},
            modified=self.modified,
        )


@dataclass(frozen=True, slots=True)
class UploadChange:
    """That an upload is added or replaced or, where it is None, removed.

    `documents` are those in its content, if that was read before.
    """

    id: str
    upload: Upload | None = None
    content: bytes = field(default=b"", repr=False)
    documents: Sequence[Document] = ()


State = Literal["queued", "done", "failed"]
FINISHED: tuple[State, ...] = ("done", "failed")
MOST_FINISHED = 1000
"""How many finished jobs are remembered."""
JOB_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class Job:
    """An upload to be indexed or, where `kind` is "", removed.

    `kind`, `title`, `metadata` and `file_name` are those of the upload. Times are in ISO 8601;
    `error` says why it failed, `snapshot` is the one in which it was done. Ids are in the order in
    which jobs came.
    """

    id: str
    document_id: str
    kind: str
    created: str
    title: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict[str, MetadataValue])
    state: State = "queued"
    finished: str | None = None
    error: str | None = None
    snapshot: str | None = None
    file_name: str = ""

    @property
    def source(self) -> str:
        """The name that the upload goes by among the sources."""
        return source_of_upload(self.document_id, self.kind, self.file_name)

    @classmethod
    def new(
        cls,
        document_id: str,
        kind: str = "",
        title: str = "",
        metadata: Mapping[str, MetadataValue] | None = None,
        file_name: str = "",
    ) -> "Job":
        """Return a job that is to be queued now."""
        return cls(
            new_id(), document_id, kind, now(), title, dict(metadata or {}), file_name=file_name
        )


MOST_FEEDBACK = 10_000
MOST_FEEDBACK_BYTES = 64 * 1024 * 1024
"""How many entries are kept, of what size in all; then none is taken until some are removed."""


@dataclass(frozen=True, slots=True)
class RatedQuote:
    """A place that an answer cited, as the answer gave it."""

    document_id: str
    start: int
    end: int
    cited_text: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """Whether an answer, or an abstention where `answered` is false, was of help.

    `answered` is None where that was not said. `created` is ISO 8601, UTC; `snapshot` and `comment`
    are "" if not given. Ids are in the order in which entries came.
    """

    id: str
    created: str
    question: str
    helpful: bool
    answered: bool | None = None
    snapshot: str = ""
    citations: tuple[RatedQuote, ...] = ()
    comment: str = ""

    @classmethod
    def new(
        cls,
        question: str,
        *,
        helpful: bool,
        answered: bool | None = None,
        snapshot: str = "",
        citations: Sequence[RatedQuote] = (),
        comment: str = "",
    ) -> "Feedback":
        """Return an entry that comes in now."""
        quotes = tuple(citations)
        return cls(new_id(), now(), question, helpful, answered, snapshot, quotes, comment)


class FeedbackFullError(StoreError):
    """There is no room for more feedback."""


Right = Literal["ask", "write"]


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret. `created` is ISO 8601, UTC.

    It opens the `collections` that are named; all where none is.
    """

    name: str
    rights: tuple[Right, ...]
    created: str
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Purge:
    """What was forgotten, and the proof that it is.

    `documents` are the sources of which some text was only in old snapshots. `bytes` of all `files`
    were searched for the `sentences` and `vectors` that are no longer live. `feedback` counts what
    people said of answers that quoted one, which went with it. `found` has the other places that
    hold one, with its beginning.
    """

    snapshots: int
    freed: int
    documents: tuple[str, ...]
    sentences: int
    vectors: int
    feedback: int
    files: int
    bytes: int
    found: tuple[tuple[str, str], ...]


def given_from_json(content: bytes) -> dict[str, Any]:
    """Return the fields of what people gave from JSON, with tuples where it has lists."""

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: read(part) for name, part in value.items()}
        return tuple(map(read, value)) if isinstance(value, list) else value

    fields: dict[str, Any] = read(orjson.loads(content))
    if "citations" in fields:
        fields["citations"] = tuple(RatedQuote(**quote) for quote in fields["citations"])
    return fields


def now() -> str:
    """Return the time in ISO 8601, UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def new_id() -> str:
    """Return an id that comes after all earlier ones."""
    return f"{time.time_ns():016x}{secrets.token_hex(4)}"


def text_digest(text: str) -> int:
    """Return a number of 64 bits that is the same where the text is."""
    return int.from_bytes(_blake2b(text, 8), "little")


def embedded_digest(text: str) -> bytes:
    """Return 16 bytes that stand for an embedded text: nobody finds two texts of the same."""
    return _blake2b(text, 16)


def _blake2b(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
