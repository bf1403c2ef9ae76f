"""What of a web page is no content wherever it stands: menus, banners, comments, what is hidden."""

import re
from typing import Any

_NEVER = frozenset(
    "script style template noscript head nav button select input textarea datalist svg canvas "
    "iframe object embed audio video map dialog rp annotation annotation-xml".split()
)
_ROLES = frozenset(
    "navigation contentinfo search dialog alertdialog menu menubar toolbar tablist tooltip".split()
)
_HIDDEN_STYLE = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")
_NAMES = re.compile(
    r"""(?ix)^(?:
    (?:.*[-_])?cookies?(?:[-_]?(?:banner|bar|notice|consent|popup|message|modal|law|overlay|dialog
        |wall|info|alert|hint|disclaimer|container|policy-banner))(?:[-_].*)?
    | cookies? | (?:.*[-_])?(?:gdpr|consent)(?:[-_].*)? | onetrust.* | cybotcookiebot.*
    | (?:user-|reader-|post-)?comments?(?:[-_]?(?:list|area|section|thread|form|wrapper|box
        |container))? | commentlist | disqus.* | respond
    | (?:.*[-_])?breadcrumbs?(?:[-_].*)?
    | (?:site|page|global|main|top|bottom|primary|secondary|sub|left|right)?[-_]?(?:nav|navbar
        |navigation|menu|sidebar|sidenav|topbar|masthead)(?:[-_]?(?:menu|bar|list|links|items?
        |container|wrapper|inner|left|right))?
    | (?:site|page|global)?[-_]?footer(?:[-_].*)? | site-header
    | (?:social|share|sharing|sharedaddy|addtoany|follow)(?:[-_]?(?:share|sharing|links|icons|media
        |buttons?|bar|this|us))*
    | (?:.*[-_])?newsletter(?:[-_].*)? | subscribe(?:[-_].*)?
    | (?:related|recommended|more|popular|latest|recent)[-_]?(?:posts?|articles?|stories|content
        |links|reading|news)
    | ads? | advert(?:isement|ising|s)? | (?:ad|ads|advert)[-_].* | sponsored(?:[-_].*)? | promo
    | popup(?:[-_].*)? | modal(?:[-_].*)? | skip[-_]?(?:link|nav|to)(?:[-_].*)?
    | sr-only | visually-?hidden | screen-reader-text | headerlink | anchor-?link | permalink
    | pagination | pager | toc | table-of-contents | no-?print | mw-editsection | editsection
    )$"""
)
_ANCHOR_SIGN = re.compile(r"[\s¶#§🔗]*")
MOST_OF_THE_PAGE = 0.8
"""An element with more of the page's text is its frame, whatever it is called."""


def remove_boilerplate(page: Any) -> None:
    """Take out of the page, in place, what is not its content or cannot be seen."""
    total = sum(map(len, page.itertext()))
    for element in list(page.iter()):
        parent = element.getparent()
        if parent is not None and _is_boilerplate(element, total):
            element.drop_tree()


def _is_boilerplate(element: Any, total: int) -> bool:
    tag = element.tag
    if not isinstance(tag, str) or tag in _NEVER:
        return True
    if tag in ("html", "body", "main"):
        return False
    if _is_hidden(element) or element.get("role", "").lower() in _ROLES:
        return True
    if tag in ("footer", "aside", "header"):
        return _is_outside_of_content(element, tag)
    names = [*element.get("class", "").split(), element.get("id", "")]
    if not any(name and _NAMES.match(name) for name in names):
        return False
    if element.find(".//main") is not None or element.find(".//h1") is not None:
        return False
    return tag == "a" or sum(map(len, element.itertext())) <= MOST_OF_THE_PAGE * total


def _is_hidden(element: Any) -> bool:
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden", "").lower() == "true"
        or bool(_HIDDEN_STYLE.search(element.get("style", "")))
        or (element.tag == "a" and bool(_ANCHOR_SIGN.fullmatch("".join(element.itertext()))))
    )


def _is_outside_of_content(element: Any, tag: str) -> bool:
    """Tell whether a footer, an aside or a header belongs to the site and not to its content."""
    if tag == "footer":
        return next(element.iterancestors("blockquote"), None) is None
    inside = next(element.iterancestors("main", "article"), None) is not None
    if tag == "aside":
        return not inside
    return not inside and element.find(".//h1") is None
