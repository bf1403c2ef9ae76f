"""A part of a Word document with what is undecided in it settled, before its blocks are read.

Symbols become text, one of several alternatives stays, and of the tracked changes those are
accepted that take cells and paragraph marks away.
"""

from collections.abc import Iterator
from typing import Any

from index.parsers.word_numbering import W
from index.parsers.word_symbols import UNREAD, is_symbol_font, sign_of

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_EMBEDDED = "text embedded as another file was left out"
_BETWEEN_BLOCKS = frozenset(
    f"{W}{name}" for name in "bookmarkStart bookmarkEnd proofErr permStart permEnd".split()
) | frozenset(
    f"{W}{kind}Range{end}" for kind in ("comment", "moveFrom", "moveTo") for end in ("Start", "End")
)
_GONE = (f"{W}rPr/{W}del", f"{W}rPr/{W}moveFrom")


def settle(root: Any) -> tuple[str, ...]:
    """Settle all below `root`, in place; return what a person should know of it."""
    _take_alternatives(root)
    unread = dict.fromkeys((*_write_symbol_runs(root), *_write_symbols(root)))
    for cell in list(root.iter(f"{W}tc")):
        if cell.find(f"{W}tcPr/{W}cellDel") is not None:
            cell.getparent().remove(cell)
    _join_paragraphs(root)
    remarks = tuple(f"symbols of the font {font} could not be read" for font in unread)
    return remarks + ((_EMBEDDED,) if root.find(f".//{W}altChunk") is not None else ())


def _take_alternatives(root: Any) -> None:
    """Put in the place of alternatives the first with text, else the first."""
    for choice in list(root.iter(f"{MC}AlternateContent")):
        above = choice.getparent()
        if above is None:
            continue
        offered = [*choice.findall(f"{MC}Choice"), *choice.findall(f"{MC}Fallback")]
        taken = next(filter(_has_text, offered), offered[0] if offered else ())
        place = above.index(choice)
        above[place : place + 1] = list(taken)


def _has_text(element: Any) -> bool:
    return next(element.iter(f"{W}t", f"{W}sym", f"{_M}t"), None) is not None


def _write_symbols(root: Any) -> Iterator[str]:
    """Make text of each `w:sym`; yield the fonts of those that are not known."""
    for symbol in list(root.iter(f"{W}sym")):
        font, written = symbol.get(f"{W}font") or "", symbol.get(f"{W}char") or ""
        sign = sign_of(font, _code(written))
        text = symbol.makeelement(f"{W}t")
        text.text = sign
        symbol.getparent().replace(symbol, text)
        if sign == UNREAD:
            yield font or "(none)"


def _write_symbol_runs(root: Any) -> Iterator[str]:
    """Rewrite the text of runs in a symbol font, which shows "m" as a mu; yield its name."""
    for fonts in root.iter(f"{W}rFonts"):
        font = fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or ""
        run = fonts.getparent().getparent()
        if not is_symbol_font(font) or run is None or run.tag != f"{W}r":
            continue
        for text in run.findall(f"{W}t"):
            before = text.text or ""
            text.text = "".join(sign_of(font, ord(character)) for character in before)
            if UNREAD in text.text and UNREAD not in before:
                yield font


def _code(written: str) -> int:
    try:
        return int(written, 16)
    except ValueError:
        return -1


def _join_paragraphs(root: Any) -> None:
    """Prepend to the next paragraph the content of one whose mark is gone, the last one first."""
    for paragraph in reversed(list(root.iter(f"{W}p"))):
        properties = paragraph.find(f"{W}pPr")
        if properties is None or all(properties.find(mark) is None for mark in _GONE):
            continue
        following = paragraph.getnext()
        while following is not None and following.tag in _BETWEEN_BLOCKS:
            following = following.getnext()
        if following is None or following.tag != f"{W}p":
            continue
        own = following.find(f"{W}pPr")
        place = 0 if own is None else following.index(own) + 1
        following[place:place] = [child for child in paragraph if child is not properties]
        paragraph.getparent().remove(paragraph)
