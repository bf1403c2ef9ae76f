"""The text of a row: a question with its answer, a title with its text, or all of its fields."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from index.parsers.blocks import has_text
from index.parsers.metadata import without_surrogates
from index.records import Heading

MAX_TITLE_CHARS = 300

_QUESTIONS = ("question", "q", "prompt", "query")
_ANSWERS = ("answer", "a", "response", "answers", "completion")
_TITLES = ("title", "name", "headline")
_TEXTS = ("text", "body", "content", "abstract", "description")
_TEXTS_ALONE = ("text", "body", "content")
"""Names of the row's text even without a title beside it."""
_IDS = ("_id", "id", "uuid", "key", "doc_id")
_LEFT_OUT = frozenset(_IDS) - {"key"}
"""Ids, of which a text gains nothing. A `key` may be one on a keyboard."""
NAMES = frozenset((*_QUESTIONS, *_ANSWERS, *_TITLES, *_TEXTS, *_IDS))
_MIN_VECTOR = 16


class RowText(NamedTuple):
    """A row's text. `used` are the fields that make its title and body."""

    title: str
    text: str
    headings: tuple[Heading, ...] = ()
    used: frozenset[str] = frozenset()


def says_something(fields: Mapping[str, Any]) -> bool:
    """Tell whether the row has a text."""
    return any(has_text(_plain(value)) for value in fields.values())


def text_of(fields: Mapping[str, Any]) -> RowText:
    """Return the text of a row that has one."""
    filled = [name for name, value in fields.items() if _plain(value)]
    named = {folded(name): name for name in reversed(filled)}
    question, answer = _first(named, _QUESTIONS), _first(named, _ANSWERS)
    if question and answer:
        return _headed(fields, question, answer)
    title = _first(named, _TITLES)
    is_titled = title or any(folded(name) in _TITLES for name in fields)
    body = _first(named, _TEXTS if is_titled else _TEXTS_ALONE)
    if body:
        return _headed(fields, title, body)
    return RowText("", "\n".join(_lines(fields)) or "\n".join(map(_plain, fields.values())).strip())


@lru_cache(maxsize=1024)
def folded(name: str) -> str:
    """Return a field's name as it is compared."""
    return name.strip().lower()


def key_of(fields: Mapping[str, Any]) -> str:
    """Return the id that the row gives itself, "" without one."""
    named = {folded(name): value for name, value in fields.items()}
    names = (name for name in _IDS if isinstance(named.get(name), str | int))
    return next((key for name in names if (key := _plain(named[name]))), "")


def _headed(fields: Mapping[str, Any], title_name: str, text_name: str) -> RowText:
    """Return title and body, and below them the other fields, each on a line."""
    title = _line(_plain(fields[title_name])) if title_name else ""
    used = frozenset(name for name in (title_name, text_name) if name)
    others = {
        name: value
        for name, value in fields.items()
        if name not in used and folded(name) not in _LEFT_OUT
    }
    lines = "\n".join(_lines(others))
    body = _plain(fields[text_name])
    parts = [title, f"{body}\n\n{lines}" if lines else body]
    text = "\n".join(part for part in parts if part)
    if not title or len(title) > MAX_TITLE_CHARS:
        return RowText("", text, used=used)
    return RowText(title, text, (Heading(0, len(title), 1),), used)


def _lines(fields: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield `name: value` for each field that is not empty, names of nested ones with dots."""
    for name, value in fields.items():
        path = f"{above}.{_line(name)}" if above else _line(name)
        yield from _lines_of(path, value)


def _lines_of(path: str, value: Any) -> Iterator[str]:
    match value:
        case dict() if not ("text" in value and value.keys() <= {"text", "answer_start"}):
            yield from _lines(value, path)
        case list() if any(isinstance(item, dict | list) for item in value):
            for item in value:
                yield from _lines_of(path, item)
        case _ if not _is_vector(value) and (plain := _plain(value, ", ")):
            yield f"{path}: {plain}" if path else plain


def _is_vector(value: Any) -> bool:
    """Tell whether a value is an embedding."""
    return (
        isinstance(value, list)
        and len(value) >= _MIN_VECTOR
        and all(isinstance(item, int | float) for item in value)
        and any(isinstance(item, float) for item in value)
    )


def _first(named: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((named[name] for name in names if name in named), "")


def _line(text: str) -> str:
    return " ".join(text.split())


def _plain(value: Any, between: str = "\n") -> str:
    """Return a value as text, the items of a list with `between`, a nested one as JSON."""
    if isinstance(value, str):
        return without_surrogates(value.strip())
    match value:
        case None:
            text = ""
        case bool():
            text = "true" if value else "false"
        case int() | float():
            text = str(value)
        case {"text": str() | list() as inner}:  # the answers of SQuAD
            text = _plain(inner, between)
        case list() if all(isinstance(item, str | int | float | None) for item in value):
            text = between.join(dict.fromkeys(plain for item in value if (plain := _plain(item))))
        case _:
            text = json.dumps(value, ensure_ascii=False) if value else ""
    return without_surrogates(text.strip())
