"""Which shard a document is in.

Documents are dealt by their id alone, so a corpus always has the same shards, whatever its
history, and a changed document rewrites only the shard it is in.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from operator import attrgetter
from typing import Protocol, TypeVar

DOCUMENTS_A_SHARD = 256
MAX_SHARDS = 128


class HasId(Protocol):
    """What can be dealt."""

    @property
    def id(self) -> str:
        """The id of a document."""
        ...


Dealt = TypeVar("Dealt", bound=HasId)


def shard_count(documents: int) -> int:
    """Return among how many shards so many documents are dealt, a power of two.

    A shard has 256 documents on average at most, until there are MAX_SHARDS of them.
    """
    count = 1
    while count < MAX_SHARDS and count * DOCUMENTS_A_SHARD < documents:
        count *= 2
    return count


def shard_number(document_id: str, count: int) -> int:
    """Return which of `count` shards a document is in."""
    digest = hashlib.sha256(document_id.encode()).digest()
    return int.from_bytes(digest[:4]) % count


def deal(documents: Iterable[Dealt]) -> dict[int, list[Dealt]]:
    """Divide documents among shards, by their numbers in order; none of them is empty.

    Within a shard they are in the order of their ids.
    """
    ordered = sorted(documents, key=attrgetter("id"))
    count = shard_count(len(ordered))
    shards: dict[int, list[Dealt]] = defaultdict(list)
    for each in ordered:
        shards[shard_number(each.id, count)].append(each)
    return dict(sorted(shards.items()))
