"""Measuring a snapshot's background, when it is made."""

from dataclasses import replace

from index.build import Measure
from index.encoder import Encoder
from index.model import Model
from index.snapshot import Snapshot
from qa.abstention import SCORING
from qa.background import PROBES, Background
from qa.engine import Engine


def background_measure(model: Model, encoder: Encoder) -> Measure:
    """Return what measures a snapshot's background, unless what is known of it is up to date."""

    def measure(snapshot: Snapshot, known: bytes | None) -> bytes:
        before = Background.from_bytes(known) if known else None
        if known and before and before.scoring == SCORING:
            return known
        plain = replace(snapshot, calibration=None)  # which may be one that cannot be read
        engine = Engine(plain, model, encoder, model.tokenizer())
        scores = tuple(round(engine.trace(probe).score, 4) for probe in PROBES)
        return Background(SCORING, scores).to_bytes()

    return measure
