"""A document as rows of any store: a row of its version, a row a passage, and their digests."""

import hashlib
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from index.document_json import document_from_json, document_to_json
from index.records import (
    ChunkedDocument,
    Document,
    Passage,
    Skipped,
    Span,
    passage_id,
    passage_text,
)
from index.store.records import MadeBy, embedded_digest

COLUMNS = ("id", "source", "document_sha256", "text_sha256", "modified")
"""What a document has in columns of their own; all else is in `fields`."""


class CutPassage(NamedTuple):
    """A passage as a row: where it stands, and what was embedded of it."""

    start: int
    stop: int
    section: int
    sentences: bytes
    embedded: bytes


def rows_of(chunked: ChunkedDocument) -> tuple[dict[str, Any], list[CutPassage]]:
    """Return a document as a row of `versions`, but for where it stands, and its passages."""
    document = chunked.document
    sections = {passage.heading_path: 0 for passage in chunked.passages}
    sections = {path: number for number, path in enumerate(sections)}
    passages = [
        CutPassage(
            passage.start,
            passage.end,
            sections[passage.heading_path],
            np.array(passage.sentences, "<i4").tobytes(),
            embedded_digest(passage_text(document, passage)),
        )
        for passage in chunked.passages
    ]
    said = document_to_json(document)
    columns = [said.pop(name, "") for name in COLUMNS]
    del said["text"]
    said["sections"] = list(sections)
    said["skipped"] = [[part.start, part.end, part.reason] for part in chunked.skipped]
    if context := next((passage.context for passage in chunked.passages), ()):
        said["context"] = context
    fields, text = orjson.dumps(said), hashlib.sha256(document.text.encode()).digest()
    cut = cut_digest(document.title, fields, text, passages)
    row = {
        **dict(zip(("document_id", *COLUMNS[1:]), columns, strict=True)),
        "fields": fields,
        "text": text,
        "passages": len(passages),
        "sentences": sum(len(passage.sentences) for passage in chunked.passages),
        "cut": cut,
        "digest": version_digest(columns, fields, text, cut),
    }
    return row, passages


def cut_digest(title: str, fields: bytes, text: bytes, passages: Sequence[CutPassage]) -> bytes:
    """Return a digest of all that passages, their vectors and their terms are made of.

    `text` is the digest of the text.
    """
    said = orjson.loads(fields)
    digest = hashlib.sha256(orjson.dumps([title, said["sections"], said.get("context")]) + text)
    for passage in passages:
        digest.update(struct.pack("<qqq", passage.start, passage.stop, passage.section))
        digest.update(passage.sentences + passage.embedded)
    return digest.digest()


def version_digest(columns: Sequence[str], fields: bytes, text: bytes, cut: bytes) -> bytes:
    """Return a digest of all that a version of a document says; `columns` are its own columns."""
    return hashlib.sha256(orjson.dumps(columns) + fields + text + cut).digest()


class Described:
    """What a row of `versions` says of a document, but its text and where passages stand."""

    def __init__(self, columns: Sequence[str], fields: bytes) -> None:
        said: dict[str, Any] = orjson.loads(fields)
        self._sections = [tuple(path) for path in said.pop("sections")]
        self.skipped = tuple(Skipped(*part) for part in said.pop("skipped"))
        self._context = tuple(said.pop("context", ()))
        said |= dict(zip(COLUMNS, columns, strict=True)) | {"text": ""}
        self.description: Document = document_from_json(said)

    def passage(self, start: int, stop: int, section: int, sentences: bytes) -> Passage:
        """Return a passage of the document; `sentences` are pairs of int32."""
        spans = np.frombuffer(sentences, "<i4").reshape(-1, 2).tolist()
        return Passage(
            id=passage_id(self.description.id, start, stop),
            document_id=self.description.id,
            start=start,
            end=stop,
            heading_path=self._sections[section],
            sentences=tuple(map(Span._make, spans)),
            context=self._context,
        )


def snapshot_id(
    made_by: MadeBy, settings: bytes, documents: int, digest: bytes, calibration: bytes | None
) -> str:
    """Return the id of a snapshot: the same for the same documents and settings."""
    made = [made_by.model_name, *made_by.vectors, made_by.chunking, made_by.dimension, documents]
    content = orjson.dumps(made) + settings + digest + (calibration or b"")
    return hashlib.sha256(content).hexdigest()[:16]


def sum_of_digests(added: Sequence[bytes], removed: Sequence[bytes] = ()) -> bytes:
    """Return a digest of a set of digests, whatever their order: their sums in four lanes.

    The digest of a set stands for all that it was made of, added or removed.
    """
    plus, minus = (
        np.frombuffer(b"".join(digests), "<u8").reshape(-1, 4).sum(axis=0, dtype=np.uint64)
        for digests in (added, removed)
    )
    return bytes((plus - minus).astype("<u8"))
