"""Which part of a web page is its content."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from index.parsers.blocks import TextBlock
from index.parsers.web.blocks import HEADINGS, BlockReader, WebBlock
from index.parsers.web.tree import Element

_NO_TEXT = frozenset(
    "nav svg canvas iframe object embed audio video map dialog rp annotation annotation-xml button "
    "select input textarea datalist".split()
)
_ROLES = frozenset(
    "navigation contentinfo search dialog alertdialog menu menubar toolbar tablist tooltip "
    "comment".split()
)
_ANCHOR_SIGN = re.compile(r"[\s¶#§🔗]*")
_LARGE_SHARE = 0.3
"""A footer of an article with more of the page's text is content."""
_LONG_ENOUGH = 20
"""Fewer characters are found in many places, and count only where they are expected."""
_NEAR = 200


@dataclass(frozen=True, slots=True)
class PageContent:
    """The blocks of a page's content, and whether less was taken for content than was left out.

    That is told by what stands outside of links, for menus are made of links.
    """

    blocks: tuple[TextBlock, ...]
    is_small_part: bool


def content_of(page: Element, main_text: str) -> PageContent:
    """Return the page's content; the page loses its boilerplate.

    `main_text` is what trafilatura takes for content. Words, order and structure are taken from the
    page itself, and so is all that stands between: from the page's `main` or `article`, if these
    hold most of the content, else from the innermost element that does.
    """
    remove_boilerplate(page)
    reader = BlockReader(page)
    weights = _weights(reader.blocks, main_text)
    region, is_marked = _region(page, reader, weights)
    span = reader.spans[region]
    inside = reader.blocks[span]
    chosen = [
        block
        for block, weight, following in zip(
            inside, weights[span], [*inside[1:], None], strict=False
        )
        if is_marked
        or weight >= _LONG_ENOUGH
        or not block.is_links
        or (block.block.level and following and not following.is_links)
    ]
    if chosen and not any(block.block.level == 1 for block in chosen):
        titles = [block for block in reader.blocks[: span.start] if block.block.level == 1]
        chosen[:0] = titles[-1:]
    found = sum(block.plain_chars for block in chosen)
    return PageContent(tuple(block.block for block in chosen), 2 * found < page.plain_chars)


def remove_boilerplate(page: Element) -> None:
    """Take out of the page, in place, what is not its content: menus, banners, fields of forms.

    What holds a `main` or an `article` is never taken out.
    """
    pending = [(page, False)]
    while pending:
        element, in_content = pending.pop()
        in_content = in_content or element.is_main
        element.children = [
            child
            for child in element.children
            if isinstance(child, str)
            or child.holds_main
            or not _is_boilerplate(child, element, page, in_content=in_content)
        ]
        pending += [(child, in_content) for child in element.children if isinstance(child, Element)]


def _is_boilerplate(element: Element, outer: Element, page: Element, *, in_content: bool) -> bool:
    tag = element.tag
    if tag in ("body", "main"):
        return False
    if tag == "a" and element.linked_chars < 4:
        texts = (part for part in element.walk() if isinstance(part, str))
        return all(map(_ANCHOR_SIGN.fullmatch, texts))
    if tag in _NO_TEXT or element.role in _ROLES or element.get("aria-hidden").lower() == "true":
        return True
    if tag == "footer":
        is_large = element.plain_chars > _LARGE_SHARE * page.plain_chars
        return outer.tag != "blockquote" and not (in_content and is_large)
    if tag == "header" and not in_content:
        heads_its_surroundings = outer.tag != "body" and any(element.find_all(*HEADINGS))
        return not heads_its_surroundings and not any(element.find_all("h1"))
    return tag == "aside" and not in_content


def _weights(blocks: Iterable[WebBlock], main_text: str) -> list[int]:
    """Return, for each block, how many of its characters are in the main text."""
    main_text = _squeezed(main_text)
    weights: list[int] = []
    position = 0
    for block in blocks:
        text = _squeezed(block.block.text.lstrip(" -0123456789.|"))
        at = main_text.find(text, position, position + len(text) + _NEAR)
        if at < 0 and len(text) >= _LONG_ENOUGH:
            at = main_text.find(text)
        weights.append(len(text) if at >= 0 else 0)
        position = max(position, at + len(text))
    return weights


def _squeezed(text: str) -> str:
    return "".join(text.replace(" | ", " ").replace("\xad", "").split())


def _region(page: Element, reader: BlockReader, weights: Sequence[int]) -> tuple[Element, bool]:
    """Return the element that holds the content, and whether the page itself marks it so."""
    weight_before = [0, *accumulate(weights)]
    plain_before = [0, *accumulate(block.plain_chars for block in reader.blocks)]

    def held(element: Element, before: Sequence[int]) -> int:
        """Return what the element holds, by sums of what stands before each block."""
        span = reader.spans.get(element, slice(0, 0))
        return before[span.stop] - before[span.start]

    blocks_before = range(len(reader.blocks) + 1)
    marked = [element for element in _outermost_marked(page) if held(element, blocks_before)]
    mains = [element for element in marked if element.tag != "article"]
    for candidates in (mains, marked):
        if len(candidates) == 1 and (
            2 * held(candidates[0], weight_before) >= weight_before[-1]
            or 2 * held(candidates[0], plain_before) >= plain_before[-1]
        ):
            return candidates[0], True
    region = page
    if weight_before[-1] <= 0.2 * plain_before[-1]:
        return region, False
    while inner := [
        child
        for child in region.children
        if isinstance(child, Element)
        and held(child, weight_before) >= 0.95 * weight_before[-1]
        and held(child, blocks_before) > 1
    ]:
        region = inner[0]
    return region, False


def _outermost_marked(page: Element) -> Iterator[Element]:
    """Yield the elements that the page says are content and that stand in no other such one."""
    pending: list[Element | str] = [page]
    while pending:
        element = pending.pop()
        if isinstance(element, Element):
            if element.is_main:
                yield element
            else:
                pending += element.children
