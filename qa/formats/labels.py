"""Short names of places, for people: "Apple Inc., Form 10-Q, p. 8", "notes/care.md, Night"."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from index.records import UPLOADED, Document, Span
from index.structure.wording import plain_words
from index.terminal import one_line

MOST_CHARACTERS = 60
_MOST_OF_A_NAME = 36
"""A longer title leaves room for a heading."""
_PAGE = ("p.", "pp.")
_WORD = re.compile(r"[^\W\d_]+(?:['’.][^\W\d_]+)*")
_ROMAN = re.compile(r"[IVXLC]{1,6}")
_SMALL_WORDS = frozenset(
    "a an and as at by for from in into of on or the to under upon with without".split()
)
_VOWEL = re.compile(r"[AEIOUY]|[^\x00-\x7f]")
_LONGEST_ACRONYM = 4
_AT_AN_END = " \t,;:.–—-"
_STATED_PERIOD = re.compile(
    r"\b(?:period|quarter|year|months|weeks) end(?:ed|ing):?\s+"
    r"([A-Z][a-z]+ \d{1,2}, (?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d)",
    re.I,
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_FIRST_PAGE = 3000
_BOXES = re.compile(r"[☐☒☑]+")


def label(
    document: Document,
    span: Span,
    heading_path: Iterable[str] = (),
    shared_titles: Collection[str] = (),
) -> str:
    """Return where a span stands, in about 60 characters at most, for a person to read.

    It names the document by its title, else by its file, and then the row, or the page and the
    outermost heading, or the nearest heading. No heading says again what is said already. A report
    is told from others of its title by the period that it is of, as its first page or its metadata
    says. A document that has one of the `shared_titles` and says no period comes with its file.
    """
    place = _page(document, span)
    row = document.row_number
    if row is not None:
        place = f"{_file(document, MOST_CHARACTERS // 2)}, row {row}"
        name = _calm(document.title)
        return _joined(_cut(name, MOST_CHARACTERS - len(place) - 2), place)
    room = MOST_CHARACTERS - (len(place) + 2 if place else 0)
    name = _name(document, shared_titles) or _file(document, room)
    told = filter(None, (_untold(_calm(heading), name) for heading in heading_path))
    if place:  # a page is nearer than any heading: it is of more use what the document is
        name = _cut(name, room)
        part = next((each for each in told if len(name) + len(each) + 2 <= room), "")
        return _joined(name, part, place)
    nearest = list(told)[-1:]
    for_heading = len(nearest[0]) + 2 if nearest else 0
    name = _cut(name, max(room - for_heading, min(room, _MOST_OF_A_NAME)))
    return _joined(name, *(_cut(heading, room - len(name) - 2) for heading in nearest))


def shared_titles(documents: Iterable[Document]) -> frozenset[str]:
    """Return the titles that several of some documents have."""
    titles = Counter(document.title for document in {each.id: each for each in documents}.values())
    return frozenset(title for title, times in titles.items() if times > 1)


def _name(document: Document, shared: Collection[str]) -> str:
    """Return a document's title, with what tells it from others of the same title."""
    title = _calm(document.title)
    if not title or _YEAR.search(title):
        return title
    said = (document.text[:_FIRST_PAGE], *map(str, document.metadata.values()))
    periods = (found.group(1) for text in said for found in _STATED_PERIOD.finditer(text))
    period = next(periods, "")
    if not period and document.title in shared:
        return f"{_cut(title, _MOST_OF_A_NAME)} ({_file(document, MOST_CHARACTERS // 2)})"
    return f"{title} ({period})" if period else title


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _page(document: Document, span: Span) -> str:
    first, last = document.pages_of(span) or (0, 0)
    if not first:
        return ""
    one, many = ("slide", "slides") if document.media_type.endswith("presentation") else _PAGE
    return f"{one} {first}" if first == last else f"{many} {first}-{last}"


def _file(document: Document, room: int) -> str:
    """Return the file's name with its folders, or without those that there is no room for."""
    source = one_line(document.source)
    if source.startswith(UPLOADED):
        source = source.removeprefix(UPLOADED).rpartition("/")[2]
    while len(source) > room and "/" in source:
        source = source.partition("/")[2]
    if len(source) <= room:
        return source
    ending = source[-room // 2 :] if room > 1 else ""
    return f"{source[: max(0, room - len(ending) - 1)]}…{ending}"


def _untold(heading: str, name: str) -> str:
    """Return what a heading adds to a name that may begin it; "" where that is nothing."""
    if heading.casefold().startswith(name.casefold()):
        heading = heading[len(name) :].lstrip(_AT_AN_END)
    told = set(plain_words(name))
    return heading if set(plain_words(heading)) - told else ""


def _cut(text: str, room: int) -> str:
    """Return text that fits, cut between words."""
    if len(text) <= room:
        return text
    head = text[: max(0, room - 1)]
    between = len(head) if text[len(head) : len(head) + 1].isspace() else head.rfind(" ")
    shortened = head[:between] if between > 0 else head
    return f"{shortened.rstrip(_AT_AN_END)}…" if shortened.strip(_AT_AN_END) else ""


@lru_cache(maxsize=2048)
def _calm(text: str) -> str:
    """Return a heading on one line, without boxes to tick, and not shouted."""
    line = " ".join(_BOXES.sub("", one_line(text)).split())
    letters = [letter for letter in line if letter.isalpha()]
    capitals = sum(map(str.isupper, letters))
    words = _WORD.findall(line)
    is_acronym = len(words) < 2 and line.isalpha() and len(line) <= _LONGEST_ACRONYM
    if 2 * capitals <= len(letters) or is_acronym or "_" in line:  # as in MAX_SIZE
        return line
    return "".join(_calmed(line, whole=capitals == len(letters)))


def _calmed(line: str, *, whole: bool) -> Iterator[str]:
    """Yield a shouted line in parts; names such as "U.S.", "HTML" and "Part II" keep their form."""
    end = 0
    for match in _WORD.finditer(line):
        word = match.group()
        yield line[end : match.start()]
        end = match.end()
        is_initials = any(len(part) == 1 for part in word.split(".")) and "." in word
        is_name = not _VOWEL.search(word) or _ROMAN.fullmatch(word) or is_initials
        if not word.isupper() or (is_name and word.casefold() not in _SMALL_WORDS):
            yield word
        elif word.casefold() in _SMALL_WORDS and match.start():
            yield word.lower()
        elif whole or len(word) > _LONGEST_ACRONYM:
            yield word[0] + word[1:].lower()
        else:
            yield word
    yield line[end:]
