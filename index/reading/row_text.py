"""What a row says as a text: a question with its answer, a title with its text, or its fields."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from index.reading.metadata import without_surrogates
from index.records import Heading

MAX_TITLE_CHARS = 300

_QUESTIONS = ("question", "q", "prompt", "query")
_ANSWERS = ("answer", "a", "response", "answers", "completion")
_TITLES = ("title", "name", "headline")
_TEXTS = ("text", "body", "content", "abstract", "description")
_TEXTS_ALONE = ("text", "body", "content")
"""What needs no title beside it to be taken for the row's text."""
_IDS = ("_id", "id", "uuid", "key", "doc_id")


class RowText(NamedTuple):
    """A row's text; `used` are the names of the fields that it is made of, in small letters."""

    title: str
    text: str
    headings: tuple[Heading, ...] = ()
    used: frozenset[str] = frozenset()


def says_something(fields: Mapping[str, Any]) -> bool:
    """Tell whether the row has a text."""
    return any(_plain(value) for value in fields.values())


def text_of(fields: Mapping[str, Any]) -> RowText:
    """Return what the row says, which is something."""
    plain = {name: told for name, value in fields.items() if (told := _plain(value))}
    named = {folded(name): told for name, told in plain.items()}
    question, answer = _first(named, _QUESTIONS), _first(named, _ANSWERS)
    if question and answer:
        return _headed(named, question, answer)
    title = _first(named, _TITLES)
    is_titled = title or any(folded(name) in _TITLES for name in fields)
    body = _first(named, _TEXTS if is_titled else _TEXTS_ALONE)
    if body:
        return _headed(named, title, body)
    return RowText("", "\n".join(f"{_line(name)}: {_plain(fields[name], ', ')}" for name in plain))


@lru_cache(maxsize=1024)
def folded(name: str) -> str:
    """Return a field's name as it is recognised: in small letters."""
    return name.strip().lower()


def key_of(fields: Mapping[str, Any]) -> str:
    """Return what the row itself says that it is called, "" if it does not."""
    named = {folded(name): value for name, value in fields.items()}
    names = (name for name in _IDS if isinstance(named.get(name), str | int))
    return next((key for name in names if (key := _plain(named[name]))), "")


def _headed(named: Mapping[str, str], title_name: str, text_name: str) -> RowText:
    title = _line(named[title_name]) if title_name else ""
    used = frozenset(name for name in (title_name, text_name) if name)
    if not title:
        return RowText("", named[text_name], used=used)
    text = f"{title}\n{named[text_name]}"
    if len(title) > MAX_TITLE_CHARS:
        return RowText("", text, used=used)
    return RowText(title, text, (Heading(0, len(title), 1),), used)


def _first(named: Mapping[str, str], names: tuple[str, ...]) -> str:
    """Return the first of `names` that has a value, "" if none has."""
    return next((name for name in names if name in named), "")


def _line(text: str) -> str:
    return " ".join(text.split())


def _plain(value: Any, between: str = "\n") -> str:
    """Return a value as text: the items of a list with that `between`, what is nested as JSON."""
    match value:
        case None:
            text = ""
        case str():
            text = value
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
