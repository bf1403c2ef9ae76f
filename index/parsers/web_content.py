"""Which part of a web page is its content."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from index.parsers.blocks import TextBlock
from index.parsers.web_blocks import WebBlock, blocks_of
from index.parsers.web_boilerplate import remove_boilerplate
from index.parsers.web_markup import depth_of

_MAX_CHARS_TO_WEIGH = 1_000_000
_MAX_DEPTH_TO_WEIGH = 200
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


def content_of(page: Any) -> PageContent:
    """Return the page's content; the page loses its boilerplate.

    trafilatura tells which blocks are content. Their words, order and structure are taken from the
    page itself, and so is all that stands between them: from the page's `main` or `article`, if
    these hold most of the content, else from the innermost element that does.
    """
    visible = remove_boilerplate(page)
    blocks = list(blocks_of(page))
    kept = _kept(page, blocks)
    region, is_marked = _region(page, blocks, kept)
    inside = set(region.iter())
    next_ones = [*blocks, None][1:]
    chosen = [
        block
        for block, weight, following in zip(blocks, kept, next_ones, strict=True)
        if block.element in inside
        and (weight >= _LONG_ENOUGH or is_marked or not block.is_links or _heads(block, following))
    ]
    if chosen and not any(block.block.level == 1 for block in chosen):
        before = blocks[: blocks.index(chosen[0])]
        chosen[:0] = [block for block in before if block.block.level == 1][-1:]
    found = sum(len("".join(block.block.text.split())) - block.linked for block in chosen)
    return PageContent(tuple(block.block for block in chosen), 2 * found < visible)


def _heads(block: WebBlock, following: WebBlock | None) -> bool:
    """Tell whether a block is the heading of text, as that of a post which links to the post is."""
    return bool(block.block.level and following and not following.is_links)


def _kept(page: Any, blocks: Sequence[WebBlock]) -> list[int]:
    """Return, for each block, how many of its characters trafilatura takes for content."""
    found = _main_text(page)
    weights: list[int] = []
    position = 0
    for block in blocks:
        text = _squeezed(block.block.text.lstrip(" -0123456789.|"))
        at = found.find(text, position, position + len(text) + _NEAR)
        if at < 0 and len(text) >= _LONG_ENOUGH:
            at = found.find(text)
        weights.append(len(text) if at >= 0 else 0)
        position = max(position, at + len(text))
    return weights


def _main_text(page: Any) -> str:
    if sum(map(len, page.itertext())) > _MAX_CHARS_TO_WEIGH or depth_of(page) > _MAX_DEPTH_TO_WEIGH:
        return ""
    from lxml.etree import LxmlError
    from trafilatura import bare_extraction

    try:
        extracted: Any = bare_extraction(deepcopy(page), include_comments=False, favor_recall=True)
    except (LxmlError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return ""  # without its advice, all that is no boilerplate is content
    return _squeezed("".join(extracted.body.itertext())) if extracted is not None else ""


def _squeezed(text: str) -> str:
    return "".join(text.replace(" | ", " ").replace("\xad", "").split())


def _region(page: Any, blocks: Sequence[WebBlock], kept: Sequence[int]) -> tuple[Any, bool]:
    """Return the element that holds the content, and whether the page itself marks it so."""
    weights: dict[Any, int] = {}
    plain: dict[Any, int] = {}
    for block, weight in zip(blocks, kept, strict=True):
        for element in (block.element, *block.element.iterancestors()):
            weights[element] = weights.get(element, 0) + weight
            plain[element] = plain.get(element, 0) + len(block.block.text) - block.linked
    total = sum(kept)
    marked = [
        [*page.iter("main"), *page.xpath("//*[@role='main']")],
        [e for e in page.iter("article") if next(e.iterancestors("article"), None) is None],
    ]
    for candidates in marked:
        holding = [element for element in candidates if element in weights]
        if len(holding) != 1:
            continue
        held = holding[0]
        if 2 * weights[held] >= total or 2 * plain[held] >= plain.get(page, 0):
            return held, True
    region = page
    if total < 0.2 * sum(len(block.block.text) for block in blocks if not block.is_links):
        return region, False
    while True:
        inner = [child for child in region if weights.get(child, 0) >= 0.95 * total]
        if not inner:
            return region, False
        region = inner[0]
