"""The passages of the documents that a filter lets through."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.records import Document, MetadataValue
from index.snapshot import Snapshot
from qa.errors import FilterError
from qa.filters import Condition, Filter, shortened

Rows: TypeAlias = NDArray[np.bool_]
"""For each passage of a snapshot whether it is looked at, shape (passages,)."""

OWN_FIELDS: Mapping[str, Callable[[Document], str]] = {
    "id": lambda document: document.id,
    "source": lambda document: document.source,
    "path": lambda document: document.source,
    "title": lambda document: document.display_title,
    "media_type": lambda document: document.media_type,
    "modified": lambda document: document.modified,
}
"""What every document has, by the names to filter by; metadata of these names has a prefix."""

METADATA_PREFIX = "metadata."
_MOST_LISTED_CHARS = 300


def matching_rows(snapshot: Snapshot, wanted: Filter) -> Rows:
    """Return which passages are of documents that `wanted` lets through.

    Raises FilterError for a field that no document has.
    """
    numbers = snapshot.document_numbers
    firsts = np.flatnonzero(np.diff(numbers, prepend=-1))
    documents = [snapshot.document(snapshot.passages[row].document_id) for row in firsts]
    matching = np.ones(len(documents), np.bool_)
    for condition in wanted.conditions:
        matching &= _accepted(condition, documents)
    by_number = np.zeros(int(numbers.max(initial=-1)) + 1, np.bool_)
    by_number[numbers[firsts]] = matching
    rows: Rows = by_number[numbers]
    rows.flags.writeable = False
    return rows


def value_of(document: Document, field: str) -> MetadataValue | None:
    """Return what a document has in a field, None if it has nothing there."""
    own = OWN_FIELDS.get(field)
    if own is not None:
        return own(document) or None
    return document.metadata.get(field.removeprefix(METADATA_PREFIX))


def _accepted(condition: Condition, documents: list[Document]) -> Rows:
    field = condition.field
    values = [value_of(document, field) for document in documents]
    if all(value is None for value in values) and (documents or field not in OWN_FIELDS):
        raise FilterError(
            f"No document has a field {shortened(field)} to filter by; there are "
            f"{_listed(documents)}."
        )
    accepts = condition.accepts
    return np.array([value is not None and accepts(value) for value in values], np.bool_)


def _listed(documents: list[Document]) -> str:
    """Return the fields to filter by, what documents say of themselves first, cut to a length."""
    said = {name for document in documents for name in document.metadata}
    names = [f"{METADATA_PREFIX}{name}" if name in OWN_FIELDS else name for name in sorted(said)]
    names += [name for name in OWN_FIELDS if any(value_of(each, name) for each in documents)]
    listed: list[str] = []
    for name in names:
        if sum(map(len, listed)) + len(name) > _MOST_LISTED_CHARS:
            return f"{', '.join(listed)} and {len(names) - len(listed)} more"
        listed.append(name)
    return ", ".join(listed)
