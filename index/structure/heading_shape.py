"""Which lines of plain text may be headings, told by their shape alone.

A heading can be found by but never cited, so a line that might state a fact is none: one
with a number in it, a `Label: value`, a list of names, one with a verb in small letters.
"""

import re
from unicodedata import normalize

MAX_SHORT_WORDS = 4
MAX_SHORT_CONTENT_WORDS = 3
MIN_SUBTITLED = 6
MIN_BODY_OF_DOUBTFUL = 100
"""Characters below a heading in small letters, or with a subtitle: notes are shorter."""

# "2.1 Methods", "Figure 3", "Box 1. Golden Rice"; "12 Oak Street" is an address.
_NUMBERING = re.compile(
    r"(?:(?:chapter|part|section|article|appendix|figure|table|box|step|phase|lesson|module|volume)"
    r"\s+[A-Z]?\d{1,3}(?:\.\d{1,3})*[.:)]?|\d{1,2}(?:\.\d{1,2})*[.)]|[1-9]\d?(?:\.\d{1,2})+)(?:\s+|\Z)",
    re.I,
)
_SENTENCE_END_INSIDE = re.compile(r"[^\W\dA-Z_]{2}[.!?…][\"'”’)\]]*\s")
_SENTENCE_END = re.compile(r"[.,;:!…。！；，][\"'”’)\]]*\Z")
_LABEL = re.compile(r":|\s[-–—](?=\s|\Z)")
_SUBTITLE = re.compile(r"\s*(?:an?|the|how|what|when|where|which|who|why)\b|.*\b(?:and|or)\b", re.I)
_ASKING = re.compile(r"(?:how|what|when|where|which|who|why)\b", re.I)
_LISTED = re.compile(r"\s(?:and|or|&)\s", re.I)
_FACTUAL_CHARACTER = re.compile(r"[^\w\s\-‐‑–—'’\"“”‘()\[\]&/,:.?!]|[\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:[-‐‑'’][^\W\d_]+)*")

_SMALL_WORDS = frozenset(
    "a about after among an and as at before behind below between but by during for from "
    "in into it its nor of off on onto or over per than that the through to toward under "
    "until up upon versus via vs with within without you your".split()
)
_STATING_WORDS = frozenset(
    "am are became began bought broke came can can't cannot could did didn't do does doesn't "
    "don't fell found gave goes got grew had has have he held him is isn't kept knew left lost "
    "made may met might moved must my paid said sat saw sent shall she should sold spent stood "
    "them they told took was wasn't we went were will won won't would wrote".split()
)
_VERB_ENDING = re.compile(r".*(?:[^\Wisu]s|[^\We]ed)\Z")


def body_needed(line: str) -> int | None:
    """Return how many characters must follow for `line` to be a heading, None if it is text."""
    numbering = _NUMBERING.match(line)
    name = normalize("NFC", line[numbering.end() :] if numbering else line)
    if _SENTENCE_END.search(line) or _SENTENCE_END_INSIDE.search(name):
        return None
    if line.endswith("?") or not name:
        return 0
    if _FACTUAL_CHARACTER.search(name) or ("," in name and not _LISTED.search(name)):
        return None
    words = _WORD.findall(name)
    if _states_something(words) and not _ASKING.match(name):
        return None
    label = _LABEL.search(name)
    content = [word for word in words if word not in _SMALL_WORDS]
    if not _is_title_case(content):
        is_doubtful = not label and not numbering and _is_short(words, content)
    elif label:
        is_doubtful = len(words) >= MIN_SUBTITLED and bool(_SUBTITLE.match(name, label.end()))
    else:
        return 0
    return MIN_BODY_OF_DOUBTFUL if is_doubtful else None


def _is_title_case(content: list[str]) -> bool:
    """Tell whether at most one word in six is in small letters: "Causes and prevention of Acne"."""
    small = sum(not any(character.isupper() for character in word) for word in content)
    return bool(content) and 6 * small <= len(content)


def _is_short(words: list[str], content: list[str]) -> bool:
    """Tell whether these few words are in a script with small letters: others give no sign."""
    has_case = any(character.lower() != character.upper() for character in "".join(words))
    return has_case and len(words) <= MAX_SHORT_WORDS and len(content) <= MAX_SHORT_CONTENT_WORDS


def _states_something(words: list[str]) -> bool:
    """Tell whether a word in small letters is, or has the ending of, a finite verb.

    The first word is a subject or a noun, and the last of a heading often in the plural.
    """
    if words[:1] == ["I"] or any(word.replace("’", "'") in _STATING_WORDS for word in words):
        return True
    return any(
        word.islower() and word not in _SMALL_WORDS and _VERB_ENDING.match(word)
        for word in words[1:-1]
    )
