"""What of a web page is left out for its name, if that is borne out by how much text it holds."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from index.parsers.web_names import COMMENTS, CONSENT, SIGNS, Claim, claim_of, heading_around

_LARGE_SHARE = 0.3
"""What holds more of the page's text outside of links is content, whatever it is called."""
_LARGE_SHARES = {COMMENTS: 0.5, CONSENT: 0.5}
_BANNER_CHARS = 300
_SIGN_CHARS = 10


class Weight(NamedTuple):
    """How many characters, blanks apart, an element holds outside and inside of links."""

    plain: int = 0
    linked: int = 0


def weights_of(page: Any) -> dict[Any, Weight]:
    """Return the weight of each element."""
    from lxml import etree

    weights: dict[Any, Weight] = {}
    open_at: list[Weight] = []
    plain = linked = links = 0
    for event, element in etree.iterwalk(page, events=("start", "end")):
        if event == "start":
            open_at.append(Weight(plain, linked))
            links += element.tag == "a"
        else:
            before = open_at.pop()
            weights[element] = Weight(plain - before.plain, linked - before.linked)
            links -= element.tag == "a"
        text = element.text if event == "start" else element.tail
        if text and links:
            linked += len("".join(text.split()))
        elif text:
            plain += len("".join(text.split()))
    return weights


def around(elements: Iterable[Any]) -> frozenset[Any]:
    """Return all elements that hold one of `elements`."""
    found: set[Any] = set()
    for element in elements:
        for outer in element.iterancestors():
            if outer in found:
                break
            found.add(outer)
    return frozenset(found)


def drop_named(page: Any, with_controls: frozenset[Any]) -> None:
    """Take out of the page what its names say is no content; `with_controls` has the forms.

    What together holds a large share of the text is kept, and so is the frame of the whole page:
    their names are taken off, lest others go by them.
    """
    weights = weights_of(page)
    frames = around(page.iter("main", "h1"))
    claims = {element: claim for element in page.iter() if (claim := claim_of(element))}
    borne_out = {
        element: claim
        for element, claim in claims.items()
        if element not in frames
        and _is_borne_out(element, claim, weights, has_controls=element in with_controls)
    }
    shares: Counter[str] = Counter()
    for element, claim in borne_out.items():
        if not any(_kind(borne_out, outer) == claim.kind for outer in element.iterancestors()):
            shares[claim.kind] += weights[element].plain
    total = weights[page].plain
    for element in claims:
        kind = _kind(borne_out, element)
        if not kind or shares[kind] > _LARGE_SHARES.get(kind, _LARGE_SHARE) * total:
            element.attrib.pop("class", None)
            element.attrib.pop("id", None)
        elif element.getparent() is not None:
            element.drop_tree()


def _kind(claims: dict[Any, Claim], element: Any) -> str:
    claim = claims.get(element)
    return claim.kind if claim else ""


def _is_borne_out(
    element: Any, claim: Claim, weights: dict[Any, Weight], *, has_controls: bool
) -> bool:
    """Tell whether an element is what it is called: a menu is made of links, a banner is short."""
    plain, linked = weights[element]
    if claim.kind == SIGNS:
        heading = heading_around(element)
        whole = sum(weights[heading]) if heading is not None else 0
        return plain + linked < whole if whole else plain + linked <= _SIGN_CHARS
    return claim.is_certain or linked >= plain or (has_controls and plain < _BANNER_CHARS)
