"""A planted regression."""

import random
from dataclasses import fields, replace

from qa.engine import Engine

_chance = random.Random(7)


class Shuffled(Engine):
    """An engine that gives the right passages in a random order, and cites from the last."""

    @classmethod
    def like(cls, engine: Engine) -> "Shuffled":
        return cls(**{f.name: getattr(engine, f.name) for f in fields(engine) if f.init})

    def answer(self, trace, top_k=5, *, explain=False):
        answer = Engine.answer(self, trace, top_k, explain=explain)
        return replace(answer, hits=tuple(_chance.sample(answer.hits, len(answer.hits))))
