"""Which documents a question is asked of: conditions on their fields, all of which must hold."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from operator import ge, gt, le, lt
from typing import Any, Literal, Self, get_args

from index.records import MetadataValue
from qa.errors import FilterError

MOST_CONDITIONS = 20
MOST_VALUES = 1000
_MOST_NAME_CHARS = 60

Kind = Literal["text", "number", "truth value"]
Value = tuple[Kind, str | float]
"""A value with its kind: 1 is 1.0, but not true."""

Operator = Literal["in", "gt", "gte", "lt", "lte", "prefix"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)

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

    def test(self) -> Callable[[MetadataValue], bool]:
        """Return what tells whether the condition holds for the value that a document has."""
        holds = self._test_of_one()
        return lambda value: any(map(holds, value)) if isinstance(value, tuple) else holds(value)

    def kind_compared(self) -> Kind | None:
        """Return what kind of value is compared with by order or prefix; None with `in`."""
        return None if self.operator == "in" else next(iter(self.values))[0]

    def _test_of_one(self) -> Callable[[Any], bool]:
        values = self.values
        if self.operator == "in":
            return lambda value: (_KINDS[type(value)], value) in values
        ((kind, bound),) = values
        compare = _COMPARISONS[self.operator]
        return lambda value: _KINDS[type(value)] == kind and compare(value, bound)


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
        found = list(conditions)
        if len(found) > MOST_CONDITIONS:
            raise FilterError(
                f"The filters have {len(found)} conditions; {MOST_CONDITIONS} are the most."
            )
        kinds: dict[str, Kind] = {}
        for each in found:
            if each.operator not in {"in", "prefix"}:
                ((kind, _),) = each.values
                if kinds.setdefault(each.field, kind) != kind:
                    raise FilterError(
                        f"{_on(each.field)} compares with a text and with a number: "
                        "make both the same."
                    )
        return cls(frozenset(found))


def kinds_of(value: MetadataValue) -> set[Kind]:
    """Return the kinds of a value, or of the words of a list."""
    return {_KINDS[type(each)] for each in (value if isinstance(value, tuple) else [value])}


def shortened(field: str) -> str:
    """Return the name of a field as a message shows it."""
    cut = field if len(field) <= _MOST_NAME_CHARS else f"{field[:_MOST_NAME_CHARS]}…"
    return repr(cut)


def _conditions_on(field: str, wanted: Any) -> Iterator[Condition]:
    if not isinstance(wanted, Mapping):
        yield Condition(field, "in", frozenset({_value(field, wanted)}))
        return
    if not wanted:
        raise FilterError(f"{_on(field)} is empty: name a value, or an operator with a value.")
    for operator, operand in wanted.items():
        if operator not in OPERATORS:
            raise FilterError(
                f"{_on(field)}: there is no operator {shortened(str(operator))}; there are "
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
    return f"The filter on {shortened(field)}"


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
            read: dict[str, Any] = json.loads(option)
        except (ValueError, RecursionError) as error:
            raise FilterError(
                f"The filter {_cut(option)} is not valid JSON. {_QUOTE_IT}"
            ) from error
        return read
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
    read_value = _value_filter_option(value)
    return {field: read_value if operator == "=" else {_OPERATORS[operator]: read_value}}


def _value_filter_option(written: str) -> Any:
    """Return a number, a truth value or a quoted text as JSON reads it, and all else as it is."""
    if not _JSON_VALUE.fullmatch(written):
        return written
    try:
        return json.loads(written)
    except ValueError:
        return written


def _cut(option: str) -> str:
    return repr(option if len(option) <= 80 else f"{option[:80]}…")
