"""What the paragraph styles of a Word document say: headings, lists, titles."""

import re
from dataclasses import dataclass
from typing import Any

from index.parsers.word_numbering import W

_HEADING = re.compile(r"(?i)heading\s*([1-9])")
_CONTENTS = re.compile(r"(?i)toc\s*(?:\d|heading)|table of (?:figures|authorities)")
_BODY_LEVEL = 9


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """What a style makes of a paragraph; `heading` is its level, 0 for none.

    `list_id` and `list_level` are those of the list whose items have the style, "" for none.
    """

    heading: int = 0
    is_title: bool = False
    is_contents: bool = False
    list_id: str = ""
    list_level: int = 0


def read_styles(root: Any) -> dict[str, ParagraphStyle]:
    """Return the paragraph styles that `root`, a `w:styles`, defines, by their ids.

    A document in any language has Word's own style names, in English, or else an outline level.
    The style that is used where none is named has the id "".
    """
    elements = {
        style.get(f"{W}styleId"): style
        for style in root.findall(f"{W}style")
        if style.get(f"{W}type") == "paragraph" and style.get(f"{W}styleId")
    }
    styles = {style_id: _style(style_id, elements) for style_id in elements}
    default = next(
        (i for i, each in elements.items() if each.get(f"{W}default") in ("1", "true")), None
    )
    styles[""] = styles.get(default or "", ParagraphStyle())
    return styles


def list_of(properties: Any) -> tuple[str, int] | None:
    """Return list and level that a `w:pPr` gives; None if it gives none."""
    found = None if properties is None else properties.find(f"{W}numPr")
    if found is None:
        return None
    return _value(found, "numId"), _level(_value(found, "ilvl"), 0)


def outline_level(properties: Any) -> int | None:
    """Return the heading level that a `w:pPr` gives, 0 for body text; None if it gives none."""
    written = "" if properties is None else _value(properties, "outlineLvl")
    if not written:
        return None
    level = _level(written, _BODY_LEVEL)
    return 0 if level >= _BODY_LEVEL else level + 1


def _style(style_id: str, elements: dict[str, Any]) -> ParagraphStyle:
    heading: int | None = None
    items: tuple[str, int] | None = None
    is_title = is_contents = False
    seen: set[str] = set()
    current = style_id
    while current in elements and current not in seen:
        seen.add(current)
        element = elements[current]
        name = _value(element, "name")
        properties = element.find(f"{W}pPr")
        named = _HEADING.fullmatch(name) or _HEADING.fullmatch(current)
        if heading is None:
            heading = int(named[1]) if named else outline_level(properties)
        if items is None:
            items = list_of(properties)
        is_title = is_title or name.lower() == "title" or current == "Title"
        is_contents = is_contents or bool(_CONTENTS.match(name))
        current = _value(element, "basedOn")
    list_id, list_level = items or ("", 0)
    if list_id in ("", "0"):
        list_id, list_level = "", 0
    return ParagraphStyle(heading or 0, is_title, is_contents, list_id, list_level)


def _value(element: Any, name: str) -> str:
    child = element.find(f"{W}{name}")
    return "" if child is None else child.get(f"{W}val") or ""


def _level(text: str, default: int) -> int:
    return int(text) if text in tuple("0123456789") else default
