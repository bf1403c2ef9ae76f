"""The passages of the documents that a filter lets through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from index.records import Document, MetadataValue
from index.store.snapshot import Snapshot
from index.store.stored_documents import StoredDocuments
from qa.errors import FilterError
from qa.question.filters import Condition, Filter, Kind, kinds_of, shortened
from qa.retrieve.candidates import RowMask

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
_AS_WRITTEN: Mapping[Kind, str] = {
    "text": 'between quotation marks it is a text (>="2026")',
    "number": "without quotation marks it is a number (>=2026)",
    "truth value": "true and false have no order (=true)",
}
_MOST_LISTED_CHARS = 300
_FILTERS_REMEMBERED = 16
_FIELDS_REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class _Column:
    """What documents have in a field: of document i `values[codes[i]]`, None if nothing."""

    values: tuple[MetadataValue | None, ...]
    codes: NDArray[np.int32]


def rows_by_filter(snapshot: Snapshot) -> Callable[[Filter], RowMask]:
    """Return a function from a filter to the passages of the documents that it lets through.

    It reads nothing before it is first called, remembers the last filters and fields, and is safe
    to share between threads. It raises FilterError for a field that no document has.
    """
    column = lru_cache(_FIELDS_REMEMBERED)(partial(_column, snapshot.chunked))
    listed = cache(partial(_listed, snapshot.chunked))
    return lru_cache(_FILTERS_REMEMBERED)(partial(_rows, snapshot, column, listed))


def _column(documents: StoredDocuments, field: str) -> _Column:
    codes: dict[tuple[type, MetadataValue | None], int] = {}  # with its type, for 1 == True
    values = map(_reader(field), documents.without_texts())
    numbered = (codes.setdefault((type(value), value), len(codes)) for value in values)
    column = np.fromiter(numbered, np.int32, len(documents))
    return _Column(tuple(value for _, value in codes), column)


def _reader(field: str) -> Callable[[Document], MetadataValue | None]:
    """Return what reads a field, None where a document has nothing there."""
    own = OWN_FIELDS.get(field)
    if own is not None:
        return lambda document: own(document) or None
    name = field.removeprefix(METADATA_PREFIX)
    return lambda document: document.metadata.get(name)


def _rows(
    snapshot: Snapshot,
    column: Callable[[str], _Column],
    listed: Callable[[], str],
    wanted: Filter,
) -> RowMask:
    matching = np.ones(len(snapshot.chunked), np.bool_)
    for condition in wanted.conditions:
        field = column(condition.field)
        if condition.field not in OWN_FIELDS or len(matching):
            _refuse_unknown(condition.field, field, listed)
        _refuse_other_kind(condition, field)
        holds = condition.test()
        accepted = [value is not None and holds(value) for value in field.values]
        matching &= np.array(accepted, np.bool_)[field.codes]
    rows: RowMask = matching[snapshot.columns.document_numbers]
    rows.flags.writeable = False
    return rows


def _refuse_unknown(name: str, field: _Column, listed: Callable[[], str]) -> None:
    if all(value is None for value in field.values):
        raise FilterError(
            f"No document has a field {shortened(name)} to filter by; there are {listed()}."
        )


def _refuse_other_kind(condition: Condition, field: _Column) -> None:
    """No document can hold a comparison with a value of a kind that none has there."""
    kind = condition.kind_compared()
    there = set[Kind]().union(*(kinds_of(each) for each in field.values if each is not None))
    if kind is None or kind in there or not there:
        return
    raise FilterError(
        f"The filter on {shortened(condition.field)} compares with a {kind}, and what documents "
        f"have there is a {' or a '.join(sorted(there))}; "
        f"{'; '.join(_AS_WRITTEN[each] for each in sorted(there))}."
    )


def _listed(documents: StoredDocuments) -> str:
    """Return the fields to filter by, what is said of documents first, cut to a length."""
    metadata, own = set[str](), set[str]()
    for document in documents.without_texts():
        metadata.update(document.metadata)
        own.update(name for name, read in OWN_FIELDS.items() if read(document))
    said = sorted(metadata)
    names = [f"{METADATA_PREFIX}{name}" if name in OWN_FIELDS else name for name in said]
    names += [name for name in OWN_FIELDS if name in own]
    listed: list[str] = []
    for name in names:
        if sum(map(len, listed)) + len(name) > _MOST_LISTED_CHARS:
            return f"{', '.join(listed)} and {len(names) - len(listed)} more"
        listed.append(name)
    return ", ".join(listed)
