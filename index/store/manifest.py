"""What a snapshot is made of, and its form on disk."""

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from index.errors import StoreDamagedError, StoreOutdatedError
from index.store.objects import StoredFile

FORMAT = 5
"""The store's format version: raise it when an older Pincite could not read the files."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The files that hold one share of the documents; `shards` says what is in them."""

    documents: StoredFile
    texts: StoredFile
    columns: StoredFile
    passage_vectors: StoredFile
    terms: StoredFile

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All files of the shard."""
        return (self.documents, self.texts, self.columns, self.passage_vectors, self.terms)


@dataclass(frozen=True, slots=True)
class PostingsFiles:
    """The files of a snapshot's postings; see `index.store.postings` for what is in them."""

    vocabulary: StoredFile
    forms: StoredFile
    starts: StoredFile
    rows: StoredFile
    counts: StoredFile
    lengths: StoredFile

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All of them."""
        return (self.vocabulary, self.forms, self.starts, self.rows, self.counts, self.lengths)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A snapshot's content and the settings it was made with.

    Two vectors can be compared only if `model_fingerprint` is the same; a stored vector
    stands for a new one only if `backend` is, too. `held` tells how many documents were
    found in each of `sources`. `ignore` are the patterns of files that are passed over, not written
    where there are none.

    `calibration` is carried from snapshot to snapshot without being understood here; `corpus`
    is the digest of the documents it goes with now (`publishing.corpus_digest`). Both or
    neither are None. `codes` are those of the passages' vectors (`index.search.dense`), where
    there are many. What is None is not written; without shards, `postings` may be None.
    """

    format: int
    model_name: str
    model_fingerprint: str
    backend: str
    chunking: int
    dimension: int
    sources: tuple[str, ...]
    shards: tuple[Shard, ...]
    documents: int
    passages: int
    sentences: int
    held: tuple[int, ...] = ()
    ignore: tuple[str, ...] = ()
    postings: PostingsFiles | None = None
    codes: StoredFile | None = None
    calibration: StoredFile | None = None
    corpus: str | None = None

    @property
    def content(self) -> "Manifest":
        """The manifest without what was fitted on its content."""
        return replace(self, calibration=None, corpus=None)

    @property
    def made_by(self) -> tuple[int, str, str]:
        """What makes passages and vectors: where it is the same, they are used again."""
        return self.chunking, self.model_fingerprint, self.backend

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All files that the manifest names."""
        files = [file for shard in self.shards for file in shard.files]
        files += self.postings.files if self.postings else ()
        single = (self.codes, self.calibration)
        return (*files, *(file for file in single if file))

    def to_bytes(self) -> bytes:
        """Return the form on disk: the same manifest always gives the same bytes."""
        options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2
        fields = asdict(self) | {"ignore": self.ignore or None}
        return orjson.dumps(_without_none(fields), option=options)

    @property
    def id(self) -> str:
        """The snapshot's name: the head of the SHA-256 of the manifest."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    @classmethod
    def from_bytes(cls, content: bytes, expected_id: str) -> "Manifest":
        """Read a manifest.

        Raises StoreDamagedError unless it is the one called `expected_id`, StoreOutdatedError if it
        is in an older format.
        """
        fields = _fields(content, expected_id)
        if fields["format"] != FORMAT:
            raise StoreOutdatedError(expected_id, fields["format"])
        shards = tuple(Shard(**_stored(shard)) for shard in fields.pop("shards"))
        lists = {name: tuple(fields.get(name, ())) for name in ("sources", "held", "ignore")}
        postings = fields.pop("postings", None)
        names = ("codes", "calibration")
        single: dict[str, Any] = {name: fields.pop(name) for name in names if name in fields}
        return cls(
            **fields | lists | _stored(single),
            shards=shards,
            postings=PostingsFiles(**_stored(postings)) if postings else None,
        )


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the next sync goes by, of a manifest in any format up to now; see `Manifest`."""

    model_name: str
    sources: tuple[str, ...]
    held: tuple[int, ...]
    ignore: tuple[str, ...]

    @classmethod
    def from_bytes(cls, content: bytes, expected_id: str) -> "Remembered":
        """Read a manifest. Raises StoreDamagedError unless it is the one called `expected_id`."""
        fields = _fields(content, expected_id)
        lists = (tuple(fields.get(name, ())) for name in ("sources", "held", "ignore"))
        return cls(fields["model_name"], *lists)


def _fields(content: bytes, expected_id: str) -> dict[str, Any]:
    if hashlib.sha256(content).hexdigest()[:16] != expected_id:
        raise StoreDamagedError(f"the manifest of snapshot {expected_id} was altered")
    fields: dict[str, Any] = orjson.loads(content)
    return fields


def _stored(files: dict[str, Any]) -> dict[str, Any]:
    return {name: StoredFile(**file) for name, file in files.items()}


def _without_none(fields: Any) -> Any:
    if isinstance(fields, dict):
        return {name: _without_none(value) for name, value in fields.items() if value is not None}
    if isinstance(fields, list | tuple):
        return [_without_none(value) for value in fields]
    return fields
