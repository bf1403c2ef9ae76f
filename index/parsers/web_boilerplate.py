"""What of a web page is no content wherever it stands: menus, banners, comments, what is hidden."""

import re
from collections.abc import Callable
from typing import Any

from index.parsers.web_named import around, drop_named, weights_of
from index.parsers.web_names import is_in_content

_CONTROLS = ("button", "select", "input", "textarea", "datalist")
_NEVER = frozenset(
    "script style template noscript head nav svg canvas iframe object embed audio video map dialog "
    "rp annotation annotation-xml".split()
) | frozenset(_CONTROLS)
_ROLES = frozenset(
    "navigation contentinfo search dialog alertdialog menu menubar toolbar tablist tooltip".split()
)
_HIDDEN_STYLE = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")
_ANCHOR_SIGN = re.compile(r"[\s¶#§🔗]*")
_POST = re.compile(r"(?i)(?:blog-?)?(?:post|entry|hentry|article|story|message|content)")
_LARGE_SHARE = 0.3
"""A footer of an article with more of the page's text is content."""


def remove_boilerplate(page: Any) -> int:
    """Take out of the page, in place, what is not its content or cannot be seen.

    Returns how many characters outside of links can be seen of the whole page.
    """
    with_controls = around(page.iter(*_CONTROLS))
    _drop(page, _is_unseen)
    weights = weights_of(page)
    total = weights[page].plain
    first = next(page.iter("header"), None)
    _drop(
        page,
        lambda element: _is_of_the_site(
            element,
            is_first=element is first,
            is_large=weights[element].plain > _LARGE_SHARE * total,
        ),
    )
    drop_named(page, with_controls)
    return total


def _drop(page: Any, is_dropped: Callable[[Any], bool]) -> None:
    for element in list(page.iter()):
        if element.getparent() is not None and is_dropped(element):
            element.drop_tree()


def _is_unseen(element: Any) -> bool:
    return (
        not isinstance(element.tag, str)
        or element.tag in _NEVER
        or element.get("hidden") is not None
        or element.get("aria-hidden", "").lower() == "true"
        or bool(_HIDDEN_STYLE.search(element.get("style", "")))
        or (element.tag == "a" and bool(_ANCHOR_SIGN.fullmatch("".join(element.itertext()))))
    )


def _is_of_the_site(element: Any, *, is_first: bool, is_large: bool) -> bool:
    """Tell whether an element belongs to the site, or is a footer, and not to the content."""
    tag = element.tag
    if tag in ("body", "main"):
        return False
    if element.get("role", "").lower() in _ROLES:
        return True
    if tag == "footer":
        quotes = next(element.iterancestors("blockquote"), None) is not None
        return not quotes and not (is_large and is_in_content(element))
    if is_in_content(element) or tag not in ("aside", "header"):
        return False
    return tag == "aside" or not _heads_a_post(element, is_first=is_first)


def _heads_a_post(header: Any, *, is_first: bool) -> bool:
    """Tell whether a header has the title of what follows: the first may be that of the site."""
    if header.find(".//h1") is not None:
        return True
    if not any(header.find(f".//h{level}") is not None for level in range(2, 7)):
        return False
    return not is_first or any(
        outer.tag == "section" or any(map(_POST.fullmatch, outer.get("class", "").split()))
        for outer in header.iterancestors()
    )
