"""What became of documents, told by the digests of their files."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from index.records import Document
from index.store.entries import Entry


@dataclass(frozen=True, slots=True)
class Changes:
    """Sources by what became of them, each in order; `renamed` has old and new names."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    unchanged: tuple[str, ...]


def compare(before: Mapping[str, str], now: Mapping[str, str]) -> Changes:
    """Compare the SHA-256 of sources' bytes, by their names.

    A source that is gone was renamed if there is a new one of the same bytes, one for each.
    """
    both = sorted(before.keys() & now.keys())
    gone: dict[str, list[str]] = defaultdict(list)
    for source in sorted(before.keys() - now.keys(), reverse=True):
        gone[before[source]].append(source)
    renamed = [
        (gone[now[source]].pop(), source)
        for source in sorted(now.keys() - before.keys())
        if gone.get(now[source])
    ]
    old_names, new_names = {old for old, _ in renamed}, {new for _, new in renamed}
    return Changes(
        added=tuple(sorted(now.keys() - before.keys() - new_names)),
        changed=tuple(source for source in both if before[source] != now[source]),
        removed=tuple(sorted(before.keys() - now.keys() - old_names)),
        renamed=tuple(renamed),
        unchanged=tuple(source for source in both if before[source] == now[source]),
    )


def digests(documents: Iterable[Document | Entry]) -> dict[str, str]:
    """Return the SHA-256 of each document's bytes by its source."""
    return {each.source: each.document_sha256 for each in documents}
