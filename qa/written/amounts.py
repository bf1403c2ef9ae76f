"""Numbers in a text with their units, and whether a text states one of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_NUMBER_WORDS = {
    **{word: Fraction(number) for number, word in enumerate(_SMALL)},
    **{word: Fraction(10 * number) for number, word in enumerate(_TENS, 2)},
}
_ORDINAL_WORDS = {word: Fraction(number) for number, word in enumerate(_ORDINALS)}
_SCALES = {
    **{"hundred": 100, "dozen": 12, "thousand": 1000, "k": 1000, "million": 10**6, "mn": 10**6},
    **{"mio": 10**6, "mm": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9, "b": 10**9},
    **{"trillion": 10**12, "tn": 10**12, "lakh": 10**5, "crore": 10**7},
}
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "tenth": 10}
_TIMES = {"twice": 2, "double": 2, "doubled": 2, "doubles": 2, "doubling": 2, "twofold": 2}
_TIMES |= {"thrice": 3, "triple": 3, "tripled": 3, "triples": 3, "tripling": 3, "threefold": 3}
_TIMES |= {"quadrupled": 4, "fourfold": 4, "tenfold": 10}

_UNIT_WORDS = """
%: percent, per cent, percents, pct | pp: percentage points?, percent points?, %-points?
bp: basis points?, bps | s: seconds?, secs? | ms: milliseconds? | min: minutes?, mins?
h: hours?, hrs? | day: days? | week: weeks?, wks? | month: months? | year: years?, yrs?
decade: decades? | century: century, centuries | mg: milligram(?:me)?s?
µg: micrograms?, mcg | g: gram(?:me)?s? | kg: kilogram(?:me)?s?, kilos?, kgs | t: tons?, tonnes?
lb: lbs?\\.? | pound: pounds? | oz: ounces?, oz\\.? | mm: millimet(?:er|re)s? | cm: centimet(?:er|re)s?
m: met(?:er|re)s? | km: kilomet(?:er|re)s?, kms | µm: micromet(?:er|re)s?, microns?
nm: nanomet(?:er|re)s? | inch: inch(?:es)? | ft: feet, foot | yd: yards? | mile: miles?
ml: millilit(?:er|re)s?, mls?, cc | l: lit(?:er|re)s? | gallon: gallons? | cup: cups?
tbsp: tablespoons?, tbsps? | tsp: teaspoons?, tsps? | °C: degrees? celsius, degrees? centigrade
°F: degrees? fahrenheit | °: degrees? | kcal: kilocalories? | cal: calories? | W: watts?
kW: kilowatts? | MW: megawatts? | GW: gigawatts? | kWh: kilowatt[- ]hours? | V: volts?
Hz: hertz | kHz: kilohertz | MHz: megahertz | GHz: gigahertz | byte: bytes? | KB: kilobytes?
MB: megabytes? | GB: gigabytes? | TB: terabytes? | ha: hectares? | acre: acres?
m^2: square met(?:er|re)s?, sq\\.? m | km^2: square kilomet(?:er|re)s? | mile^2: square miles?
ft^2: square feet, sq\\.? ft\\.? | m^3: cubic met(?:er|re)s? | usd: (?:u\\.?s\\.? )?dollars?, usd, us\\$
cent: cents? | eur: euros?, eur | gbp: pounds sterling, gbp | jpy: yen, jpy | inr: rupees?, inr
chf: swiss francs?, francs?, chf | cny: yuan, renminbi, rmb, cny | times: times, fold
"""
_UNIT_SIGNS = (
    "% mg µg g kg mm cm m km µm nm ml mL l L dl dL µl °C °F ° kcal kJ J W kW MW GW kWh MWh V mV A "
    "mA Hz kHz MHz GHz KB kB MB GB TB Mbps Gbps dB rpm mph ppm ppb mmHg IU mol mmol µmol nmol mM µM "
    "nM kPa MPa Pa psi bar N m^2 m2 km^2 km2 cm^2 cm2 ft^2 m^3 m3 cm^3 s ms h min ft yd ha t kt pp "
    "$ € £ ¥ ₹ in\\."
).split()
_SAME_UNIT = {"mL": "ml", "L": "l", "dL": "dl", "kB": "KB", "m2": "m^2", "km2": "km^2", "m3": "m^3"}
_SAME_UNIT |= {"cm2": "cm^2", "$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "₹": "inr"}
_SAME_UNIT |= {"in\\.": "inch", "cc": "ml"}
_MADE_OF = {
    **{"s": (1, "s"), "min": (60, "s"), "h": (3600, "s"), "day": (1, "day"), "week": (7, "day")},
    **{"month": (1, "month"), "year": (12, "month"), "decade": (120, "month")},
    **{"µg": (1, "µg"), "mg": (10**3, "µg"), "g": (10**6, "µg"), "kg": (10**9, "µg")},
    **{"µm": (1, "µm"), "mm": (10**3, "µm"), "cm": (10**4, "µm"), "m": (10**6, "µm")},
    **{"km": (10**9, "µm"), "ml": (1, "ml"), "dl": (100, "ml"), "l": (1000, "ml")},
}
"""How many of a smaller unit a unit is."""
_CURRENCIES = frozenset("usd eur gbp jpy inr chf cny cad aud".split())
_ALIKE = (
    {"pound", "lb"},
    {"pound", "gbp"},
    {"°", "°C"},
    {"°", "°F"},
    {"usd", "cad"},
    {"usd", "aud"},
)


def _forms() -> tuple[tuple[str, str], ...]:
    listed = (entry.split(":", 1) for entry in re.split(r"\s\|\s|\n", _UNIT_WORDS) if entry.strip())
    pairs = [(name.strip(), form.strip()) for name, all_of in listed for form in all_of.split(",")]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[1])))


_WORD_UNITS = [(re.compile(rf"{form}(?![\w^])", re.I), name) for name, form in _forms()]
_SIGN_UNITS = [
    (re.compile(re.escape(sign) if sign[-1:] != "." else sign), _SAME_UNIT.get(sign, sign))
    for sign in sorted(_UNIT_SIGNS, key=len, reverse=True)
]
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
_WORD = "|".join(
    sorted(
        (*_NUMBER_WORDS, *_ORDINAL_WORDS, *_TIMES, *_PARTS, "hundred", "thousand", "million")
        + ("billion", "trillion", "dozen", "thirds", "quarters", "fourths", "fifths", "tenths"),
        key=len,
        reverse=True,
    )
)
_WORDS = re.compile(
    rf"(?<![\w'])(?:a[\s-])?(?:{_WORD})(?:(?:[\s-]|\sand\s)(?:{_WORD}))*(?!\w)", re.I
)
_BETWEEN = re.compile(
    r"\s*(?:-|to|or|and|,|x|×|by|versus|vs\.?|±|\+/-|through|up|about|from|between|respectively)"
    r"(?:\s*(?:-|to|or|and|about|approximately|up))*\s*",
    re.I,
)
_TABLE_SCALE = re.compile(
    r"(?:\bin|\(|[$€£])\s*(?:us\s?)?(?:[$€£]\s?)?(thousand|million|billion)s\b|(['’]000s?\b|\b000s\b)",
    re.I,
)
_ONE_OF = re.compile(r"\b(?:a|an|per|each|every|one|last|next|past|within the)[\s-]", re.I)
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
    stated = amounts(cited)
    spare = _units_outside(cited)
    scales = table_scales(cited)
    for amount in amounts(sentence):
        if _needs_no_source(amount, sentence):
            continue
        if not any(_is_stated_by(amount, other, spare, scales, sentence) for other in stated):
            return amount.text
    return None


def opposed(sentence: str, cited: str) -> str | None:
    """Return the number that is at most in the sentence and at least in `cited`, or vice versa."""
    stated = amounts(cited)
    for amount in amounts(sentence):
        same = [each for each in stated if each.value == amount.value and each.unit == amount.unit]
        if amount.bound and same and all(each.bound == -amount.bound for each in same):
            return amount.text
    return None


def table_scales(text: str) -> frozenset[int]:
    """Return what the numbers of tables count, such as a million for "(in millions)"."""
    found = _TABLE_SCALE.finditer(text)
    return frozenset(_SCALES[each[1].lower()] if each[1] else 1000 for each in found)


def _needs_no_source(amount: Amount, sentence: str) -> bool:
    word = amount.text.lower()
    if word == "one":
        return True
    if amount.is_ordinal and word in _ORDINAL_WORDS:
        if sentence[amount.end : amount.end + 1] == ",":
            return True
        return word == "first" and not _DETERMINED.search(sentence[: amount.start])
    return False


def _is_stated_by(
    amount: Amount, other: Amount, spare: frozenset[str], scales: frozenset[int], sentence: str
) -> bool:
    if amount.value == other.value:
        if _loses_scale(amount, other, scales):
            return False
    elif other.scale == 1 and any(amount.value == other.value * scale for scale in scales):
        pass
    elif _is_half(amount, other) or _is_converted(amount, other):
        return True
    else:
        return False
    if amount.sign < 0 < other.sign:
        return False
    if other.sign < 0 < amount.sign and not _FALLS.search(sentence):
        return False
    return _same_unit(amount, other, spare)


def _is_half(amount: Amount, other: Amount) -> bool:
    """Tell whether one is a half and the other 50 %."""
    values = {(amount.value, amount.unit), (other.value, other.unit)}
    return values == {(Fraction(1, 2), ""), (Fraction(50), "%")}


def _is_converted(amount: Amount, other: Amount) -> bool:
    """Tell whether both are the same in two units, such as half an hour and 30 minutes."""
    if amount.unit not in _MADE_OF or other.unit not in _MADE_OF or amount.per != other.per:
        return False
    (many, base), (as_many, same) = _MADE_OF[amount.unit], _MADE_OF[other.unit]
    return base == same and amount.value * many == other.value * as_many


def _loses_scale(amount: Amount, other: Amount, scales: frozenset[int]) -> bool:
    """Tell whether "$1,234" is made of 1,234 below "in millions"."""
    plain = amount.scale == other.scale == 1
    return plain and bool(scales) and amount.unit in _CURRENCIES and amount.value >= 100


def _same_unit(amount: Amount, other: Amount, spare: frozenset[str]) -> bool:
    if amount.per and other.per and amount.per != other.per:
        return False
    if amount.unit == other.unit or {amount.unit, other.unit} in _ALIKE:
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
    units = {each.unit for each in found if each.unit in _CURRENCIES}
    if re.search(r"\b(?:aged?|ages|old)\b", text, re.I):
        units.add("year")
    for start in re.finditer(r"(?<![\w.])(?=[^\W\d_]|[%°$€£¥₹])", left):
        if unit := _unit_at(left, start.start()):
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
        before = text[:start]
        currency = _CURRENCY.search(before.removesuffix("("))
        start = currency.start() if currency else start
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
    before = text[:start].rstrip(" ")
    if re.search(r"(?:\A|[\s(|:$€£])-\Z", text[:digits].rstrip("$€£ ")) and not re.search(
        r"[\d%]\s?-\Z", before
    ):
        return -1
    return -1 if re.search(r"\b(?:minus|negative)\Z", before, re.I) else 1


def _bound(text: str, start: int) -> int:
    before = text[max(0, start - 30) : start]
    if _UPPER_BOUND.search(before):
        return -1
    return 1 if _LOWER_BOUND.search(before) else 0


def _currency_of(found: re.Match[str]) -> str:
    country, sign, code = found.groups()
    if code:
        return str(code).lower()
    return _DOLLARS_OF.get(country or "", _SAME_UNIT[sign])


def _value_of(digits: str) -> Fraction:
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
    return Fraction(re.sub(r"\D", "", digits))  # a version, or digits in groups of two


def _with_unit(text: str, start: int, end: int, value: Fraction, currency: str) -> Amount | None:
    """Return the number with the scale and the unit that follow it; None if it is part of a code."""
    scale = 1
    if half := _AND_A_HALF.match(text, end):
        value, end = value + Fraction(1, 2), half.end()
    if value == Fraction(1, 2) and (of := _OF_ONE.match(text, end)):
        if unit := _unit_at(text, of.end()):
            return Amount(text[start : unit[1]], start, unit[1], value, unit[0])
    while found := _SCALE.match(text, end):
        scale *= _SCALES[(found[1] or found[2]).lower()]
        end = found.end()
    if scale == 1 and (found := _SHORT_SCALE.match(text, end)):
        letter = found[1]
        glued = not text[end].isspace()
        if currency or (letter in "kKMB" and glued):
            scale, end = _SCALES[letter.lower()], found.end()
    value *= scale
    unit, per = currency, ""
    if not currency and (known := _unit_after(text, end)):
        unit, end = known
        if (division := _PER.match(text, end)) and (by := _unit_at(text, division.end())):
            per, end = by
    if text[end : end + 1].isalpha() or text[end : end + 1] == "_":
        return None
    unit = "" if unit == "times" else unit
    return Amount(text[start:end], start, end, value, unit, per, scale)


def _unit_after(text: str, end: int) -> tuple[str, int] | None:
    for gap in (r"", r"\s?-?\s?", r"\s\("):
        if (skipped := re.compile(gap).match(text, end)) and (
            unit := _unit_at(text, skipped.end())
        ):
            return unit
    return None


def _unit_at(text: str, start: int) -> tuple[str, int] | None:
    """Return the name of the unit that stands there, and where it ends."""
    for pattern, name in _WORD_UNITS:
        if found := pattern.match(text, start):
            return name, found.end()
    for pattern, name in _SIGN_UNITS:
        if found := pattern.match(text, start):
            end = found.end()
            if not (name[-1].isalpha() and re.match(r"[\w^']", text[end : end + 1])):
                return name, end
    return None


def _in_words(text: str) -> Iterator[Amount]:
    taken = 0
    for match in _WORDS.finditer(text):
        for start, end, value, is_ordinal in _parsed(match):
            if start < taken:
                continue
            amount = Amount(text[start:end], start, end, value, is_ordinal=True)
            if not is_ordinal:
                known = _with_unit(text, start, end, value, "")
                amount = replace(known or amount, bound=_bound(text, start), is_ordinal=False)
            taken = amount.end
            yield amount


def _parsed(match: re.Match[str]) -> Iterator[tuple[int, int, Fraction, bool]]:
    """Yield (start, end, value, is ordinal) of each number in a run of number words."""
    words = list(re.finditer(r"[a-z]+", match[0], re.I))
    at = 0
    while at < len(words):
        first = at
        total, current, last = Fraction(0), Fraction(0), Fraction(10**15)
        ordinal, some = False, False
        while at < len(words):
            word = words[at][0].lower()
            if word in {"a", "and"}:
                at += 1
                first = at if not some else first
                continue
            plural = word.removesuffix("s")
            if some and (word in _PARTS or plural in _PARTS) and current and word != "second":
                parts = _PARTS.get(word) or _PARTS[plural]
                if word == plural and word != "half" and current != 1:
                    break
                current, some = current / parts, True
                at += 1
                break
            if word in _NUMBER_WORDS and (value := _NUMBER_WORDS[word]) < min(last, 100):
                current, last = current + value, Fraction(10 if value >= 20 else 0)
            elif word in _SCALES:
                if _SCALES[word] > 100:
                    total, current = total + (current or 1) * _SCALES[word], Fraction(0)
                else:
                    current = (current or 1) * _SCALES[word]
                last = Fraction(100)
            elif word in _ORDINAL_WORDS and (not some or last > _ORDINAL_WORDS[word]):
                current, ordinal, some = current + _ORDINAL_WORDS[word], True, True
                at += 1
                break
            elif not some and (word in _TIMES or word in {"half", "halves"}):
                current = Fraction(_TIMES[word]) if word in _TIMES else Fraction(1, 2)
                at, some = at + 1, True
                break
            else:
                break
            some = True
            at += 1
        if not some:
            at += 1
            continue
        begin, end = words[first].start(), words[at - 1].end()
        yield match.start() + begin, match.start() + end, total + current, ordinal


def _single(text: str) -> Iterator[Amount]:
    """Yield one of a unit, as in "a week"."""
    for match in _ONE_OF.finditer(text):
        unit = _unit_at(text, match.end())
        if unit and text[match.end()].isalpha() and len(unit[0]) > 1 or unit and unit[0] in "shgml":
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
            and (not one.unit or one.unit == other.unit or one.unit in _CURRENCIES)
        ):
            one = replace(one, value=one.value * other.scale, scale=other.scale)
        if other.unit and not one.unit:
            one = replace(one, unit=other.unit, per=other.per, inherited=True)
        shared[at] = one
    for at in range(1, len(shared)):
        one, other = shared[at - 1], shared[at]
        if (
            one.unit in _CURRENCIES
            and not other.unit
            and not other.is_ordinal
            and _BETWEEN.fullmatch(text, one.end, other.start)
        ):
            shared[at] = replace(other, unit=one.unit, inherited=True)
    return tuple(shared)
