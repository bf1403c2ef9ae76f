"""What a corpus scores on questions that have nothing to do with it.

The same score means more in a small store than in a large one, where something always comes
near. So everyday questions on forty subjects are asked when a snapshot is made; what they score
is the background that a real question has to stand out from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

QUANTILE = 0.75
MARGIN = 1.3
HIGHEST_FLOOR = 0.4
"""A corpus of many subjects treats some of the probes: their scores are no background then."""
LOWEST_FLOOR = 0.15
"""In a store of a few sentences nothing comes near a probe, and yet a stray word is no answer."""
DEFAULT_FLOOR = 0.33
"""The floor of a snapshot that no background was measured of."""

PROBES = (
    "How do I change a flat tyre on a bicycle?",
    "Who painted the ceiling of the Sistine Chapel?",
    "What is the capital of Mongolia?",
    "how long to boil an egg so the yolk stays soft",
    "Why does my laptop fan run so loudly?",
    "Can I deduct my home office from my taxes?",
    "When did the Berlin Wall come down?",
    "best way to remove red wine from a carpet",
    "How far is the Moon from the Earth?",
    "What does a violin maker earn?",
    "my cat keeps scratching the sofa, what helps",
    "How do I reset my router password?",
    "Which team won the football world cup in 1998?",
    "What are the symptoms of the flu?",
    "How do bees make honey?",
    "is it safe to eat raw cookie dough",
    "How many strings does a harp have?",
    "What is the boiling point of mercury?",
    "Do I need a visa to travel to Japan?",
    "How do I prune roses in winter?",
    "What causes an earthquake?",
    "when is the best time to plant potatoes",
    "How does a heat pump work?",
    "What is the difference between a loan and a mortgage?",
    "Who wrote War and Peace?",
    "How can I learn to play chess?",
    "What is the speed of light?",
    "my dishwasher does not drain",
    "How do I tie a bow tie?",
    "What vaccinations does a puppy need?",
    "What is machine learning?",
    "How is cheese made?",
    "Which planet has the most moons?",
    "can i freeze cooked rice",
    "How do I write a cover letter?",
    "What is the meaning of the word ephemeral?",
    "Who was the first president of the United States?",
    "How tall is Mount Everest?",
    "why do leaves turn red in autumn",
    "How do I cancel my gym membership?",
)
"""One subject a line, none of them twice: a corpus can be about one or two without harm."""


@dataclass(frozen=True, slots=True)
class Background:
    """The scores of the probes on a snapshot, in their order, by one version of the scoring."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    scoring: int
    scores: tuple[Annotated[float, Field(ge=0, le=1)], ...]

    @property
    def floor(self) -> float:
        """The score from which on a question stands out: above what three in four probes score."""
        return floor_of(self.scores)

    def to_bytes(self) -> bytes:
        """Return the form on disk: the same background always gives the same bytes."""
        return _adapter().dump_json(self)

    @classmethod
    def from_bytes(cls, content: bytes) -> "Background | None":
        """Read a background; None for one of another Pincite, which is measured anew."""
        try:
            return _adapter().validate_json(content)
        except ValidationError:
            return None


def floor_of(scores: Sequence[float]) -> float:
    """Return MARGIN times the upper quartile of the probes' scores, within both bounds."""
    if not scores:
        return DEFAULT_FLOOR
    upper = MARGIN * float(np.quantile(scores, QUANTILE))
    return min(HIGHEST_FLOOR, max(LOWEST_FLOOR, upper))


@cache
def _adapter() -> TypeAdapter[Background]:
    return TypeAdapter(Background)
