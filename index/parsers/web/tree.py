"""From the markup of a web page to a tree of its elements, as browsers build it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from index.parsers.errors import UnreadableFileError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_DEPTH = 2000

_XHTML = re.compile(r"\s*<\?xml|\s*<!doctype[^>]+xhtml", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")
_CHARACTER_DATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
# In XHTML any empty element may be closed like this; HTML takes it for a start tag.
_CLOSED_AT_ONCE = re.compile(
    r"<(script|style|title|textarea|iframe|div|span|a|p|td|th|li|i|b|em|h[1-6])(\s[^<>]*)?/>",
    re.IGNORECASE,
)
_NEVER_SEEN = frozenset("head script style template noscript noframes noembed".split())
_HIDDEN_STYLE = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")
_HIDDEN_CLASSES = frozenset(
    "sr-only visually-hidden visuallyhidden screen-reader-text mw-editsection".split()
)
"""What the style sheets of Bootstrap, WordPress and MediaWiki hide, on screen or in print."""


@dataclass(slots=True, eq=False)
class Element:
    """An element of a page, and how much text it holds outside and inside of links.

    Blanks do not count. `holds_main` tells whether a `main` or an `article` stands in it.
    """

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)
    plain_chars: int = 0
    linked_chars: int = 0
    holds_main: bool = False

    def get(self, name: str) -> str:
        """Return an attribute's value, "" without one."""
        return (self.attributes.get(name) or "").strip()

    @property
    def role(self) -> str:
        """What the page says the element is for."""
        return self.get("role").lower()

    @property
    def is_main(self) -> bool:
        """Whether the page says that the element is content."""
        return self.tag in ("main", "article") or self.role == "main"

    def walk(self) -> Iterator["Element | str"]:
        """Yield the elements and texts inside, in their order."""
        pending = self.children[::-1]
        while pending:
            child = pending.pop()
            yield child
            if isinstance(child, Element):
                pending += child.children[::-1]

    def find_all(self, *tags: str) -> Iterator["Element"]:
        """Yield the elements inside that have one of the tags."""
        return (inner for inner in self.walk() if isinstance(inner, Element) and inner.tag in tags)


def parse(markup: str) -> "LexborHTMLParser":
    """Return the page as browsers parse it. Raises UnreadableFileError if it is empty."""
    from selectolax.lexbor import LexborHTMLParser

    if not markup.strip():
        raise UnreadableFileError("empty")
    if _XHTML.match(markup):
        markup = _XML_DECLARATION.sub("", markup, count=1)
        markup = _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", _without_sections(markup))
    return LexborHTMLParser(markup.encode("utf-8", "replace"), scripting=True)


def _without_sections(markup: str) -> str:
    """Return XHTML with its CDATA sections, which HTML takes for comments, as plain text."""
    before, end, after = markup.rpartition("]]>")  # each section in `before + end` has an end
    return _CHARACTER_DATA.sub(lambda data: escape(data[1], quote=False), before + end) + after


def element_tree(page: "LexborHTMLParser") -> Element:
    """Return the page's root element with all that browsers show.

    Raises UnreadableFileError for what is nested too deeply.
    """
    root = Element("html")
    open_elements = [root]
    node = page.root.first_child if page.root else None
    while node is not None:
        is_open = _add(node, open_elements)
        if is_open and node.first_child is not None:
            node = node.first_child
            continue
        if is_open:
            _close(open_elements)
        while node is not None and node.next is None and len(open_elements) > 1:
            _close(open_elements)
            node = node.parent
        node = node.next if node is not None else None
    return root


def _add(node: "LexborNode", open_elements: list[Element]) -> bool:
    """Add a text or an element to the innermost open element; tell whether it is open now."""
    outer = open_elements[-1]
    if node.is_text_node:
        text = node.text_content or ""
        outer.children.append(text)
        outer.plain_chars += len("".join(text.split()))
    if not node.is_element_node:
        return False
    element = Element(node.tag or "", node.attributes)
    if _is_hidden(element):
        return False
    outer.children.append(element)
    open_elements.append(element)
    if len(open_elements) > MAX_DEPTH:
        raise UnreadableFileError(f"elements nested more than {MAX_DEPTH} deep")
    return True


def _close(open_elements: list[Element]) -> None:
    element, outer = open_elements.pop(), open_elements[-1]
    if element.tag == "a":
        element.linked_chars += element.plain_chars
        element.plain_chars = 0
    outer.plain_chars += element.plain_chars
    outer.linked_chars += element.linked_chars
    outer.holds_main |= element.holds_main or element.is_main


def _is_hidden(element: Element) -> bool:
    if element.tag == "body":
        return False
    return (
        element.tag in _NEVER_SEEN
        or "hidden" in element.attributes
        or bool(_HIDDEN_STYLE.search(element.get("style")))
        or not _HIDDEN_CLASSES.isdisjoint(element.get("class").split())
    )
