"""A planted regression."""

from dataclasses import fields, replace

from qa.engine import Engine


class UpsideDown(Engine):
    """An engine that gives the right passages in the reverse order."""

    @classmethod
    def like(cls, engine: Engine) -> "UpsideDown":
        return cls(**{f.name: getattr(engine, f.name) for f in fields(engine) if f.init})

    def answer(self, trace, top_k=5, *, explain=False):
        answer = Engine.answer(self, trace, top_k, explain=explain)
        return replace(answer, hits=answer.hits[::-1])
