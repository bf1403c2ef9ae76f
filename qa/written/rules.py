"""What a written sentence must share with what it cites: decided by rules, without a network."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from index.search.terms import fold, stem
from index.structure.wording import ASKING_WORDS
from qa.question.spelling import dictionary
from qa.records import Check, CheckName
from qa.written.amounts import amounts, opposed, turned_round, unstated
from qa.written.dates import undated, without_dates
from qa.written.polarity import exchanged, reversed_meaning

_SUPERSCRIPTS = str.maketrans({"²": "^2", "³": "^3", "¹": "^1", "™": "", "®": ""})
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_VULGAR_FRACTION = re.compile(r"[¼-¾⅐-⅞]")
_THIN_GROUPS = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("’‘‛ʼ′´`", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "⁄": "/",
        "μ": "µ",
    }
)
_BLANKS = re.compile(r"[^\S\n]+")

_QUOTED = (
    re.compile(r"[“„]([^“”„]*)(?:[”“]|\Z)|\A([^“”„]*)”"),
    re.compile(r"«([^«»]*)(?:»|\Z)"),
    re.compile(r"(?<![\w\"])\"(?=\S)([^\"]*)(?:\"|\Z)"),
    re.compile(r"(?<!\w)‘((?=\S)[^‘]*?\s[^‘]*?)’(?!\w)"),
    re.compile(r"(?<![\w'])'(?=\S)([^'\s]+(?:'\w+)?(?:\s[^'\s]+(?:'\w+)?)+)'(?!\w)"),
)
_LEFT_OUT = re.compile(r"\[?\.\.\.\]?|\[[^\]]*\]")
_ENDS_OF_QUOTE = " .,;:!?-"

_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|"
    r"(?<![\w.@/-])(?:[^\W_][\w-]*\.)+(?:[^\W\d_]{2,24})(?:/[^\s<>\"']*)?(?![\w.-]*\w)",
    re.I,
)
_PHONE = re.compile(r"(?<![\w.,$€£])(?:\+\d|\(\d{2,5}\)|\d)(?:[\s./()-]{0,2}\d){6,14}(?![\w%])")
_CODE = re.compile(
    r"(?<![\w.-])(?:v?\d+(?:\.\d+){2,}|--?[a-z][\w-]+|[\w-]*\w_\w[\w-]*|/[\w.-]+(?:/[\w.-]+)+|"
    r"#\d+|(?=\w*\d)(?=\w*[^\W\d_])\w+)(?![\w])",
    re.I,
)
_NO_CODE = re.compile(
    r"(?:\d+(?:st|nd|rd|th|s|[kmbx]|bn|mn|am|pm|mg|g|kg|mcg|µg|ml|dl|l|mm|cm|km|m|nm|µm|h|hr|hrs|min|"
    r"s|ms|kcal|w|kw|mw|gw|kwh|v|hz|khz|mhz|ghz|kb|mb|gb|tb|ft|in|lb|lbs|oz|yd|m2|m3|cm2|km2|c|f|ppm|"
    r"mmhg|iu|rpm|mph|bp|bps|ha|t)|q[1-4]|[1-4]q\d*|fy\d+)",
    re.I,
)

_CURRENCY = re.compile(r"\b(?:US|CA|C|A|AU)(?=[$€£¥])|\b(?:USD|EUR|GBP|JPY|INR|CHF|CNY|CAD|AUD)\b")
_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W_]+(?:'[^\W_]+)*")
_BEGINS = re.compile(r"(?:\A|[.!?:;]['\")\]]*\s|\n|[-*|]\s|\s[('\"]|\A[('\"])['\"(\[]*\Z")
_SMALL_WORDS = frozenset(
    "of the and for in on to a an de la du von van der den al el & at by".split()
)
_TITLES = frozenset(
    "mr mrs ms dr prof sir dame st jr sr inc ltd co corp llc plc gmbh vs no".split()
)
_SAME_NAMES = {"usa": {"us"}, "us": {"usa"}, "uk": {"gb"}, "eu": {"european"}}
_DESCRIBES = re.compile(r"(?:ly|ing|ed|al|ive|ic|ous|able|ible|ent|ant|ful|less|ary)\Z")
_NOT_OWNERS = frozenset("children company it men one patient people that today women world".split())
_BEGINNINGS = frozenset(
    "about above according across adult adults after against all almost along already also "
    "although always among another any around as before behind below beneath beside besides "
    "between beyond big both but children despite during each eight either even every except "
    "female few first five following former four given good great gross here high however if "
    "inside instead large last late later less like long low male many meanwhile men mild more "
    "moreover most much near neither never new next nine no none nor not now of off often old "
    "once one only opposite other out outside over part past patients people per perhaps previous "
    "prior researchers second seven several severe since six small so some soon still strong such "
    "ten than then there therefore third though three through throughout thus today together too "
    "total toward two under unless unlike until up upon users various via was were when where "
    "whether while with within without women yes yet young".split()
)
_NAMES_IN_TITLE_CASE = 0.7


def broken_rule(sentence: str, cited: str) -> Check | None:
    """Return the first rule that a sentence breaks against the text that it cites, None if none.

    `cited` is the cited text below its headings. What the rules tell is changed beyond doubt;
    whether the text says what the sentence says is for the network to judge.
    """
    said, held = normalised(sentence), normalised(cited)
    undated_part = without_dates(said)
    rules: tuple[tuple[CheckName, Callable[[], str | None]], ...] = (
        ("quotation", lambda: _missing(_unquoted(sentence, held))),
        ("link", lambda: _missing(_unlinked(said, held))),
        ("date", lambda: _missing(undated(said, held))),
        ("number", lambda: _missing(_uncounted(undated_part, held))),
        ("name", lambda: _missing(_unnamed(said, held))),
        ("negation", lambda: _opposed(said, held) or reversed_meaning(said, held)),
    )
    for name, fault_of in rules:
        if fault := fault_of():
            return Check(name, fault)
    return None


@lru_cache(maxsize=256)
def normalised(text: str) -> str:
    """Return a text with plain quotation marks, dashes, blanks, digits and fractions."""
    text = _THIN_GROUPS.sub(",", _UNSEEN.sub("", text).translate(_SUPERSCRIPTS))
    text = _VULGAR_FRACTION.sub(lambda found: " " + unicodedata.normalize("NFKC", found[0]), text)
    text = text.translate(_SIGNS)
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in text.splitlines())


def _missing(words: str | None) -> str | None:
    return f"“{words.strip()}” is not in what it cites." if words else None


def _opposed(said: str, held: str) -> str | None:
    if words := opposed(said, held):
        return f"“{words}” is at most in one and at least in the other."
    if words := turned_round(said, held):
        return f"It goes to “{words}” in one and from there in the other."
    if stretches := exchanged(said, held):
        return "“{}” and “{}” have changed places.".format(*stretches)
    return None


def _unquoted(sentence: str, held: str) -> str | None:
    """Return the first quotation that does not stand in a text word for word."""
    text = _flat(held)
    for pattern in _QUOTED:
        for quotation in pattern.finditer(sentence):
            quoted = next(part for part in quotation.groups() if part is not None)
            for part in _LEFT_OUT.split(_flat(normalised(quoted))):
                words = part.strip(_ENDS_OF_QUOTE)
                if words and not _stands_in(words, text):
                    return quoted
    return None


def _flat(text: str) -> str:
    return " ".join(text.replace('"', "'").split())


def _stands_in(words: str, text: str) -> bool:
    first = f"[{re.escape(words[0].upper() + words[0].lower())}]"
    before = r"(?<!\w)" if words[0].isalnum() else ""
    after = r"(?!\w)" if words[-1].isalnum() else ""
    return re.search(f"{before}{first}{re.escape(words[1:])}{after}", text) is not None


def _unlinked(said: str, held: str) -> str | None:
    """Return the first address, telephone number or code of a sentence that a text lacks."""
    folded = held.casefold()
    for match in _ADDRESS.finditer(said):
        address = match[0].rstrip(".,;:!?)]}'\"/")
        bare = re.sub(r"\A(?:https?://)?(?:www\.)?", "", address.casefold())
        if not re.search(rf"(?<![\w-]){re.escape(bare)}(?![\w-]|[.@]\w)", folded):
            return address
    said = _ADDRESS.sub(" ", said)
    digits = re.sub(r"\D", "", held)
    without = without_dates(said)
    for match in _PHONE.finditer(without):
        if _looks_like_phone(match[0]) and re.sub(r"\D", "", match[0]) not in digits:
            return match[0]
    codes = {match[0].casefold() for match in _CODE.finditer(held)}
    for match in _CODE.finditer(without):
        code = match[0].casefold()
        if _NO_CODE.fullmatch(code) or code in codes or code.removesuffix("s") in codes:
            continue
        parts = r"[\s-]?".join(map(re.escape, re.findall(r"\d+|[^\W\d_]+|_", code)))
        if re.search(rf"(?<!\w){parts}(?!\w)", folded):
            continue
        return match[0]
    return None


def _looks_like_phone(written: str) -> bool:
    groups = re.findall(r"\d+", written)
    return written.startswith(("+", "(")) or (len(groups) > 2 and all(len(g) > 1 for g in groups))


def _uncounted(said: str, held: str) -> str | None:
    if _flat(said).rstrip(_ENDS_OF_QUOTE) in _flat(held):  # a row of a table, word for word
        return None
    return unstated(_ADDRESS.sub(" ", said), without_dates(held, years=False))


def _unnamed(said: str, held: str) -> str | None:
    """Return the first proper name of a sentence that a text lacks."""
    said = without_dates(_CURRENCY.sub(" ", _ADDRESS.sub(" ", said)))
    for amount in amounts(said):
        if amount.unit:
            said = said[: amount.start] + " " * len(amount.text) + said[amount.end :]
    held_words, held_initials = _words_and_initials(held)
    tokens = list(_TOKEN.finditer(said))
    for at, token in enumerate(tokens):
        word = token[0].removesuffix("'s")
        following = _next_word(tokens, at) if token[0] == word else "'S"
        if not _is_name(word, said[: token.start()], following, said):
            continue
        if _held(word, held_words, held_initials) or _in_acronym(tokens, at, held):
            continue
        return word
    return None


def _next_word(tokens: list[re.Match[str]], at: int) -> str:
    return tokens[at + 1][0] if at + 1 < len(tokens) else ""


def _is_name(word: str, before: str, following: str, said: str) -> bool:
    low = word.replace(".", "").casefold()
    if word.isdigit() or low.replace("'", "") in ASKING_WORDS or low in _TITLES or low == "i":
        return False
    if not any(letter.isupper() for letter in word):
        return False
    if any(letter.isupper() for letter in word[1:]) or any(map(str.isdigit, word)):
        return not _NO_CODE.fullmatch(word)
    if len(word) == 1:
        return bool(before.strip())
    ordinary = _is_ordinary(low)
    if _BEGINS.search(before):
        return not ordinary or _names_by_what_follows(low, following)
    return not (ordinary and _is_title_case(said))


def _names_by_what_follows(first: str, following: str) -> bool:
    """Tell whether an ordinary word that begins a sentence is a name: "Tim Cook", "Ford's"."""
    if first in _BEGINNINGS | _NOT_OWNERS or _DESCRIBES.search(first):
        return False
    return following == "'S" or (following.istitle() and len(following) > 1)


@lru_cache(maxsize=4096)
def _is_ordinary(word: str) -> bool:
    """Tell whether a word in lower case is one of the language, or made of such words."""
    parts = re.split(r"['-]", word)
    return all(len(part) < 2 or bool(dictionary().known([part])) for part in parts)


def _is_title_case(said: str) -> bool:
    if said.rstrip()[-1:] in ".!?":
        return False
    words: list[str] = re.findall(r"[^\W\d_]{4,}", said)
    capitals = len([word for word in words if word[0].isupper()])
    return capitals > _NAMES_IN_TITLE_CASE * len(words)


@lru_cache(maxsize=128)
def _words_and_initials(text: str) -> tuple[frozenset[str], str]:
    """Return the folded words of a text with their stems, and the initials of its words."""
    words: set[str] = set()
    initials: list[str] = []
    for token in _TOKEN.finditer(text):
        folded = fold(token[0]).replace(".", "").removesuffix("'s")
        words |= {folded, stem(folded), folded.replace("'", "")}
        if folded not in _SMALL_WORDS:
            initials.append(token[0][0] if token[0][0].isupper() else folded[0])
        words.update(map(fold, re.findall(r"\d+|[^\W\d_]+", token[0])))
    for joined in re.findall(r"[^\W_]+(?:-[^\W_]+)+", text):
        words.add(fold(joined).replace("-", ""))
    return frozenset(words), "".join(initials)


def _held(word: str, words: frozenset[str], initials: str) -> bool:
    folded = fold(word).replace(".", "")
    forms = {folded, stem(folded), folded.replace("'", ""), *_SAME_NAMES.get(folded, ())}
    if forms & words:
        return True
    if len(folded) == 1:
        return any(each.startswith(folded) for each in words)
    acronym = folded.removesuffix("s") if word[-1] == "s" and word[:-1].isupper() else folded
    if acronym in words:
        return True
    is_acronym = word.replace(".", "").removesuffix("s").isupper() and len(acronym) > 1
    if not is_acronym or len(acronym) > 8:
        return False
    return (acronym in initials.casefold()) if len(acronym) > 2 else acronym.upper() in initials


def _in_acronym(tokens: list[re.Match[str]], at: int, held: str) -> bool:
    """Tell whether a name's word is part of one that a text has as an acronym."""
    acronyms = {
        each.replace(".", "") for each in re.findall(r"\b(?:[A-Z]{2,8}|(?:[A-Z]\.){2,})", held)
    }
    if not acronyms:
        return False
    low, high = max(0, at - 8), min(len(tokens), at + 9)
    for start in range(low, at + 1):
        letters = ""
        for end in range(start, high):
            word = tokens[end][0]
            if word.casefold() in _SMALL_WORDS:
                continue
            if not word[0].isupper():
                break
            letters += word[0]
            if end >= at and letters in acronyms:
                return True
    return False
