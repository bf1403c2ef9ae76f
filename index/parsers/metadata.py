"""What a file says of a document under a name, brought to the few types that metadata has."""

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from index.records import MetadataValue

MAX_KEYS = 50
MAX_CHARS = 1000
"""Of a value, all the words of a list together."""
MAX_KEY_CHARS = 100
_LARGEST_INTEGER = 2**63 - 1


def metadata_of(fields: Iterable[tuple[Any, Any]]) -> dict[str, MetadataValue]:
    """Return the first 50 that have a value that metadata can hold; names in small letters.

    Left out is what is nested or nothing. A long text is cut off.
    """
    metadata: dict[str, MetadataValue] = {}
    for key, value in fields:
        name = _name(key if isinstance(key, str) else _word(key) or "")
        held = _value(value)
        if held is None or not 0 < len(name) <= MAX_KEY_CHARS:
            continue
        if len(metadata) == MAX_KEYS and name not in metadata:
            break
        metadata[name] = held
    return metadata


def with_own(
    metadata: Mapping[str, MetadataValue],
    own: Mapping[str, MetadataValue],
    taken: Collection[str] = (),
) -> dict[str, MetadataValue]:
    """Return `metadata` with what the reader itself says, which takes no name from the file.

    Where the file has the name, or it is among those `taken`, "pincite_" goes before it.
    """
    in_use = {*metadata, *taken}
    named = {f"pincite_{name}" if name in in_use else name: own[name] for name in own}
    return {**metadata, **named}


def without_surrogates(text: str) -> str:
    """Return `text` as one that can be written: a half of a surrogate pair becomes U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


@lru_cache(maxsize=1024)
def _name(key: str) -> str:
    return without_surrogates(key).strip().lower()


def _value(value: Any) -> MetadataValue | None:
    if isinstance(value, str):
        return without_surrogates(value[:MAX_CHARS].strip()) or None
    if isinstance(value, list | tuple):
        return _words(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= _LARGEST_INTEGER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    word = _word(value)
    return without_surrogates(word[:MAX_CHARS]) if word else None


def _words(values: Iterable[Any]) -> tuple[str, ...] | None:
    """Return a list as words, as many as there is room for; None if it is nested or empty."""
    words: list[str] = []
    room = MAX_CHARS
    for value in values:
        word = _word(value)
        if word is None and value is not None:
            return None
        if word and len(word) <= room:
            words.append(without_surrogates(word))
            room -= len(word)
    return tuple(words) or None


def _word(value: Any) -> str | None:
    """Return a single value as a word, None if there is none."""
    match value:
        case str():
            return value.strip()
        case bool():
            return "true" if value else "false"
        case int() if abs(value) > _LARGEST_INTEGER:
            return f"{value:d}" if abs(value) < 10**MAX_CHARS else None
        case int() | float():
            return str(value)
        case date():
            return value.isoformat()
    return None
