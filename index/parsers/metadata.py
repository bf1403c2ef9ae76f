"""Metadata of files, brought to the few types that documents have, and front matter."""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

import yaml

from index.records import MetadataValue
from index.structure.markdown import front_matter_lines
from index.structure.outline import line_spans

MAX_KEYS = 50
MAX_CHARS = 1000
"""Of a value, all the words of a list together."""
MAX_KEY_CHARS = 100
MAX_FRONT_MATTER_CHARS = 64 * 1024
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The title and metadata that front matter gives, and remarks on it."""

    title: str = ""
    metadata: dict[str, MetadataValue] = field(default_factory=dict[str, MetadataValue])
    remarks: tuple[str, ...] = ()


def metadata_of(fields: Iterable[tuple[Any, Any]]) -> dict[str, MetadataValue]:
    """Return the first 50 fields with a value that metadata can hold, with names in small letters.

    Empty and nested values are left out, and long texts cut off.
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
    """Return `metadata` with the reader's own, named "pincite_…" where a name is taken already."""
    in_use = {*metadata, *taken}
    named = {f"pincite_{name}" if name in in_use else name: own[name] for name in own}
    return {**metadata, **named}


def without_surrogates(text: str) -> str:
    """Return `text` with U+FFFD for lone surrogates, which cannot be written."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def read_front_matter(text: str) -> FrontMatter:
    """Return the front matter of `text`, empty if it has none."""
    if not text.startswith("---"):
        return FrontMatter()
    lines = line_spans(text)
    count = front_matter_lines(text, lines)
    if not count:
        return FrontMatter()
    inside = text[lines[1].start : lines[count - 1].start]
    if len(inside) > MAX_FRONT_MATTER_CHARS:
        remark = f"front matter is longer than {MAX_FRONT_MATTER_CHARS // 1024} KiB"
        return FrontMatter(remarks=(remark,))
    try:
        fields = yaml.load(inside, _Loader)  # noqa: S506 - a safe loader, and stricter
    except Exception:  # noqa: BLE001 - a value that does not fit its tag raises anything
        fields = None
    if not isinstance(fields, dict):
        return FrontMatter(remarks=("front matter is not valid YAML",))
    metadata = metadata_of(fields.items())
    title = metadata.get("title", "")
    remarks: tuple[str, ...] = ()
    if len(fields) > MAX_KEYS and len(metadata) == MAX_KEYS:
        remarks = (f"front matter: only {MAX_KEYS} of its {len(fields)} keys are kept",)
    title = "" if isinstance(title, tuple) else " ".join(str(title).split())
    return FrontMatter(title, metadata, remarks)


@lru_cache(maxsize=1024)
def _name(key: str) -> str:
    return without_surrogates(key).strip().lower()


def _value(value: Any) -> MetadataValue | None:
    if isinstance(value, str):
        return without_surrogates(value[:MAX_CHARS].strip()) or None
    if isinstance(value, list | tuple):
        return _words(value)
    if (isinstance(value, int) and abs(value) <= _LARGEST_INTEGER) or (
        isinstance(value, float) and math.isfinite(value)
    ):
        return value
    word = _word(value)
    return without_surrogates(word[:MAX_CHARS]) if word else None


def _words(values: Iterable[Any]) -> tuple[str, ...] | None:
    """Return as many words of a list as there is room for, None if it is nested or empty."""
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


class _Loader(yaml.SafeLoader):
    """Loads plain values as of YAML 1.2, where `no` and `12:30` are words, and dates.

    It refuses aliases: a few of them can stand for more than memory holds.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_date(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:  # 2026-02-30
            return node.value


_PLAIN_VALUES = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?(?:0|[1-9][0-9]{0,17})",
    "float": r"[-+]?(?:0|[1-9][0-9]*)(?=[.eE])(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?",
    "timestamp": r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)? ?(?:Z|[-+][0-9]{2}(?::?[0-9]{2})?)?)?",
}
_Loader.yaml_implicit_resolvers = {}
for _kind, _pattern in _PLAIN_VALUES.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})\Z"), None
    )
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_date)
