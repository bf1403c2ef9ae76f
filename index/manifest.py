"""What a snapshot is made of, and its form on disk."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from index.errors import StoreDamagedError
from index.objects import StoredFile

FORMAT = 1
"""The store's format version: raise it when an older Pincite could not read the files."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The files that hold one share of the documents; see `index.shards` for what is in them."""

    documents: StoredFile
    passage_vectors: StoredFile
    sentence_vectors: StoredFile

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All files of the shard."""
        return (self.documents, self.passage_vectors, self.sentence_vectors)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A snapshot's content and the settings it was made with.

    Two vectors can be compared only if `model_fingerprint` is the same; a stored vector
    stands for a new one only if `backend` is, too. `held` tells how many documents were
    found in each of `sources`; it is empty in what the first versions wrote.

    `calibration` is carried from snapshot to snapshot without being understood here; `corpus`
    is the digest of the documents it goes with now (`index.publishing.corpus_digest`). Both or
    neither are None, and what is None is not written.
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
    calibration: StoredFile | None = None
    corpus: str | None = None

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All files that the manifest names."""
        files = [file for shard in self.shards for file in shard.files]
        return (*files, self.calibration) if self.calibration else tuple(files)

    def to_bytes(self) -> bytes:
        """Return the form on disk: the same manifest always gives the same bytes."""
        options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2
        fields = {name: value for name, value in asdict(self).items() if value is not None}
        return orjson.dumps(fields, option=options)

    @property
    def id(self) -> str:
        """The snapshot's name: the head of the SHA-256 of the manifest."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    @classmethod
    def from_bytes(cls, content: bytes, expected_id: str) -> "Manifest":
        """Read a manifest. Raises StoreDamagedError unless it is the one called `expected_id`."""
        if hashlib.sha256(content).hexdigest()[:16] != expected_id:
            raise StoreDamagedError(f"the manifest of snapshot {expected_id} was altered")
        fields: dict[str, Any] = orjson.loads(content)
        shards = tuple(
            Shard(**{name: StoredFile(**file) for name, file in shard.items()})
            for shard in fields.pop("shards")
        )
        lists = {name: tuple(fields.get(name, ())) for name in ("sources", "held")}
        calibration = fields.pop("calibration", None)
        file = StoredFile(**calibration) if calibration else None
        return cls(**fields | lists | {"shards": shards, "calibration": file})
