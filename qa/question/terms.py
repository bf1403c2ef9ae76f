"""The words of a question as they are searched for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question as it is searched for. `weight` is its inverse document frequency.

    A term that no document holds weighs most: it is part of what was asked, and is missing.
    """

    text: str
    times: int
    weight: float


@dataclass(frozen=True, slots=True)
class Compound:
    """A word of the documents that the question writes as two: "micro needling"."""

    term: Term
    parts: frozenset[str]


LEAST_WEIGHT = 1.0
"""A question of nothing but a common word is not covered by that word."""


class Coverage:
    """The terms of one question, looked for in texts.

    What a text holds of them is a set of bits, one for each term: what several texts hold
    together is `|` of theirs. A compound holds its parts.
    """

    def __init__(self, terms: Sequence[Term], compounds: Sequence[Compound]) -> None:
        self._weights = [term.weight for term in terms]
        self._bits = {term.text: 1 << number for number, term in enumerate(terms)}
        of_terms = dict(self._bits)
        for compound in compounds:
            bits = of_terms.get(compound.term.text, 0)
            for part in compound.parts:
                bits |= of_terms.get(part, 0)
            self._bits[compound.term.text] = bits
        self._shares: dict[int, float] = {}

    def held(self, terms: Collection[str]) -> int:
        """Return which of the question's terms are among `terms`."""
        held = 0
        for text, bits in self._bits.items():
            if text in terms:
                held |= bits
        return held

    def share(self, held: int) -> float:
        """Return how much of the question is held, by the weight of its terms, in 0..1."""
        known = self._shares.get(held)
        if known is None:
            found = sum(w for number, w in enumerate(self._weights) if held >> number & 1)
            known = self._shares[held] = found / max(sum(self._weights), LEAST_WEIGHT)
        return known
