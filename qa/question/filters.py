"""Which documents a question is asked of: conditions on their fields, all of which must hold.

A `Filter` is read from JSON (`Filter.parse`) or from options of the command line (`read_filters`).
`rows_by_filter` tells which passages of a snapshot it lets through.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import accumulate
from math import isfinite
from operator import attrgetter, ge, gt, le, lt
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from index.records import Document, MetadataValue
from index.remarks import listed
from index.store.protocols import Snapshot
from index.store.records import Allowed
from qa.errors import FilterError

MOST_CONDITIONS = 20
MOST_VALUES = 1000

Kind = Literal["text", "number", "truth value"]
Value = tuple[Kind, str | float]
"""A value with its kind: 1 is 1.0, but not true."""

Operator = Literal["in", "gt", "gte", "lt", "lte", "prefix"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)

OWN_FIELDS: Mapping[str, Callable[[Document], str]] = {
    "id": attrgetter("id"),
    "source": attrgetter("source"),
    "path": attrgetter("source"),
    "title": attrgetter("display_title"),
    "media_type": attrgetter("media_type"),
    "modified": attrgetter("modified"),
}
"""What every document has, by the names to filter by; metadata of these names has a prefix."""
_METADATA_PREFIX = "metadata."

_COMPARISONS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
    "prefix": str.startswith,
}
_KINDS: Mapping[type, Kind] = {str: "text", bool: "truth value", int: "number", float: "number"}


@dataclass(frozen=True, slots=True)
class Condition:
    """What the value of a field, or one word of a list, must be; only `in` has several values."""

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
        """The kind of a value that is compared by order or prefix; None with `in`."""
        return None if self.operator == "in" else next(iter(self.values))[0]


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions, all of which must hold; their order means nothing."""

    conditions: frozenset[Condition]

    @classmethod
    def parse(cls, filters: Mapping[str, Any]) -> Self:
        """Read a value, or an object of operators, for each field. Raises FilterError."""
        if not isinstance(filters, Mapping):
            raise FilterError('The filters are no object such as {"author": "Jane"}.')
        return cls.of(
            condition
            for field, wanted in filters.items()
            for condition in _conditions_on(str(field), wanted)
        )

    @classmethod
    def of(cls, conditions: Iterable[Condition]) -> Self:
        """Return the filter of conditions. Raises FilterError where they are too many or clash."""
        listed = list(conditions)
        if len(listed) > MOST_CONDITIONS:
            raise FilterError(
                f"The filters have {len(listed)} conditions; {MOST_CONDITIONS} are the most."
            )
        kinds: dict[str, Kind | None] = {}
        for condition in listed:
            kind = condition.kind_compared
            is_order = condition.operator not in {"in", "prefix"}
            if is_order and kinds.setdefault(condition.field, kind) != kind:
                raise FilterError(
                    f"{_on(condition.field)} compares with a text and with a number: "
                    "make both the same."
                )
        return cls(frozenset(listed))

    def passes(self, document: Document) -> bool:
        """Tell whether a document meets all conditions."""
        values = ((each, _value_of(document, each.field)) for each in self.conditions)
        return all(value is not None and each.holds(value) for each, value in values)


def _conditions_on(field: str, wanted: Any) -> Iterator[Condition]:
    if not isinstance(wanted, Mapping):
        yield Condition(field, "in", frozenset({_value(field, wanted)}))
        return
    if not wanted:
        raise FilterError(f"{_on(field)} is empty: name a value, or an operator with a value.")
    for operator, operand in wanted.items():
        if operator not in OPERATORS:
            raise FilterError(
                f"{_on(field)}: there is no operator {_cut(str(operator))}; there are "
                f"{', '.join(OPERATORS)}."
            )
        yield Condition(field, operator, frozenset(_operands(field, operator, operand)))


def _operands(field: str, operator: Operator, operand: Any) -> Iterable[Value]:
    if operator == "in":
        if not isinstance(operand, list | tuple) or not operand:
            raise FilterError(f"{_on(field)}: `in` needs a list of at least one value.")
        if len(operand) > MOST_VALUES:
            raise FilterError(
                f"{_on(field)}: `in` has {len(operand)} values; {MOST_VALUES} are the most."
            )
        return (_value(field, value) for value in operand)
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
    return f"The filter on {_cut(field)}"


def _cut(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else f"{text[:most]}…")


# As options of the command line.

_OPERATOR_SIGNS = {"=": "in", "^=": "prefix", ">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}
_THERE_ARE = "for = there can also be ^= (starts with), >=, <=, >, <"
_QUOTE_IT = "Quote it, or the shell takes <, > and ^ for itself: --filter 'year>=2020'."
_WRITTEN = re.compile(r"\s*([^=<>^]+?)\s*(\^=|>=|<=|=|>|<)\s*(.*?)\s*", re.DOTALL)
_JSON_VALUE = re.compile(r'-?[0-9].*|true|false|".*"', re.DOTALL)


def read_filters(options: Iterable[str]) -> Filter | None:
    """Return the filter that holds where each option does, None for none. Raises FilterError."""
    filters = [Filter.parse(_json_form(option)) for option in options]
    conditions = [condition for each in filters for condition in each.conditions]
    return Filter.of(conditions) if conditions else None


def _json_form(option: str) -> dict[str, Any]:
    name = f"The filter {_cut(option, 80)}"
    if option.lstrip().startswith("{"):
        try:
            filters: dict[str, Any] = json.loads(option)
        except (ValueError, RecursionError) as error:
            raise FilterError(f"{name} is not valid JSON. {_QUOTE_IT}") from error
        return filters
    written = _WRITTEN.fullmatch(option)
    if written is None:
        raise FilterError(f"{name} is not written as FIELD=VALUE; {_THERE_ARE}. {_QUOTE_IT}")
    field, operator, value = written.groups()
    if field[-1] in "!~":
        raise FilterError(f"{name}: there is no operator {field[-1]}{operator}; {_THERE_ARE}.")
    if value[:1] in {"=", "<", ">", "~"}:
        raise FilterError(
            f"{name}: there is no operator {operator + value[0]}; {_THERE_ARE}. "
            "Write a value that begins so between quotation marks."
        )
    operand = _operand_of_option(value)
    return {field: operand if operator == "=" else {_OPERATOR_SIGNS[operator]: operand}}


def _operand_of_option(written: str) -> Any:
    """Return a number, a truth value or a quoted text as JSON reads it, all else as it is."""
    try:
        return json.loads(written) if _JSON_VALUE.fullmatch(written) else written
    except ValueError:
        return written


# Applied to the documents of a snapshot.

_AS_WRITTEN: Mapping[Kind, str] = {
    "text": 'between quotation marks it is a text (>="2026")',
    "number": "without quotation marks it is a number (>=2026)",
    "truth value": "true and false have no order (=true)",
}
_MOST_LISTED_CHARS = 300


@dataclass(frozen=True, slots=True)
class _Column:
    """What documents have in a field: of document i `values[codes[i]]`, None if nothing."""

    values: tuple[MetadataValue | None, ...]
    codes: NDArray[np.int32]


def rows_by_filter(snapshot: Snapshot) -> Callable[[Filter], Allowed]:
    """Return a function from a filter to the passages that it lets through.

    Threads may share it. It raises FilterError for a field that no document has.
    """
    fields = cache(partial(_listed_fields, snapshot))
    column = lru_cache(maxsize=8)(partial(_column, snapshot))
    documents = snapshot.info.documents

    @lru_cache(maxsize=16)
    def rows(wanted: Filter) -> Allowed:
        matching = np.ones(documents, np.bool_)
        for condition in wanted.conditions:
            name, values = condition.field, column(condition.field).values
            if all(value is None for value in values) and (documents or name not in OWN_FIELDS):
                raise FilterError(
                    f"No document has a field {_cut(name)} to filter by; there are {fields()}."
                )
            _refuse_other_kind(condition, values)
            accepted = [value is not None and condition.holds(value) for value in values]
            matching &= np.array(accepted, np.bool_)[column(name).codes]
        return snapshot.passages_of(matching)

    return rows


def _column(snapshot: Snapshot, field: str) -> _Column:
    codes: dict[tuple[type, MetadataValue | None], int] = {}  # with its type, for 1 == True
    numbers: list[int] = []
    for document in snapshot.descriptions():
        value = _value_of(document, field)
        numbers.append(codes.setdefault((type(value), value), len(codes)))
    return _Column(tuple(value for _, value in codes), np.array(numbers, np.int32))


def _value_of(document: Document, field: str) -> MetadataValue | None:
    if own := OWN_FIELDS.get(field):
        return own(document) or None
    return document.metadata.get(field.removeprefix(_METADATA_PREFIX))


def _refuse_other_kind(condition: Condition, values: Iterable[MetadataValue | None]) -> None:
    """Refuse a comparison with a kind of value that no document has in this field."""
    wanted = condition.kind_compared
    kinds = {
        _KINDS[type(each)]
        for value in values
        if value is not None
        for each in (value if isinstance(value, tuple) else [value])
    }
    if wanted and kinds and wanted not in kinds:
        raise FilterError(
            f"{_on(condition.field)} compares with a {wanted}, and what documents have there is "
            f"a {' or a '.join(sorted(kinds))}; "
            f"{'; '.join(_AS_WRITTEN[kind] for kind in sorted(kinds))}."
        )


def why_nothing_passes(snapshot: Snapshot, wanted: Filter) -> str:
    """Return which condition no document meets, and values that there are, the likeliest first.

    Return "" if it is all conditions together that no document meets.
    """
    for condition in sorted(wanted.conditions, key=attrgetter("field")):
        values = {value for value in _column(snapshot, condition.field).values if value is not None}
        if any(map(condition.holds, values)):
            continue
        words = {str(w) for v in values for w in (v if isinstance(v, tuple) else [v])}
        sought = sorted(str(value) for _, value in condition.values)
        near = sorted(words, key=lambda w: (not any(s.lower() in w.lower() for s in sought), w))
        reason = f"{_on(condition.field)} lets no document through; there are {_listed(near)}."
        if condition.operator == "in" and any(word.startswith(sought[0]) for word in words):
            reason += f" What begins so: --filter '{condition.field}^={sought[0]}'"
        return reason
    return ""


def _listed_fields(snapshot: Snapshot) -> str:
    """Return the fields to filter by, those of metadata first."""
    metadata, own = set[str](), set[str]()
    for document in snapshot.descriptions():
        metadata.update(document.metadata)
        own.update(name for name, read in OWN_FIELDS.items() if read(document))
    names = [f"{_METADATA_PREFIX}{n}" if n in OWN_FIELDS else n for n in sorted(metadata)]
    names += [name for name in OWN_FIELDS if name in own]
    return _listed(names)


def _listed(names: Sequence[str]) -> str:
    """Return names, cut to a length."""
    lengths = accumulate(map(len, names))
    return listed(names, sum(length <= _MOST_LISTED_CHARS for length in lengths))
