"""The numbers and bullets of lists in a Word document, counted as Word counts them."""

from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVELS = 9
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        "m cm d cd c xc l xl x ix v iv i".split(),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class ListLevel:
    """How one level of a list is numbered; `text` is like "%1.%2.", `style` like "decimal"."""

    style: str = "decimal"
    text: str = "%1."
    start: int = 1


@dataclass(slots=True)
class Numbering:
    """The lists that a document defines, and how far each has been counted."""

    levels: dict[str, dict[int, ListLevel]] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, list[int | None]] = field(default_factory=dict)

    def label(self, number_id: str, level: int) -> str:
        """Count one more item and return what stands before it, such as "2.1"; "" for nothing."""
        levels = self.levels.get(number_id)
        if levels is None or not 0 <= level < _LEVELS:
            return ""
        counts = self._counts.setdefault(self.shared[number_id], [None] * _LEVELS)
        before = counts[level]
        counts[level] = levels.get(level, ListLevel()).start if before is None else before + 1
        counts[level + 1 :] = [None] * (_LEVELS - level - 1)
        own = levels.get(level, ListLevel())
        if own.style == "bullet":
            return "-"
        if own.style == "none":
            return ""
        text = own.text
        for above in range(level + 1):
            spec = levels.get(above, ListLevel())
            count = counts[above]
            text = text.replace(
                f"%{above + 1}", number(spec.start if count is None else count, spec.style)
            )
        return " ".join(text.split())


def read_numbering(root: Any) -> Numbering:
    """Return the lists that `root`, the numbering part's `w:numbering`, defines."""
    abstract = {
        each.get(f"{W}abstractNumId"): {
            _integer(level.get(f"{W}ilvl"), 0): _level(level) for level in each.findall(f"{W}lvl")
        }
        for each in root.findall(f"{W}abstractNum")
    }
    numbering = Numbering()
    for num in root.findall(f"{W}num"):
        number_id, base = num.get(f"{W}numId"), _value(num, "abstractNumId")
        levels = dict(abstract.get(base, {}))
        overrides = num.findall(f"{W}lvlOverride")
        for override in overrides:
            level = _integer(override.get(f"{W}ilvl"), 0)
            if (redefined := override.find(f"{W}lvl")) is not None:
                levels[level] = _level(redefined)
            if start := _value(override, "startOverride"):
                was = levels.get(level, ListLevel())
                levels[level] = ListLevel(was.style, was.text, _integer(start, 1))
        numbering.levels[number_id] = levels
        numbering.shared[number_id] = f"num {number_id}" if overrides else f"abstract {base}"
    return numbering


def number(count: int, style: str) -> str:
    """Write `count` as Word's `style` has it: "decimal", "lowerLetter", "upperRoman" …"""
    if style.endswith("Letter") and count > 0:
        letter = chr(ord("a") + (count - 1) % 26) * min(20, (count - 1) // 26 + 1)
        return letter.upper() if style.startswith("upper") else letter
    if style.endswith("Roman") and 0 < count < 4000:
        roman = ""
        for value, sign in _ROMAN:
            roman += sign * (count // value)
            count %= value
        return roman.upper() if style.startswith("upper") else roman
    return f"{count:02}" if style == "decimalZero" else str(count)


def _level(element: Any) -> ListLevel:
    return ListLevel(
        _value(element, "numFmt") or "decimal",
        _value(element, "lvlText"),
        _integer(_value(element, "start"), 1),
    )


def _value(element: Any, name: str) -> str:
    child = element.find(f"{W}{name}")
    return "" if child is None else child.get(f"{W}val") or ""


def _integer(text: str | None, default: int) -> int:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else default
