"""The words of a question as they are searched for."""

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
