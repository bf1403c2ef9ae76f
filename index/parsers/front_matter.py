"""What a Markdown file's front matter says of it."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from index.parsers.metadata import MAX_KEYS, metadata_of
from index.records import MetadataValue
from index.structure.markdown import front_matter_lines
from index.structure.outline import line_spans

MAX_CHARS = 64 * 1024
_INVALID = "front matter is not valid YAML"


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The title and metadata that front matter gives, and what a person should know of it."""

    title: str = ""
    metadata: dict[str, MetadataValue] = field(default_factory=dict[str, MetadataValue])
    remarks: tuple[str, ...] = ()


def read_front_matter(text: str) -> FrontMatter:
    """Return what the front matter of `text` says, if it has any."""
    if not text.startswith("---"):
        return FrontMatter()
    lines = line_spans(text)
    count = front_matter_lines(text, lines)
    if not count:
        return FrontMatter()
    inside = text[lines[1].start : lines[count - 1].start]
    if len(inside) > MAX_CHARS:
        return FrontMatter(remarks=(f"front matter is longer than {MAX_CHARS // 1024} KiB",))
    try:
        fields = yaml.load(inside, _Loader)  # noqa: S506 - a safe loader, and stricter
    except Exception:  # noqa: BLE001 - a value that its tag does not fit raises anything
        return FrontMatter(remarks=(_INVALID,))
    if not isinstance(fields, dict):
        return FrontMatter(remarks=(_INVALID,))
    metadata = metadata_of(fields.items())
    title = metadata.get("title", "")
    dropped = len(fields) > MAX_KEYS and len(metadata) == MAX_KEYS
    return FrontMatter(
        "" if isinstance(title, tuple) else " ".join(str(title).split()),
        metadata,
        (f"front matter: only {MAX_KEYS} of its {len(fields)} keys are kept",) if dropped else (),
    )


class _Loader(yaml.SafeLoader):
    """YAML's plain values as of version 1.2 (`no` and `12:30` are words), with dates.

    An alias is refused: few of them can stand for more than memory holds.
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
