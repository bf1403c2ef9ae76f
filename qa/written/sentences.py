"""Sentences out of a language model's stream, each as soon as it has ended, with what it cites."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from index.chunking.sentences import split_sentences
from index.records import Span

MOST_CHARS = 1000
"""A longer sentence is ended here."""
_MOST_OF_A_RANGE = 20

_NUMBERS = r"\d{1,2}(?:\s*(?:,|;|&|-|–|—|\band\b)\s*\d{1,2})*"
_NOUN = r"(?:sources?|passages?|documents?|docs?|texts?|refs?|references?|citations?)"
_BRACKETED = rf"\[\s*\^?(?:{_NOUN}\s*[:#]?\s*)?{_NUMBERS}\s*\]|【\s*\^?\d{{1,2}}[^】\n]{{0,40}}】"
_NAMED = rf"{_NOUN}\s+{_NUMBERS}"
_AT_END = r"(?<=[^\s:;,(])\s\(\s*" + _NUMBERS + r"\s*\)(?=\s*[.!?](?:\s|\Z))"
_AFTER_STOP = r"(?<=[.!?])\s?\(\s*" + _NUMBERS + r"\s*\)(?=[^\S\n]*(?:\n|\Z))"
_MARK = re.compile(
    rf"(?:\baccording\s+to\s+)(?:(?:{_BRACKETED}\s?)+|{_NAMED}\b)\s?,?"
    rf"|\((?:see\s+)?(?:{_BRACKETED}|{_NAMED})\)|{_BRACKETED}|{_AT_END}|{_AFTER_STOP}",
    re.I,
)
_BEGUN_MARK = re.compile(
    rf"(?:\[\s*\^?(?:{_NOUN}\b)?[\s:#]*(?:[\d,;&–—-]|and|\s)*|【[^】\n]{{0,40}}"
    rf"|\((?:see\b)?\s*\[?(?:{_NOUN}\b)?(?:[\d,;&–—-]|and|\s)*[\])]*)\Z",
    re.I,
)
"""What may yet become a mark."""
_TAKEN_OFF = re.compile(rf"\s*(?:{_MARK.pattern})(?P<glued>(?=\w))?", re.I)
_SAYS = re.compile(r"\A\s*(?:states?|says?|mentions?|notes?|explains?)\s+that\s+", re.I)

_PASSAGE_SAYS = re.compile(
    r"\A(?:the|this) (?:passage|text|source|document)s? (?:also |clearly )?"
    r"(?:states?|says?|mentions?|notes?|explains?) that (?=\S)",
    re.I,
)

_LIST_MARKER = re.compile(r"[-*+•◦▪–—>]|#{1,6}|\d{1,3}[.)]|\\?\(?[a-z]\)")
_NUMBERED = re.compile(r"\A\d{1,3}[.)]\s+")
_LINK = re.compile(
    r"!?\[([^\[\]\n]*)\]\(\s*(?:<[^<>\n]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)"
    r"(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\s*\)"
)
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\U000e0000-\U000e007f]"
)
"""Controls, and what has no width but joiners: nobody would see that it divides a number."""
_OPENING_SIGNS = re.compile(r"(?<![\w*~])(?:\*{1,3}|~~)(?=[^\s*])")
_CLOSING_SIGNS = re.compile(r"(?<=[^\s*])(?:\*{1,3}|~~)(?![\w*])")
_SIGNS_OF_CODE = re.compile(
    r"(?<![\w`])[*_~]{0,3}`{1,3}(?=[^\s`])|(?<=[^\s`])`{1,3}[*_~]{0,3}(?![\w`])"
)
_EMPHASISED_WORD = re.compile(r"(?<!\w)(?!__[a-z][a-z0-9]*__(?!\w))(_{1,3})([^\s_]+)\1(?!\w)")
"""Not a name with underscores, such as __init__."""
_EMPHASISED_WORDS = re.compile(r"(?<!\w)(_{1,3})(?=[^\W\d_a-z])([^_]*\s[^_]*[^\s_])\1(?!\w)")
"""From a capital letter on: others may be two names, such as _first and last_."""
_FENCE = re.compile(r"`{3,}\w*|[-=_*]{3,}|\|?(?::?-{2,}:?\|?)+")
_BLANKS = re.compile(r"\s+")
_MAY_END = re.compile(r"[.!?。！？…\n]")
_STOPS = tuple(".!?。！？…")
_ENDS_IN_LIST_NUMBER = re.compile(r"(?:\A|[:;.!?]\s)\s*\d{1,3}[.)]\Z")
_LINE_BREAK = re.compile(r"[\n\r\v\f\x85\u2028\u2029]")
_PIECE = re.compile(r"\s+|\S+")


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence that a language model wrote, without its marks, as plain text.

    `sources` are the numbers that its marks name, in order.
    """

    text: str
    sources: tuple[int, ...] = ()


def drafts(pieces: Iterable[str]) -> Iterator[Draft]:
    """Yield each sentence of a stream as soon as it is known to have ended.

    A mark may stand before or after a full stop, so a sentence ends where the first word that is
    no mark follows it. How the stream is cut into pieces makes no difference.
    """
    text = ""
    line_begins = True
    for word in _words(pieces):
        if word == "\n":
            line_begins = True
            text = text.rstrip() + "\n" if text.strip() else ""
            continue
        if line_begins and _LIST_MARKER.fullmatch(word):
            continue
        plain = _without_signs(word)
        if not plain:
            continue
        line_begins = False
        text += plain if not text or text.endswith("\n") else f" {plain}"
        while cut := _first_cut(text):
            yield from _draft(text[:cut])
            text = text[cut:]
    while cut := _first_cut(text, ended=True):
        yield from _draft(text[:cut])
        text = text[cut:]
    yield from _draft(text)


_OPENING = (
    r"\A(?:(?:unfortunately|sorry|i'm sorry|i am sorry|i apologi[sz]e|however|but|"
    r"(?:based on|according to|from) [^,]{1,60},),? ){0,3}"
)
_THE_PASSAGES = (
    r"(?:(?:passages?|sources?) \d+|"
    r"(?:(?:the|this|these|those|any|any of|none of|your|all|of|both|what|provided|given|supplied|"
    r"available|retrieved|cited|numbered|source|text|context|passage) )+"
    r"(?:passages?|sources?|contexts?|documents?|texts?|excerpts?|materials?|information|"
    r"snippets?)(?: (?:that )?(?:was |were |is |are )?(?:provided|given|supplied|above))?)"
)
_ANSWER = (
    r"(?:say|mention|state|specify|provide|give|contain|include|answer|address|tell|indicate|"
    r"discuss|describe|explain|cover|offer|list|hold|reveal|clarify|have (?:any )?information)"
)
_NOT = r"(?:do not|does not|don't|doesn't|did not|didn't|cannot|can't|fails? to) (?:\w+ly )?"
_TOLD = (
    r"(?:mentioned|stated|specified|given|provided|addressed|answered|found|discussed|described|"
    r"included|contained|covered|available|clear)"
)
_DECLINES = [
    re.compile(pattern, re.I)
    for pattern in (
        rf"{_OPENING}{_THE_PASSAGES} (?:also )?{_NOT}{_ANSWER}\b",
        rf"{_OPENING}none of {_THE_PASSAGES} {_ANSWER}s?\b",
        (
            rf"{_OPENING}there(?: is|'s| are) (?:no|not enough|insufficient) .*"
            rf"\b(?:in|from|within|by) {_THE_PASSAGES}\.?\Z"
        ),
        rf"{_OPENING}there(?: is|'s| are) (?:no|not enough|insufficient) (?:\w+ )?information\b",
        (
            rf"{_OPENING}no (?:\w+ ){{0,2}}(?:information|answer|mention|details?) "
            rf"(?:[\w-]+ ){{0,6}}?(?:is|are|was|were) {_TOLD}(?: (?:in|by) {_THE_PASSAGES})?\.?\Z"
        ),
        rf"(?:\bnot|n't) (?:\w+ly )?{_TOLD} (?:in|by|from) {_THE_PASSAGES}\.?\Z",
        (
            rf"\b(?:cannot|can't|could not) be (?:answered|determined|found|inferred) "
            rf"(?:\w+ ){{0,3}}?(?:from|by|in|with|on) {_THE_PASSAGES}\.?\Z"
        ),
        rf"{_OPENING}i (?:do not|don't) (?:know|have)\b",
        (
            rf"{_OPENING}(?:i|we) (?:cannot|can't|could not|couldn't|am unable to|am not able to|"
            r"did not|didn't) (?:find|answer|determine|say|tell|provide|give|locate|help|assist)\b"
        ),
        rf"{_OPENING}it is (?:not possible|impossible|unclear|not clear) .*{_THE_PASSAGES}\.?\Z",
        (
            r"\A(?:not (?:stated|mentioned|specified|given|answered)|unknown|no answer|"
            r"insufficient information)\.?\Z"
        ),
    )
]


def declines(text: str) -> bool:
    """Tell whether a sentence says that the passages do not answer, or that the model cannot."""
    said = _BLANKS.sub(" ", text.replace("’", "'")).strip(' "“”')
    return any(pattern.search(said) for pattern in _DECLINES)


def _words(pieces: Iterable[str]) -> Iterator[str]:
    r"""Yield each word once it is whole, in parts if it is endless, and "\n" for a line break."""
    word = ""
    for piece in pieces:
        for part in _PIECE.findall(piece):
            if not part[0].isspace():
                word += part
                while len(word) > MOST_CHARS:
                    yield word[:MOST_CHARS]
                    word = word[MOST_CHARS:]
                continue
            if word:
                yield word
                word = ""
            if _LINE_BREAK.search(part):
                yield "\n"
    if word:
        yield word


def _without_signs(word: str) -> str:
    """Return a word without Markdown's signs of emphasis, code and links, and what is unseen."""
    word = _UNSEEN.sub("", word)
    if _FENCE.fullmatch(word):
        return ""
    word = _LINK.sub(lambda link: f"[{link[1]}]" if link[1].strip("^").isdigit() else link[1], word)
    if "`" in word:
        return _SIGNS_OF_CODE.sub("", word)
    return _EMPHASISED_WORD.sub(r"\2", _CLOSING_SIGNS.sub("", _OPENING_SIGNS.sub("", word)))


def _first_cut(text: str, *, ended: bool = False) -> int | None:
    """Return where the first sentence ends with its marks; None if no second is known to begin.

    `ended` tells that no more will come.
    """
    if _MAY_END.search(text):
        masked = _masked(text)
        for stop in _stops(text, masked):
            rest = masked[stop:].lstrip()
            begins = len(masked) - len(rest)
            if not rest or (not ended and _BEGUN_MARK.match(text[begins:])):
                break
            if masked[:stop].strip():
                return _between(text, stop, begins)
    if len(text) <= MOST_CHARS:
        return None
    blank = text.rfind(" ", MOST_CHARS // 2, MOST_CHARS)
    return blank if blank > 0 else MOST_CHARS


def _masked(text: str) -> str:
    """Return the text with blanks for its marks, or letters where a full stop follows one.

    The stop in "vitamin B [1]. Iron" ends a sentence, that in "B. Iron" would not.
    """

    def mask(mark: re.Match[str]) -> str:
        ends = text[mark.end() : mark.end() + 1] in _STOPS and mark.end() < len(text)
        ended = text[: mark.start()].rstrip()[-1:] in _STOPS
        return (" " + "x" * (len(mark[0]) - 1)) if ends and not ended else " " * len(mark[0])

    return _MARK.sub(mask, text)


def _stops(text: str, masked: str) -> list[int]:
    """Return where each sentence ends, and each line."""
    stops = {
        len(text[: mark.start()].rstrip(" "))
        for mark in _MARK.finditer(text)
        if text[: mark.start()].rstrip(" ")[-1:] in _STOPS
    }
    start = 0
    for line in masked.splitlines(keepends=True):
        within = Span(start, start + len(line.rstrip()))
        stops.update(sentence.end for sentence in split_sentences(masked, within))
        start += len(line)
    return sorted(stop for stop in stops if not _ENDS_IN_LIST_NUMBER.search(text, 0, stop))


def _between(text: str, stop: int, begins: int) -> int:
    """Return where, after a stop, the marks of the next sentence begin."""
    between = text[stop:begins]
    if "\n" in between:
        return begins - len(between.rpartition("\n")[2])
    marks = list(_MARK.finditer(text, 0, stop))
    marks_lead = bool(marks) and not text[: marks[0].start()].strip()
    marked_at_end = bool(marks) and marks[-1].end() >= stop - 1
    return stop if marks_lead and not marked_at_end and between[:1].isspace() else begins


def _draft(text: str) -> Iterator[Draft]:
    """Yield the sentence that `text` is, if it has a word."""
    numbers = [number for mark in _MARK.finditer(text) for number in _numbers_of(mark[0])]
    led = _MARK.match(text.lstrip())
    plain = _TAKEN_OFF.sub(lambda mark: " " if mark["glued"] is not None else "", text)
    plain = _EMPHASISED_WORDS.sub(r"\2", _BLANKS.sub(" ", _LINK.sub(r"\1", plain)).strip())
    plain = _NUMBERED.sub("", plain)
    said = _SAYS.sub("", plain.lstrip(",:; ")) if led else _PASSAGE_SAYS.sub("", plain)
    if led or said != plain:
        plain = said[:1].upper() + said[1:]
    if re.search(r"\w", plain):
        yield Draft(plain, tuple(dict.fromkeys(numbers)))


def _numbers_of(mark: str) -> Iterator[int]:
    """Yield the numbers of a mark; what follows a dagger in it are lines."""
    for low, high in re.findall(r"(\d+)(?:\s*[-–—]\s*(\d+))?", mark.partition("†")[0]):
        last = int(high or low)
        yield from range(int(low), min(last, int(low) + _MOST_OF_A_RANGE) + 1)
