"""Measuring a snapshot's background, when it is made."""

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
        engine = Engine(snapshot, model, encoder, model.tokenizer())
        scores = tuple(round(engine.trace(probe).score, 6) for probe in PROBES)
        return Background(SCORING, scores).to_bytes()

    return measure
