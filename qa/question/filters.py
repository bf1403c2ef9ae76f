"""Which documents a question is asked of: conditions on their fields, all of which must hold.

A `Filter` is read from JSON (`Filter.parse`) or from options of the command line (`read_filters`).
`rows_by_filter` tells which passages of a snapshot it lets through.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from math import isfinite
from operator import ge, gt, le, lt
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from index.records import Document, MetadataValue
from index.store.snapshot import Snapshot
from index.store.stored_documents import StoredDocuments
from qa.errors import FilterError
from qa.retrieve.candidates import RowMask

MOST_CONDITIONS = 20
MOST_VALUES = 1000

Kind = Literal["text", "number", "truth value"]
Value = tuple[Kind, str | float]
"""A value with its kind: 1 is 1.0, but not true."""

Operator = Literal["in", "gt", "gte", "lt", "lte", "prefix"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)

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

_COMPARISONS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
    "prefix": str.startswith,
}
_KINDS: Mapping[type, Kind] = {
    str: "text",
    bool: "truth value",
    int: "number",
    float: "number",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What the value of a field has to be.

    With `in`, one of `values`; with any other operator there is just one value. A list holds a
    condition if one of its words does.
    """

    field: str
    operator: Operator
    values: frozenset[Value]

    def holds(self, value: MetadataValue) -> bool:
        """Tell whether the condition holds for the value that a document has."""
        if isinstance(value, tuple):
            return any(map(self.holds, value))
        kind = _KINDS[type(value)]
        if self.operator == "in":
            return (kind, value) in self.values
        ((own_kind, bound),) = self.values
        return kind == own_kind and _COMPARISONS[self.operator](value, bound)

    @property
    def kind_compared(self) -> Kind | None:
        """What kind of value is compared with by order or prefix; None with `in`."""
        return None if self.operator == "in" else next(iter(self.values))[0]


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions, all of which must hold; their order means nothing."""

    conditions: frozenset[Condition]

    @classmethod
    def parse(cls, filters: Mapping[str, Any]) -> Self:
        """Read the JSON form: a value, or an object of operators, for each field.

        Raises FilterError for what is no such thing, or is too long.
        """
        if not isinstance(filters, Mapping):
            raise FilterError('The filters are no object such as {"author": "Jane"}.')
        return cls._checked(
            condition
            for field, wanted in filters.items()
            for condition in _conditions_on(str(field), wanted)
        )

    @classmethod
    def all_of(cls, filters: "Iterable[Filter]") -> Self:
        """Return the filter that holds where each of `filters` does. Raises FilterError."""
        return cls._checked(condition for each in filters for condition in each.conditions)

    @classmethod
    def _checked(cls, conditions: Iterable[Condition]) -> Self:
        listed = list(conditions)
        if len(listed) > MOST_CONDITIONS:
            raise FilterError(
                f"The filters have {len(listed)} conditions; {MOST_CONDITIONS} are the most."
            )
        kinds: dict[str, Kind | None] = {}
        for condition in listed:
            kind = condition.kind_compared
            by_order = condition.operator not in {"in", "prefix"}
            if by_order and kinds.setdefault(condition.field, kind) != kind:
                raise FilterError(
                    f"{_on(condition.field)} compares with a text and with a number: "
                    "make both the same."
                )
        return cls(frozenset(listed))


def _conditions_on(field: str, wanted: Any) -> Iterator[Condition]:
    if not isinstance(wanted, Mapping):
        yield Condition(field, "in", frozenset({_value(field, wanted)}))
        return
    if not wanted:
        raise FilterError(f"{_on(field)} is empty: name a value, or an operator with a value.")
    for operator, operand in wanted.items():
        if operator not in OPERATORS:
            raise FilterError(
                f"{_on(field)}: there is no operator {_shortened(str(operator))}; there are "
                f"{', '.join(OPERATORS)}."
            )
        yield Condition(field, operator, frozenset(_operands(field, operator, operand)))


def _operands(field: str, operator: Operator, operand: Any) -> list[Value]:
    if operator == "in":
        if not isinstance(operand, list | tuple) or not operand:
            raise FilterError(f"{_on(field)}: `in` needs a list of at least one value.")
        if len(operand) > MOST_VALUES:
            raise FilterError(
                f"{_on(field)}: `in` has {len(operand)} values; {MOST_VALUES} are the most."
            )
        return [_value(field, each) for each in operand]
    kind, value = _value(field, operand)
    if operator == "prefix" and kind != "text":
        raise FilterError(f"{_on(field)}: `prefix` needs a text, not a {kind}.")
    if kind == "truth value":
        raise FilterError(f"{_on(field)}: `{operator}` needs a number or a text, not a {kind}.")
    return [(kind, value)]


def _value(field: str, value: Any) -> Value:
    kind = _KINDS.get(type(value))
    if kind is None:
        raise FilterError(
            f"{_on(field)}: a value is a text, a number, true or false"
            + ('; to allow several, write {"in": […]}.' if isinstance(value, list | tuple) else ".")
        )
    if isinstance(value, float) and not isfinite(value):
        raise FilterError(f"{_on(field)}: {value} is no number to compare with.")
    return kind, value


def _on(field: str) -> str:
    return f"The filter on {_shortened(field)}"


def _shortened(field: str) -> str:
    """Return the name of a field as a message shows it."""
    return repr(field if len(field) <= 60 else f"{field[:60]}…")


# As options of the command line.

_OPERATORS = {"=": "in", "^=": "prefix", ">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}
_THERE_ARE = "for = there can also be ^= (starts with), >=, <=, >, <"
_QUOTE_IT = "Quote it, or the shell takes <, > and ^ for itself: --filter 'year>=2020'."
_WRITTEN = re.compile(r"\s*([^=<>^]+?)\s*(\^=|>=|<=|=|>|<)\s*(.*?)\s*", re.DOTALL)
_JSON_VALUE = re.compile(r'-?[0-9].*|true|false|".*"', re.DOTALL)


def read_filters(options: Iterable[str]) -> Filter | None:
    """Return the filter that holds where each of `options` does; None if there are none.

    Raises FilterError for one that is no filter.
    """
    filters = [Filter.parse(_json_form(option)) for option in options]
    return Filter.all_of(filters) if filters else None


def _json_form(option: str) -> dict[str, Any]:
    """Return what the filter would be in JSON."""
    if option.lstrip().startswith("{"):
        try:
            filters: dict[str, Any] = json.loads(option)
        except (ValueError, RecursionError) as error:
            raise FilterError(
                f"The filter {_cut(option)} is not valid JSON. {_QUOTE_IT}"
            ) from error
        return filters
    written = _WRITTEN.fullmatch(option)
    if written is None:
        raise FilterError(
            f"The filter {_cut(option)} is not written as FIELD=VALUE; {_THERE_ARE}. {_QUOTE_IT}"
        )
    field, operator, value = written.groups()
    if field[-1] in "!~":
        raise FilterError(
            f"The filter {_cut(option)}: there is no operator {field[-1]}{operator}; {_THERE_ARE}."
        )
    if value[:1] in {"=", "<", ">", "~"}:
        raise FilterError(
            f"The filter {_cut(option)}: there is no operator {operator + value[0]}; {_THERE_ARE}. "
            "Write a value that begins so between quotation marks."
        )
    operand = _operand_of_option(value)
    return {field: operand if operator == "=" else {_OPERATORS[operator]: operand}}


def _operand_of_option(written: str) -> Any:
    """Return a number, a truth value or a quoted text as JSON reads it, and all else as it is."""
    if not _JSON_VALUE.fullmatch(written):
        return written
    try:
        return json.loads(written)
    except ValueError:
        return written


def _cut(option: str) -> str:
    return repr(option if len(option) <= 80 else f"{option[:80]}…")


# Applied to the documents of a snapshot.

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
        accepted = [value is not None and condition.holds(value) for value in field.values]
        matching &= np.array(accepted, np.bool_)[field.codes]
    rows: RowMask = matching[snapshot.columns.document_numbers]
    rows.flags.writeable = False
    return rows


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


def _refuse_unknown(name: str, field: _Column, listed: Callable[[], str]) -> None:
    if all(value is None for value in field.values):
        raise FilterError(
            f"No document has a field {_shortened(name)} to filter by; there are {listed()}."
        )


def _refuse_other_kind(condition: Condition, field: _Column) -> None:
    """No document can hold a comparison with a value of a kind that none has there."""
    kind = condition.kind_compared
    there = set[Kind]().union(*(_kinds_of(each) for each in field.values if each is not None))
    if kind is None or kind in there or not there:
        return
    raise FilterError(
        f"{_on(condition.field)} compares with a {kind}, and what documents have there is "
        f"a {' or a '.join(sorted(there))}; "
        f"{'; '.join(_AS_WRITTEN[each] for each in sorted(there))}."
    )


def _kinds_of(value: MetadataValue) -> set[Kind]:
    """Return the kinds of a value, or of the words of a list."""
    return {_KINDS[type(each)] for each in (value if isinstance(value, tuple) else [value])}


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
