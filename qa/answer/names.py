"""The proper names and figures of a question: a text that lacks them is about something else."""

import re
from functools import lru_cache

from index.records import Document, Span
from index.search.terms import fold, words_of_name
from index.structure.wording import ASKING_WORDS

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_ENDS = re.compile(r"[.!?:;]\W*$")
_DATES = frozenset(
    "january february march april may june july august september october november december jan feb "
    "mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday "
    "sunday mr mrs ms dr".split()
)
_STRESSED = frozenset("all asap best diy faq help not ok only pdf please urgent".split())
"""Words that are written in capitals to stress them, or as any word is."""
_MOST_NAMES = 8
_MOST_SEARCHED_FOR_INITIALS = 200_000
_TITLE_CASE = 0.7
"""Where more of the words after the first than this begin with a capital, these tell nothing."""
_LETTERS_THAT_MAY_DIFFER = 3
_LETTERS_OF_A_SHORT_NAME = 5
"""A name of so many letters has no ending that may differ."""


def proper_names(question: str) -> tuple[str, ...]:
    """Return the names in a question, without "'s" at their end; neighbouring words are one name.

    A name is a word of capitals, or one with a capital that does not begin a sentence. Months, days
    and words with digits are none. A question in capitals or in title case has none.
    """
    return tuple(name.of(question) for name in name_spans(question))


def name_spans(question: str) -> list[Span]:
    """Return where the names of a question stand, as `proper_names` has them."""
    words = list(_WORD.finditer(question))
    capitals = [match for match in words[1:] if match.group()[0].isupper()]
    if len(capitals) > _TITLE_CASE * len(words[1:]):
        return []
    names: list[Span] = []
    for before, match in zip([None, *words], words, strict=False):
        begins = before is None or bool(_ENDS.search(question, before.end(), match.start()))
        if not _is_name(match.group(), begins=begins):
            continue
        if names and question[names[-1].end : match.start()] == " ":
            names[-1] = Span(names[-1].start, match.end())
        else:
            names.append(Span(*match.span()))
    bare = (Span(name.start, name.start + len(_bare(name.of(question)))) for name in names)
    return list(bare)[:_MOST_NAMES]


def lacks(document: Document, name: str) -> bool:
    """Tell whether a document, its title and its file's name all lack each word of a name.

    Endings may differ ("Swedish", "Sweden"), and capitals be written out ("United States").
    """
    texts = (document.title, words_of_name(document), document.source, document.text)
    words = [match.group() for match in _WORD.finditer(name)]
    return not any(_holds(text, word) for text in texts for word in words)


def figures(text: str) -> frozenset[str]:
    """Return the figures in a text, as they are written."""
    return frozenset(_FIGURE.findall(text))


def _is_name(word: str, *, begins: bool) -> bool:
    bare = _bare(word)
    if not bare[0].isupper() or any(map(str.isdigit, bare)):
        return False
    if bare.lower() in ASKING_WORDS | _DATES | _STRESSED or len(bare) < 2:
        return False
    return bare.isupper() or not begins


def _bare(name: str) -> str:
    return name.removesuffix("'s").removesuffix("’s")


def _holds(text: str, word: str) -> bool:
    bare = _bare(word)
    long = len(bare) > _LETTERS_OF_A_SHORT_NAME
    head = re.escape(bare[:-_LETTERS_THAT_MAY_DIFFER] if long else bare)
    ending = "" if long else r"(?:['’]?s)?(?![^\W_])"
    if re.search(rf"(?<![^\W_]){head}{ending}", text):  # as it is written: seldom is more needed
        return True
    if re.search(rf"(?<![^\W_]){fold(head)}{ending}", _folded(text)):
        return True
    if not bare.isupper() or len(bare) > 6:
        return False
    # Possessive throughout: hostile text must not make the search go back and try again.
    initials = r"\w{0,40}+(?:\W{1,3}+(?:and|of|the|for)\b){0,3}+\W{1,3}+".join(map(re.escape, bare))
    case = re.I if len(bare) > 3 else re.NOFLAG
    return re.search(rf"\b{initials}", text[:_MOST_SEARCHED_FOR_INITIALS], case) is not None


@lru_cache(maxsize=32)
def _folded(text: str) -> str:
    return fold(text)
