"""The paragraph styles of a Word document, and its lists."""

import re
from dataclasses import dataclass
from typing import Any

from index.parsers.office.numbering import LEVELS, ListLevel, Numbering, integer

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_HEADING = re.compile(r"(?i)heading\s*([1-9])")
_CONTENTS = re.compile(r"(?i)toc\s*(?:\d|heading)|table of (?:figures|authorities)")


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """What a style makes of a paragraph. `heading` is its level, 0 for none."""

    heading: int = 0
    is_title: bool = False
    is_contents: bool = False
    list_id: str = ""
    list_level: int = 0


def read_styles(root: Any) -> dict[str, ParagraphStyle]:
    """Return the paragraph styles that `root`, a `w:styles`, defines, by id, the default as ""."""
    elements = {
        style.get(f"{W}styleId"): style
        for style in root.findall(f"{W}style")
        if style.get(f"{W}type") == "paragraph" and style.get(f"{W}styleId")
    }
    styles = {style_id: _style(style_id, elements) for style_id in elements}
    defaults = [i for i, style in elements.items() if style.get(f"{W}default") in ("1", "true")]
    styles[""] = styles[defaults[0]] if defaults else ParagraphStyle()
    return styles


def list_of(properties: Any) -> tuple[str, int] | None:
    """Return the list and level that a `w:pPr` gives, None if it gives none."""
    item = None if properties is None else properties.find(f"{W}numPr")
    if item is None:
        return None
    level = integer(value_of(item, "ilvl"), 0)
    return value_of(item, "numId"), level if level < LEVELS else 0


def outline_level(properties: Any) -> int | None:
    """Return the heading level that a `w:pPr` gives, 0 for body text, None if it gives none."""
    written = value_of(properties, "outlineLvl")
    if not written:
        return None
    level = integer(written, LEVELS)
    return level + 1 if level < LEVELS else 0


def read_numbering(root: Any) -> Numbering:
    """Return the lists that `root`, the numbering part's `w:numbering`, defines."""
    abstract = {
        definition.get(f"{W}abstractNumId"): {
            integer(level.get(f"{W}ilvl"), 0): _list_level(level)
            for level in definition.findall(f"{W}lvl")
        }
        for definition in root.findall(f"{W}abstractNum")
    }
    numbering = Numbering()
    for num in root.findall(f"{W}num"):
        list_id, base = num.get(f"{W}numId"), value_of(num, "abstractNumId")
        levels = dict(abstract.get(base, {}))
        overrides = num.findall(f"{W}lvlOverride")
        for override in overrides:
            level = integer(override.get(f"{W}ilvl"), 0)
            if (redefined := override.find(f"{W}lvl")) is not None:
                levels[level] = _list_level(redefined)
            if start := value_of(override, "startOverride"):
                was = levels.get(level, ListLevel())
                levels[level] = ListLevel(was.style, was.text, integer(start, 1))
        numbering.levels[list_id] = levels
        numbering.shared[list_id] = f"num {list_id}" if overrides else f"abstract {base}"
    return numbering


def _style(style_id: str, elements: dict[str, Any]) -> ParagraphStyle:
    """Return a style with what it inherits from those that it is based on."""
    heading: int | None = None
    item: tuple[str, int] | None = None
    is_title = is_contents = False
    seen: set[str] = set()
    current = style_id
    while current in elements and current not in seen:
        seen.add(current)
        element = elements[current]
        name = value_of(element, "name")
        properties = element.find(f"{W}pPr")
        named = _HEADING.fullmatch(name) or _HEADING.fullmatch(current)
        if heading is None:
            heading = int(named[1]) if named else outline_level(properties)
        if item is None:
            item = list_of(properties)
        is_title = is_title or name.lower() == "title" or current == "Title"
        is_contents = is_contents or bool(_CONTENTS.match(name))
        current = value_of(element, "basedOn")
    list_id, list_level = item if item and item[0] not in ("", "0") else ("", 0)
    return ParagraphStyle(heading or 0, is_title, is_contents, list_id, list_level)


def _list_level(element: Any) -> ListLevel:
    return ListLevel(
        value_of(element, "numFmt") or "decimal",
        value_of(element, "lvlText"),
        integer(value_of(element, "start"), 1),
    )


def value_of(element: Any, name: str) -> str:
    """Return the value of an element's child, "" without one."""
    child = None if element is None else element.find(f"{W}{name}")
    return "" if child is None else child.get(f"{W}val") or ""
