"""Units of measurement and currencies, and the forms that each of them is written in."""

import re
from fractions import Fraction

_UNIT_WORDS = """
%: percent, per cent, percents, pct | pp: percentage points?, percent points?, %-points?
bp: basis points?, bps | s: seconds?, secs? | ms: milliseconds? | min: minutes?, mins?
h: hours?, hrs? | day: days? | week: weeks?, wks? | month: months? | year: years?, yrs?
decade: decades? | century: century, centuries | mg: milligram(?:me)?s?
µg: micrograms?, mcg | g: gram(?:me)?s? | kg: kilogram(?:me)?s?, kilos?, kgs | t: tons?, tonnes?
lb: lbs?\\.? | pound: pounds? | oz: ounces?, oz\\.? | mm: millimet(?:er|re)s?
cm: centimet(?:er|re)s? | m: met(?:er|re)s? | km: kilomet(?:er|re)s?, kms
µm: micromet(?:er|re)s?, microns?
nm: nanomet(?:er|re)s? | inch: inch(?:es)? | ft: feet, foot | yd: yards? | mile: miles?
ml: millilit(?:er|re)s?, mls?, cc | l: lit(?:er|re)s? | gallon: gallons? | cup: cups?
tbsp: tablespoons?, tbsps? | tsp: teaspoons?, tsps? | °C: degrees? celsius, degrees? centigrade
°F: degrees? fahrenheit | °: degrees? | kcal: kilocalories? | cal: calories? | W: watts?
kW: kilowatts? | MW: megawatts? | GW: gigawatts? | kWh: kilowatt[- ]hours? | V: volts?
Hz: hertz | kHz: kilohertz | MHz: megahertz | GHz: gigahertz | byte: bytes? | KB: kilobytes?
MB: megabytes? | GB: gigabytes? | TB: terabytes? | ha: hectares? | acre: acres?
m^2: square met(?:er|re)s?, sq\\.? m | km^2: square kilomet(?:er|re)s? | mile^2: square miles?
ft^2: square feet, sq\\.? ft\\.? | m^3: cubic met(?:er|re)s?
usd: (?:u\\.?s\\.? )?dollars?, usd, us\\$
cent: cents? | eur: euros?, eur | gbp: pounds sterling, gbp | jpy: yen, jpy | inr: rupees?, inr
chf: swiss francs?, francs?, chf | cny: yuan, renminbi, rmb, cny | times: times, fold
"""
_UNIT_SIGNS = (
    "% mg µg g kg mm cm m km µm nm ml mL l L dl dL µl °C °F ° kcal kJ J W kW MW GW kWh MWh V mV A "
    "mA Hz kHz MHz GHz KB kB MB GB TB Mbps Gbps dB rpm mph ppm ppb mmHg IU mol mmol µmol nmol mM "
    "µM nM kPa MPa Pa psi bar N m^2 m2 km^2 km2 cm^2 cm2 ft^2 m^3 m3 cm^3 s ms h min ft yd ha t kt "
    "pp $ € £ ¥ ₹ in\\."
).split()
_SAME_UNIT = {"mL": "ml", "L": "l", "dL": "dl", "kB": "KB", "m2": "m^2", "km2": "km^2", "m3": "m^3"}
CURRENCY_OF_SIGN = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "₹": "inr"}
_SAME_UNIT |= {"cm2": "cm^2", "in\\.": "inch", **CURRENCY_OF_SIGN}
_MADE_OF: dict[str, tuple[int, str]] = {
    "s": (1, "s"),
    "min": (60, "s"),
    "h": (3600, "s"),
    "day": (1, "day"),
    "week": (7, "day"),
    "month": (1, "month"),
    "year": (12, "month"),
    "decade": (120, "month"),
    "µg": (1, "µg"),
    "mg": (10**3, "µg"),
    "g": (10**6, "µg"),
    "kg": (10**9, "µg"),
    "µm": (1, "µm"),
    "mm": (10**3, "µm"),
    "cm": (10**4, "µm"),
    "m": (10**6, "µm"),
    "km": (10**9, "µm"),
    "ml": (1, "ml"),
    "dl": (100, "ml"),
    "l": (1000, "ml"),
}
"""How many of a smaller unit a unit is."""
CURRENCIES = frozenset("usd eur gbp jpy inr chf cny cad aud".split())
_ALIKE = (
    {"pound", "lb"},
    {"pound", "gbp"},
    {"°", "°C"},
    {"°", "°F"},
    {"usd", "cad"},
    {"usd", "aud"},
)


def _forms() -> tuple[tuple[str, str], ...]:
    entries = filter(None, re.split(r"\s\|\s|\n", _UNIT_WORDS))
    listed = (entry.split(":", 1) for entry in entries)
    pairs = [(name.strip(), form.strip()) for name, all_of in listed for form in all_of.split(",")]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[1])))


_WORD_UNITS = [(re.compile(rf"{form}(?![\w^])", re.I), name) for name, form in _forms()]
_SIGN_UNITS = [
    (re.compile(re.escape(sign) if sign[-1:] != "." else sign), _SAME_UNIT.get(sign, sign))
    for sign in sorted(_UNIT_SIGNS, key=len, reverse=True)
]


def unit_at(text: str, start: int) -> tuple[str, int] | None:
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


def are_alike(unit: str, other: str) -> bool:
    """Tell whether two names are of one unit, or may be: "$" of US or Canadian dollars."""
    return unit == other or {unit, other} in _ALIKE


def in_base_unit(value: Fraction, unit: str) -> tuple[Fraction, str] | None:
    """Return a quantity in the smallest unit of its kind; None for a unit that has none."""
    if unit not in _MADE_OF:
        return None
    many, base = _MADE_OF[unit]
    return value * many, base
