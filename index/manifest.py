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

    def to_bytes(self) -> bytes:
        """Return the form on disk: the same manifest always gives the same bytes."""
        options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2
        return orjson.dumps(asdict(self), option=options)

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
        return cls(**fields | lists | {"shards": shards})
