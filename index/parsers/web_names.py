"""What the class or the id of a web page's element says of it: whether it is part of the content.

A name is compared as a whole, so "ad-hoc" is no "ad" and "informed-consent" no consent to cookies.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

COMMENTS, CONSENT, SIGNS = "comments", "consent", "signs"

_PLAIN = {
    CONSENT: r"""
        (?:[a-z]+-)?cookies?(?:-(?:consent|law|info|policy|privacy))*-(?:banner|bar|notice|popup
            |message|modal|overlay|dialog|wall|alert|hint|disclaimer|warning|container|wrapper)
        | (?:[a-z]+-)?cookie-?(?:consent|law)(?:-info)?
        | gdpr(?:-(?:banner|bar|notice|popup|modal|overlay|consent|message))?
        | consent-(?:banner|bar|popup|manager|dialog|modal|overlay|wall)
        | onetrust(?:-.*)? | cybot-?cookiebot.* | usercentrics.* | didomi.* | qc-cmp.*
        | cc-window""",
    COMMENTS: r"""
        (?:(?:user|reader|post|article|blog|entry)-)?comments?(?:-(?:list|area|section|threads?|tree
            |wrap|wrapper|box|container|item|body|content|text|meta|author|\d+))*
        | commentlist | commentarea | disqus(?:-.*)? | fb-comments""",
    "reply": r"comments?-(?:form|respond|reply|reply-.*)|reply-form|commentform",
    "menu": r"""
        (?:[a-z]+-)?(?:navbar|side-?nav|top-?bar|breadcrumbs?)(?:-.*)? | sub-?nav
        | (?:site|main|page|global|top|primary|secondary|header|footer|mobile)-nav(?:igation)?
        | nav-?(?:bar|menu|list|links|items?) | navigation-(?:menu|bar|links)""",
    "frame": r"(?:site|page|global|main|blog)-footer(?:-.*)?|footer|colophon|site-header|masthead",
    "sidebar": r"(?:[a-z]+-)?sidebar(?:-(?:left|right|inner|wrapper|container|content))?",
    "share": r"""
        (?:social|share|sharing)(?:-(?:share|sharing|links?|icons?|buttons?|bar|this|us|list))+
        | sharedaddy | addtoany.* | addthis.*""",
    "letter": r"""(?:newsletter|subscribe)-(?:sign-?up|form|subscribe|subscription|box|banner
        |widget|cta)""",
    "related": r"""(?:related|recommended|popular)-(?:posts?|articles?|stories|content|links
        |reading)""",
    "ad": r"""
        ads? | advert(?:isement|ising|s)? | adsbygoogle | (?:google|banner)-ads?
        | (?:ads?|advert|advertisement)-(?:banner|slot|container|wrapper|wrap|unit|box|block|space
            |placeholder|label|leaderboard|top|bottom|sidebar|inline|\d+)
        | sponsored(?:-(?:content|posts?|links?|message))?""",
    "popup": r"""(?:modal|popup)(?:-(?:dialog|content|overlay|backdrop|window|form|message
        |container|wrapper|hidden))?""",
    "skip": r"skip-(?:links?|nav|navigation|to)(?:-.*)?",
    "unseen": r"""sr-only | visually-?hidden | screen-reader-(?:text|only) | assistive-text
        | (?:mw-)?editsection""",
    SIGNS: r"header-?link | anchor-?link | anchorjs-link | heading-anchor | permalink",
}
_LIKELY = re.compile(
    r"""(?x)
    (?:[a-z]+-)?(?:nav|navigation|menu)(?:-(?:list|links|items?|container|wrapper|inner|bar))?
    | cookies? | consent | cookie-(?:info|settings) | respond | toc | table-of-contents
    | pagination | pager | page-numbers | share | sharing | social(?:-media)?
    | follow(?:-(?:us|me|links|buttons?))? | newsletter | subscribe | promo | no-?print | footer-.*
    | related | recommended | (?:more|latest|recent)-(?:posts?|articles?|stories|content|news|links)
    """
)
_UNMISTAKABLE = {kind: re.compile(f"(?x){pattern}") for kind, pattern in _PLAIN.items()}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PREFIX = re.compile(r"(?:js|c|o|wp-block|wp)-")
_BY_ID = frozenset("div ul ol form aside p table footer header".split())
_INLINE = frozenset("span a em strong b i code label small cite q u s sub sup".split())
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a name says an element is, and whether that has to be borne out by what is in it."""

    kind: str
    is_certain: bool


def claim_of(element: Any) -> Claim | None:
    """Return what the element's names claim it to be if not content.

    The id of a section or a heading is an anchor and claims nothing. That of another element is
    certain outside of `main` and `article` only.
    """
    if element.tag in ("html", "body", "main", "pre", "code", *_HEADINGS):
        return None
    classes = [_words(name) for name in element.get("class", "").split()]
    ids = []
    if element.tag in _BY_ID and "section" not in classes:
        ids = [_words(element.get("id", "").strip())]
    if not any(classes) and not any(ids):
        return None
    claim = _claim(element, classes, ids)
    if claim is None or next(element.iterancestors("pre", "code"), None) is not None:
        return None
    return claim


def _claim(element: Any, classes: list[str], ids: list[str]) -> Claim | None:
    for kind in _kinds(classes):
        if kind != COMMENTS or element.tag not in _INLINE:
            return Claim(kind, is_certain=True)
    for kind in _kinds(ids):
        return Claim(kind, is_certain=not is_in_content(element))
    for name in (*classes, *ids):
        if _LIKELY.fullmatch(name):
            return Claim(name, is_certain=False)
    return None


def _kinds(names: list[str]) -> Iterator[str]:
    for name in names:
        for kind, pattern in _UNMISTAKABLE.items():
            if pattern.fullmatch(name):
                yield kind


def _words(name: str) -> str:
    """Return "cookie-banner" for "cookieBanner", "cookie_banner" and "js-cookie-banner"."""
    words = _CAMEL.sub("-", name).lower().replace("__", "-").replace("_", "-").replace("--", "-")
    return _PREFIX.sub("", words, count=1) if _PREFIX.match(words) else words


def is_in_content(element: Any) -> bool:
    """Tell whether the page itself says that the element is part of its content."""
    return any(
        outer.tag in ("main", "article") or outer.get("role", "").lower() == "main"
        for outer in element.iterancestors()
    )


def heading_around(element: Any) -> Any:
    """Return the heading that the element is part of, None if it is not in one."""
    return next(element.iterancestors(*_HEADINGS), None)
