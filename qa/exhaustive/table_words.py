"""Words of tables and of questions on them, in English and German: one stands for its synonyms.

So "customers in Ulm" finds the column `Ort` of a file with `Kunde`, and "over 3000 euros" finds
`Betrag`. A word that is not here stands for itself. German words that say nothing of a row stand
for "which" or "the", which say nothing either.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from index.search.terms import stem

Operator = Literal["is", "gt", "gte", "lt", "lte", "eq", "none", "some"]
_SYNONYMS = """
item items product products article articles artikel produkt produkte ware goods
customer customers client clients kunde kunden kundin auftraggeber
supplier suppliers vendor vendors supply supplies supplied lieferant lieferanten
city town towns cities place ort orte stadt wohnort
country countries land staat
street strasse
member members mitglied mitglieder
employee employees staff personnel mitarbeiter mitarbeiterin mitarbeitern
invoice invoices bills rechnung rechnungen rg rechnungsnummer
order orders bestellung bestellungen auftrag auftrage
amount amounts betrag betrage rechnungsbetrag summe sum
total gesamt gesamtbetrag gesamtpreis
price prices preis preise einzelpreis stuckpreis
cost costs costing kosten kostet kostete
fee fees gebuhr gebuhren beitrag mitgliedsbeitrag
quantity qty menge anzahl stuckzahl
stock bestand lager lagerbestand inventory
due fallig fallige faellig falligkeit falligkeitsdatum zahlbar
paid bezahlt bezahlte beglichen
open offen offene outstanding
overdue uberfallig uberfallige ueberfaellig
cancelled canceled storniert stornierte
date dates datum
status state zustand
weight gewicht
duration dauer lieferzeit lieferdauer
day days tag tage tagen
week weeks woche wochen
month months monat monate monaten
year years jahr jahre jahren
hour hours stunde stunden
minute minutes min minuten
euro euros eur €
dollar dollars usd $
pound pounds gbp £
franc francs chf franken
which welche welcher welches welchen wer wessen alle aller allen zeige zeig liste
the der die das den dem des ein eine einen einem einer von vom im am sind ist wurden waren haben
cheaper billiger gunstiger
than als
more mehr
less weniger
over uber ueber
under unter
before vor
after nach
until bis
since seit
from aus ab
and und
or oder
with mit
without ohne
not nicht
no kein keine keinen nein
yes ja
between zwischen
"""
_STANDS_FOR: Mapping[str, str] = {
    word: line.split()[0] for line in _SYNONYMS.strip().splitlines() for word in line.split()
}


def _stems(words: str) -> frozenset[str]:
    return frozenset(map(stem, words.split()))


class Kind(NamedTuple):
    """What figures may be of: stems of their units, of words that ask for them, of headers."""

    units: frozenset[str]
    asks: frozenset[str]
    names: frozenset[str]


MONEY = Kind(
    units=_stems("euro dollar pound franc ¥ yen kr nok sek dkk"),
    asks=_stems("cost costly earn earns expensive cheap cheaper dearer worth teurer"),
    names=_stems("amount price cost fee total value salary rent rate"),
)
TIME = Kind(
    units=_stems("day week month hour minute"),
    asks=_stems("take takes taking last lasts longer shorter dauern dauert langer"),
    names=_stems("duration"),
)
KINDS = (MONEY, TIME)
_COMPARED_BY: Mapping[Operator, str] = {
    "gte": "at least, no less than, not less than, since, from, >=",
    "lte": "at most, no more than, not more than, up to, until, by, <=",
    "gt": "more than, greater than, higher than, over, above, exceeding, after, >",
    "lt": "less than, fewer than, lower than, smaller than, under, below, before, <",
    "eq": "exactly, equal to, equals, =, in, of, at, on",
}
COMPARING: Mapping[tuple[str, ...], Operator] = {
    tuple(phrase.split()): operator
    for operator, phrases in _COMPARED_BY.items()
    for phrase in phrases.split(",")
}
AFTER_A_FIGURE: Mapping[tuple[str, ...], Operator] = {
    ("or", "more"): "gte", ("or", "later"): "gte", ("or", "older"): "gte",
    ("or", "less"): "lte", ("or", "fewer"): "lte", ("or", "earlier"): "lte",
}  # fmt: skip
OF_AMOUNTS = frozenset("over above under below exceeding more less higher lower fewer".split())
LESS_THAN = frozenset("cheaper earlier lighter shorter younger".split())
RELATIVE_TO_TODAY = frozenset(
    "overdue late expired upcoming today tomorrow yesterday recent recently heute".split()
)
"""Words whose meaning depends on the day that a question is asked."""


def is_common(word: str) -> bool:
    """Tell whether a folded word has synonyms here."""
    return word in _STANDS_FOR


def common(word: str) -> str:
    """Return the word that stands for a folded one and its synonyms."""
    return _STANDS_FOR.get(word, word)
