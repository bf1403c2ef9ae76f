"""The numbers of lists and headings in office files."""

from dataclasses import dataclass, field

LEVELS = 9
"""Of headings and of lists."""
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        "m cm d cd c xc l xl x ix v iv i".split(),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class ListLevel:
    """How a level of a list is numbered: `text` is like "%1.%2.", `style` like "decimal"."""

    style: str = "decimal"
    text: str = "%1."
    start: int = 1


@dataclass(slots=True)
class Numbering:
    """The lists that a document defines. Lists with the same id in `shared` count together."""

    levels: dict[str, dict[int, ListLevel]] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, list[int | None]] = field(default_factory=dict)

    def label(self, list_id: str, level: int) -> str:
        """Count one more item and return its label, such as "2.1", or "" if it has none."""
        levels = self.levels.get(list_id)
        if levels is None or list_id == "0":
            return ""
        counts = self._counts.setdefault(self.shared[list_id], [None] * LEVELS)
        own, count = levels.get(level, ListLevel()), counts[level]
        counts[level:] = [own.start if count is None else count + 1]
        counts += [None] * (LEVELS - len(counts))
        if own.style in ("bullet", "none"):
            return "-" if own.style == "bullet" else ""
        text = own.text
        for outer in range(level + 1):
            above, count = levels.get(outer, ListLevel()), counts[outer]
            number = written(above.start if count is None else count, above.style)
            text = text.replace(f"%{outer + 1}", number)
        return " ".join(text.split())


def written(count: int, style: str) -> str:
    """Return a number as a style, one of Word's such as "lowerRoman", writes it."""
    number = f"{count:02}" if style == "decimalZero" else str(count)
    if style.endswith("Letter") and count > 0:
        number = chr(ord("a") + (count - 1) % 26) * min(20, (count - 1) // 26 + 1)
    elif style.endswith("Roman") and 0 < count < 4000:
        number = ""
        for value, sign in _ROMAN:
            number += sign * (count // value)
            count %= value
    return number.upper() if style.startswith("upper") else number


def integer(text: str | None, default: int) -> int:
    """Return a number of at most six digits, the default for anything else."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else default
