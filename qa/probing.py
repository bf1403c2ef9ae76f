"""Measuring a snapshot's background, when it is made."""

from collections.abc import Sequence
from dataclasses import replace

from index.encoder import Encoder, Role, Vectors
from index.making import Measure
from index.model import Model
from index.snapshot import Snapshot
from qa.abstention import SCORING
from qa.background import PROBES, Background
from qa.engine import Engine


def background_measure(model: Model, encoder: Encoder) -> Measure:
    """Return what measures a snapshot's background, unless what is known of it is up to date."""
    remembering = _Remembering(encoder)

    def measure(snapshot: Snapshot, known: bytes | None) -> bytes:
        before = Background.from_bytes(known) if known else None
        if known and before and before.scoring == SCORING:
            return known
        plain = replace(snapshot, calibration=None)  # which may be one that cannot be read
        engine = Engine(plain, model, remembering, model.tokenizer())
        scores = tuple(round(engine.trace(probe).score, 4) for probe in PROBES)
        return Background(SCORING, scores).to_bytes()

    return measure


class _Remembering:
    """An encoder that need not be asked twice: the probes are always the same."""

    def __init__(self, encoder: Encoder) -> None:
        self.backend = encoder.backend
        self._encoder = encoder
        self._vectors: dict[tuple[str, ...], Vectors] = {}

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return the vectors of texts, shape (len(texts), dimension)."""
        key = tuple(texts)
        if key not in self._vectors:
            self._vectors[key] = self._encoder.encode(texts, role)
        return self._vectors[key]
