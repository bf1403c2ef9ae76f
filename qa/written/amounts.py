"""Numbers in a text with their units, and whether a text states one of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from index.search.terms import fold, stem, words
from qa.written.number_words import ORDINALS, SCALES, numbers_in_words
from qa.written.units import (
    CURRENCIES,
    CURRENCY_OF_SIGN,
    are_alike,
    in_base_unit,
    unit_at,
)

_SCALES = {**SCALES, "k": 1000, "K": 1000, "m": 10**6, "M": 10**6, "MM": 10**6, "mn": 10**6}
_SCALES.update({"mio": 10**6, "B": 10**9, "b": 10**9, "bn": 10**9, "tn": 10**12})
_CURRENCY = re.compile(r"(?:(US|C|CA|A|AU)?([$€£¥₹])|\b(USD|EUR|GBP|JPY|INR|CHF|CNY|CAD|AUD))\s?\Z")
_DOLLARS_OF = {"C": "cad", "CA": "cad", "A": "aud", "AU": "aud"}
_DIGITS = re.compile(
    r"(?<![\w.^])(?:\d{1,3}(?:,\d{3})+(?![\d])(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}(?!\d)|"
    r"(?:\d+ )?\d{1,2}/\d{1,2}(?![\d/])|\d+(?:[.,]\d+)*|\.\d+)(?!\d)"
)
_CLOCK = re.compile(
    r"(?<![\w:.])(\d{1,2})(?:[:.](\d\d))?\s?([ap])\.?m\b\.?|(?<![\w:.])(\d{1,2}):(\d\d)(?![\d:])",
    re.I,
)
_SCALE = re.compile(
    r"[\s-]?(hundred|dozen|thousand|million|billion|trillion|lakh|crore)\b|\s?(mn|mio|bn|tn)\b\.?",
    re.I,
)
_SHORT_SCALE = re.compile(r"\s?([kKMB]|m|MM)\b(?!\^)")
_ORDINAL_END = re.compile(r"(?:st|nd|rd|th)\b")
_PLURAL_END = re.compile(r"'?s\b")
_AND_A_HALF = re.compile(r"[\s-]and[\s-]a[\s-]half\b", re.I)
_OF_ONE = re.compile(r"[\s-](?:of\s)?(?:an?\s)?", re.I)
_PER = re.compile(r"\s?(?:/|\bper\b|\bp\.)\s?")
_BETWEEN = re.compile(
    r"\s*(?:-|to|or|and|,|x|×|by|versus|vs\.?|±|\+/-|through|up|about|from|between|respectively)"
    r"(?:\s*(?:-|to|or|and|about|approximately|up))*\s*",
    re.I,
)
_MOST_DIGITS = 1000
_MOST_BEFORE = 30
"""Characters before a number that tell its currency, its sign and its bound."""
_TABLE_SCALE = re.compile(
    r"(?:\bin|\(|[$€£])\s*(?:us\s?)?(?:[$€£]\s?)?(thousand|million|billion)s\b|(['’]000s?\b|\b000s\b)",
    re.I,
)
_ONE_OF = re.compile(r"\b(?:a|an|per|each|every|one|last|next|past|within the)[\s-]", re.I)
_ONE_THING = re.compile(
    r"\b(?:one|(?:for|within|after|in|takes?|took|lasts?|lasted)\s+an?)\s+([^\W\d_]+)", re.I
)
_NEXT_WORD = re.compile(r"\s([^\W\d_]+)")
_FROM = re.compile(r"\bfrom\s+(?:about\s+)?\W?\Z", re.I)
_TO = re.compile(r"(?<!compared )(?<!relative )\bto\s+(?:about\s+)?\W?\Z", re.I)
_CHANGED_TO = re.compile(
    r"\b(?:rose|risen|rises?|increas\w+|gr[eo]w\w*|fell|fallen|falls?|declin\w+|decreas\w+|"
    r"drop\w*|climb\w*|jump\w*|reduc\w+|from\s[^a-z]{1,15}|million|billion|percent)\s+to\s+\W?\Z",
    re.I,
)
_DETERMINED = re.compile(r"\b(?:the|its|their|his|her|our|a|an|this|that|every)\s+\Z", re.I)
_UPPER_BOUND = re.compile(
    r"\b(?:no|not|never)\s+(?:more|higher|greater|longer|larger|later)\s+than\s+\W?\Z|\bat\s+most\s+\W?\Z"
    r"|\bup\s+to\s+\W?\Z|\b(?:less|fewer|lower|shorter|smaller)\s+than\s+\W?\Z"
    r"|\b(?:below|under|maximum\s+of|not\s+exceed(?:ing)?)\s+\W?\Z",
    re.I,
)
_LOWER_BOUND = re.compile(
    r"\b(?:no|not)\s+(?:less|fewer|lower|earlier)\s+than\s+\W?\Z|\bat\s+least\s+\W?\Z"
    r"|\b(?:more|higher|greater|longer|larger)\s+than\s+\W?\Z"
    r"|\b(?:above|over|exceed(?:s|ed|ing)?|beyond|minimum\s+of)\s+\W?\Z",
    re.I,
)
_FALLS = re.compile(
    r"\b(?:decreas|declin|fell|fall|drop|loss|lost|lower|down|below|minus|negative|reduc|less|fewer|"
    r"deficit|shrank|shrunk|shrink|worse|used|outflow|paid|expense)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number that a text states.

    `value` has the `scale`, such as a million, counted in. `unit` is a name that all forms of it
    share, "" without one. `sign` is -1 after a minus sign, 0 in parentheses, which may be one.
    `bound` is 1 after "at least" and the like, -1 after "at most".
    """

    text: str
    start: int
    end: int
    value: Fraction
    unit: str = ""
    per: str = ""
    scale: int = 1
    sign: int = 1
    bound: int = 0
    is_ordinal: bool = False
    inherited: bool = False


def unstated(sentence: str, cited: str) -> str | None:
    """Return the first number of a sentence, with its unit, that `cited` does not state, if any.

    Both are texts as `rules.normalised` gives them, the sentence without its dates.
    """
    stated = {replace(amount, text="", start=0, end=0) for amount in amounts(cited)}
    spare = _units_outside(cited)
    scales = table_scales(cited)
    for amount in amounts(sentence):
        if _needs_no_source(amount, sentence):
            continue
        if not any(_is_stated_by(amount, other, spare, scales, sentence) for other in stated):
            return amount.text
    return _miscounted(sentence, cited)


def opposed(sentence: str, cited: str) -> str | None:
    """Return the number that is at most in the sentence and at least in `cited`, or vice versa."""
    stated = amounts(cited)
    for amount in amounts(sentence):
        same = [each for each in stated if each.value == amount.value and each.unit == amount.unit]
        if amount.bound and same and all(each.bound == -amount.bound for each in same):
            return amount.text
    return None


def turned_round(sentence: str, cited: str) -> str | None:
    """Return the number that a change ends with in the sentence and begins with in `cited`.

    Or the other way round.
    """
    stated = amounts(cited)
    for amount in amounts(sentence):
        same = [each for each in stated if each.value == amount.value and each.unit == amount.unit]
        begins, ends = _follows(_FROM, sentence, amount), _follows(_CHANGED_TO, sentence, amount)
        other = _TO if begins else _FROM
        if (begins or ends) and same and all(_follows(other, cited, each) for each in same):
            return amount.text
    return None


def _follows(words: re.Pattern[str], text: str, amount: Amount) -> bool:
    return words.search(text[max(0, amount.start - _MOST_BEFORE) : amount.start]) is not None


def _miscounted(sentence: str, cited: str) -> str | None:
    """Return "one patient" or "for a day" where `cited` has only several of them."""
    stated = amounts(cited)
    if any(each.value == 1 for each in stated):
        return None
    counted = {stem(fold(_thing(cited, each))) for each in stated if not each.is_ordinal}
    held = set(words(cited))
    for one in _ONE_THING.finditer(sentence):
        if stem(fold(one[1])) in counted and fold(one[1]) not in held:
            return one[0]
    return None


def _thing(text: str, amount: Amount) -> str:
    """Return the word for what a number counts."""
    last = amount.text.split()[-1]
    following = _NEXT_WORD.match(text, amount.end)
    return following[1] if following and not amount.unit else last


def table_scales(text: str) -> frozenset[int]:
    """Return what the numbers of tables count, such as a million for "(in millions)"."""
    found = _TABLE_SCALE.finditer(text)
    return frozenset(_SCALES[each[1].lower()] if each[1] else 1000 for each in found)


def _needs_no_source(amount: Amount, sentence: str) -> bool:
    word = amount.text.lower()
    if word == "one":
        return True
    if amount.is_ordinal and word in ORDINALS:
        if sentence[amount.end : amount.end + 1] == ",":
            return True
        return word == "first" and not _DETERMINED.search(sentence[: amount.start])
    return False


def _is_stated_by(
    amount: Amount, other: Amount, spare: frozenset[str], scales: frozenset[int], sentence: str
) -> bool:
    if _is_half(amount, other) or _is_converted(amount, other):
        return True
    by_table = other.scale == 1 and any(amount.value == other.value * each for each in scales)
    equal = amount.value == other.value and not _loses_scale(amount, other, scales)
    rises = other.sign < 0 < amount.sign and not _FALLS.search(sentence)
    if not (equal or by_table) or amount.sign < 0 < other.sign or rises:
        return False
    return _same_unit(amount, other, spare)


def _is_half(amount: Amount, other: Amount) -> bool:
    """Tell whether one is a half and the other 50 %."""
    values = {(amount.value, amount.unit), (other.value, other.unit)}
    return values == {(Fraction(1, 2), ""), (Fraction(50), "%")}


def _is_converted(amount: Amount, other: Amount) -> bool:
    """Tell whether both are the same in two units, such as half an hour and 30 minutes."""
    if amount.unit == other.unit or amount.per != other.per or amount.sign != other.sign:
        return False
    one, two = in_base_unit(amount.value, amount.unit), in_base_unit(other.value, other.unit)
    return one is not None and one == two


def _loses_scale(amount: Amount, other: Amount, scales: frozenset[int]) -> bool:
    """Tell whether "$1,234" is made of 1,234 below "in millions"."""
    plain = amount.scale == other.scale == 1
    return plain and bool(scales) and amount.unit in CURRENCIES and amount.value >= 100


def _same_unit(amount: Amount, other: Amount, spare: frozenset[str]) -> bool:
    if amount.per and other.per and amount.per != other.per:
        return False
    if are_alike(amount.unit, other.unit):
        return True
    if not amount.unit:
        return other.inherited or other.unit not in {"%", "pp", "bp"}
    if not other.unit or other.inherited:
        return amount.unit in spare
    return False


@lru_cache(maxsize=256)
def _units_outside(text: str) -> frozenset[str]:
    """Return the units that stand in a text without a number, as in the head of a table.

    A currency need not: it often stands at the first number of a column only.
    """
    found = amounts(text)
    rest = list(text)
    for amount in found:
        rest[amount.start : amount.end] = " " * (amount.end - amount.start)
    left = "".join(rest)
    units = {each.unit for each in found if each.unit in CURRENCIES}
    if re.search(r"\b(?:aged?|ages|old)\b", text, re.I):
        units.add("year")
    for start in re.finditer(r"(?<![\w.])(?=[^\W\d_]|[%°$€£¥₹])", left):
        if unit := unit_at(left, start.start()):
            units.add(unit[0])
    return frozenset(units)


@lru_cache(maxsize=256)
def amounts(text: str) -> tuple[Amount, ...]:
    """Return the numbers that a text states, in order, those in words among them."""
    found = list(_clock_times(text))
    taken = _blanked(text, found)
    found += _in_digits(taken)
    taken = _blanked(text, found)
    found += _in_words(taken)
    found += _single(_blanked(text, found))
    return _with_shared_units(text, sorted(found, key=lambda amount: amount.start))


def _blanked(text: str, found: Sequence[Amount]) -> str:
    letters = list(text)
    for amount in found:
        letters[amount.start : amount.end] = "\x00" * (amount.end - amount.start)
    return "".join(letters)


def _clock_times(text: str) -> Iterator[Amount]:
    for match in _CLOCK.finditer(text):
        hour, minute = int(match[1] or match[4]), int(match[2] or match[5] or 0)
        if match[3] and match[3].lower() == "p" and hour < 12:
            hour += 12
        yield Amount(match[0], *match.span(), Fraction(hour * 60 + minute), "o'clock")


def _in_digits(text: str) -> Iterator[Amount]:
    for match in _DIGITS.finditer(text):
        value = _value_of(match[0])
        start, end = match.span()
        before = text[max(0, start - _MOST_BEFORE) : start]
        currency = _CURRENCY.search(before.removesuffix("("))
        start -= len(before) - currency.start() if currency else 0
        enclosed = bool(re.search(r"\([$€£]?\s?\Z", before)) and text[end : end + 1] == ")"
        sign = 0 if enclosed else _sign(text, start, match.start())
        if ordinal := _ORDINAL_END.match(text, end):
            yield Amount(text[start : ordinal.end()], start, ordinal.end(), value, is_ordinal=True)
            continue
        if plural := _PLURAL_END.match(text, end):
            yield Amount(text[start : plural.end()], start, plural.end(), value)
            continue
        amount = _with_unit(text, start, end, value, _currency_of(currency) if currency else "")
        if amount is not None:
            yield replace(amount, sign=sign, bound=_bound(text, start))


def _sign(text: str, start: int, digits: int) -> int:
    first = max(0, start - _MOST_BEFORE)
    before = text[first:start].rstrip(" ")
    if re.search(r"(?:\A|[\s(|:$€£])-\Z", text[first:digits].rstrip("$€£ ")) and not re.search(
        r"[\d%]\s?-\Z", before
    ):
        return -1
    return -1 if re.search(r"\b(?:minus|negative)\Z", before, re.I) else 1


def _bound(text: str, start: int) -> int:
    before = text[max(0, start - _MOST_BEFORE) : start]
    if _UPPER_BOUND.search(before):
        return -1
    return 1 if _LOWER_BOUND.search(before) else 0


def _currency_of(found: re.Match[str]) -> str:
    country, sign, code = found.groups()
    if code:
        return str(code).lower()
    return _DOLLARS_OF.get(country or "", CURRENCY_OF_SIGN[sign])


def _value_of(digits: str) -> Fraction:
    if len(digits) > _MOST_DIGITS:
        digits = re.sub(r"\D", "", digits)[:_MOST_DIGITS]
    if "/" in digits:
        whole, _, part = digits.rpartition(" ")
        over, under = map(int, part.split("/"))
        return Fraction(whole or 0) + (Fraction(over, under) if under else over)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}", digits):
        return Fraction(digits.replace(".", "").replace(",", "."))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        return Fraction(digits.replace(",", ""))
    if re.fullmatch(r"\d*[.,]?\d+", digits):
        return Fraction(digits.replace(",", "."))
    return Fraction(
        re.sub(r"\D", "", digits)[:_MOST_DIGITS]
    )  # a version, or digits in groups of two


def _with_unit(text: str, start: int, end: int, value: Fraction, currency: str) -> Amount | None:
    """Return the number with the scale and unit that follow it; None if it is part of a code."""
    scale = 1
    if half := _AND_A_HALF.match(text, end):
        value, end = value + Fraction(1, 2), half.end()
    of_one = _OF_ONE.match(text, end) if value == Fraction(1, 2) else None
    if of_one and (unit_of_half := unit_at(text, of_one.end())):
        name, end = unit_of_half
        return Amount(text[start:end], start, end, value, name)
    while found := _SCALE.match(text, end):
        scale *= _SCALES[(found[1] or found[2]).lower()]
        end = found.end()
    if scale == 1 and (found := _SHORT_SCALE.match(text, end)):
        letter = found[1]
        glued = not text[end].isspace()
        if currency or (letter in "kKMB" and glued):
            scale, end = _SCALES[letter], found.end()
    value *= scale
    unit, per = currency, ""
    if not currency and (known := _unit_after(text, end)):
        unit, end = known
        if (division := _PER.match(text, end)) and (by := unit_at(text, division.end())):
            per, end = by
    if text[end : end + 1].isalpha() or text[end : end + 1] == "_":
        return None
    unit = "" if unit == "times" else unit
    return Amount(text[start:end], start, end, value, unit, per, scale)


def _unit_after(text: str, end: int) -> tuple[str, int] | None:
    for gap in (r"", r"\s?-?\s?", r"\s\("):
        if (skipped := re.compile(gap).match(text, end)) and (unit := unit_at(text, skipped.end())):
            return unit
    return None


def _in_words(text: str) -> Iterator[Amount]:
    taken = 0
    for found in numbers_in_words(text):
        start, end = found.start, found.end
        if start < taken:
            continue
        amount = Amount(text[start:end], start, end, found.value, is_ordinal=found.is_ordinal)
        if not found.is_ordinal:
            known = _with_unit(text, start, end, found.value, "")
            amount = replace(known or amount, bound=_bound(text, start))
        taken = amount.end
        yield amount


def _single(text: str) -> Iterator[Amount]:
    """Yield one of a unit, as in "a week"."""
    for match in _ONE_OF.finditer(text):
        if text[match.end() : match.end() + 1].isalpha() and (unit := unit_at(text, match.end())):
            yield Amount("one", match.start(), unit[1], Fraction(1), unit[0])


def _with_shared_units(text: str, found: Sequence[Amount]) -> tuple[Amount, ...]:
    """Give each number of "2 to 3 days" and "5, 10 and 15 mg" its unit and its scale."""
    shared = list(found)
    for at in reversed(range(len(shared) - 1)):
        one, other = shared[at], shared[at + 1]
        if one.is_ordinal or other.is_ordinal or one.text == "one":
            continue
        if not _BETWEEN.fullmatch(text, one.end, other.start):
            continue
        if (
            one.scale == 1
            and other.scale > 1
            and (not one.unit or one.unit == other.unit or one.unit in CURRENCIES)
        ):
            one = replace(one, value=one.value * other.scale, scale=other.scale)
        if other.unit and not one.unit:
            one = replace(one, unit=other.unit, per=other.per, inherited=True)
        shared[at] = one
    for at in range(1, len(shared)):
        one, other = shared[at - 1], shared[at]
        if (
            one.unit in CURRENCIES
            and not other.unit
            and not other.is_ordinal
            and _BETWEEN.fullmatch(text, one.end, other.start)
        ):
            shared[at] = replace(other, unit=one.unit, inherited=True)
    return tuple(shared)
