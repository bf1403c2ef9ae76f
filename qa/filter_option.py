"""Filters as they are written on the command line: `author=Jane`, `year>=2020`, or as JSON."""

import json
import re
from collections.abc import Iterable
from typing import Any

from qa.errors import FilterError
from qa.filters import Filter

_OPERATORS = {"=": "in", "^=": "prefix", ">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}
_THERE_ARE = "for = there can also be ^= (starts with), >=, <=, >, <"
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
            raise FilterError(f"The filter {_cut(option)} is not valid JSON.") from error
        return read
    written = _WRITTEN.fullmatch(option)
    if written is None:
        raise FilterError(f"The filter {_cut(option)} is not written as FIELD=VALUE; {_THERE_ARE}.")
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
    read_value = _value(value)
    return {field: read_value if operator == "=" else {_OPERATORS[operator]: read_value}}


def _value(written: str) -> Any:
    """Return a number, a truth value or a quoted text as JSON reads it, and all else as it is."""
    if not _JSON_VALUE.fullmatch(written):
        return written
    try:
        return json.loads(written)
    except ValueError:
        return written


def _cut(option: str) -> str:
    return repr(option if len(option) <= 80 else f"{option[:80]}…")
